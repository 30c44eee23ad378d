"""The one way to say that a report cannot be made."""


class ReportError(Exception):
    """This report cannot be made, kept or printed; the text says why and what to do."""

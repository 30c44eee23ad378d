"""What can be exported: format → the whole text."""

from collections.abc import Callable

from line_config.plc import document, registers, scl, structured_text
from line_config.process_image import ProcessImage

LANGUAGES: tuple[document.Language, ...] = ("en", "zh")
FORMATS: dict[str, Callable[[ProcessImage, document.Language], str]] = {
    "md": document.markdown,
    "csv": lambda image, _: registers.csv_text(image),
    "scl": lambda image, _: scl.sources(image),
    "st": lambda image, _: structured_text.program(image),
}
"""only the document is in one language; the others hold both, or are code"""


class UnknownChoice(ValueError):
    """There is no such format or language; the text says which there are."""


def exported(image: ProcessImage, kind: str, language: str) -> str:
    """The whole text of one format. Raises UnknownChoice."""
    if kind not in FORMATS:
        raise UnknownChoice(f"there is no format {kind}: choose one of {', '.join(FORMATS)}")
    for known in LANGUAGES:
        if known == language:
            return FORMATS[kind](image, known)
    raise UnknownChoice(f"there is no language {language}: choose one of {', '.join(LANGUAGES)}")

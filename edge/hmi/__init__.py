"""The touch panel: one page, its stream, and the acts a person may send."""

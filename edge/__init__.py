"""sealline: the edge controller of a line that seals government documents for the post."""

__version__ = "0.1.0"

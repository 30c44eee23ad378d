"""Labels: layout and fields to one bitmap, and the bitmap to a printer's language."""

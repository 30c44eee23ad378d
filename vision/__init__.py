"""Pixels to readings: knows documents' layouts, never orders."""

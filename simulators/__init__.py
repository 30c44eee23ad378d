"""The other end of every wire, the plant behind it, and the truth."""

"""The real runtime inside the virtual plant, in virtual time."""

"""Tools for whoever puts a PLC into operation: where it is, what it says, what may be forced."""

"""Strict models of the configuration, and the data files that ship with the product."""

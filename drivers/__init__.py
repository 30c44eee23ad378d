"""Bytes and registers: drivers know devices, never items or orders."""

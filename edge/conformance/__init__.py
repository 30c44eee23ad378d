"""The conformance kit: named checks of the PLC interface over the wire, against any PLC, real or simulated."""

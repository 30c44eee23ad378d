"""The shell: does what the core decides. Links, pump, journal, clock."""

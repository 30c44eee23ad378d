"""The pure core: events in, commands out. No clock, I/O, randomness or logging in here."""

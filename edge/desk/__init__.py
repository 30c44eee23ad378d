"""The manual desk's terminal: what a person reads there, and how the running line is asked."""

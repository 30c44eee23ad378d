"""From a journal to the sheets of its reports: what happened is drawn from the records, never from a running core."""

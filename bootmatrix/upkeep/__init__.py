"""What a host needs for a run, what it can do, and what earlier runs left on it."""

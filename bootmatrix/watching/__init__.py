"""A process, followed to its end: what it prints, and why it is ended before it ends itself."""

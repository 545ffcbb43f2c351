"""The networks of a boot: what is made before it and must be gone after it, and what was sent there."""

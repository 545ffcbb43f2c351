"""The networks of a boot: what is set up for it, and what was sent there."""

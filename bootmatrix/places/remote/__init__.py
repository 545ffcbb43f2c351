"""A host over SSH as a place: its connection, what is copied there and back, and the scripts that run there."""

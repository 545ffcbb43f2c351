"""The keys of matrix.yaml: what can be written, of which type, and what each key means."""

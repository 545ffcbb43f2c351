"""The host itself as a place, for trusted code: its processes, and network namespaces that a small program holds."""

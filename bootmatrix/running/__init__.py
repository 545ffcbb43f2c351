"""A run: the steps of all boots, what was asked of it, and its reports."""

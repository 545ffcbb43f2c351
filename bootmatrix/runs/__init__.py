"""Runs on disk: what is written while one goes on, so that nothing is lost, and what is read of those that ended."""

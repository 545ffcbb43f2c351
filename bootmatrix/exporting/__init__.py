"""Sends what a report has written to a server of measures, and says what became of it."""

"""Units of the figures that plug-ins and the matrix have in common."""

MIB = 1 << 20
"""Bytes."""

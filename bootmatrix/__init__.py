"""bootmatrix boots unikernels on every cell of a matrix and says what happened."""

__version__ = "0.1.0"

"""Two runs, or two values of an axis, held against each other."""

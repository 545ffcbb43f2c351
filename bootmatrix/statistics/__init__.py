"""Numbers held against each other, and against chance: what history and comparisons share. Pure: no run, no text."""

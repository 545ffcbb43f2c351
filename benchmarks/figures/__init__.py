"""One file for each group of figures; its stem, with `-` for `_`, is its name."""

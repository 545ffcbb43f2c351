"""What a matrix must fulfil beyond the types of its keys; each file finds what breaks a rule, and tells all of it."""

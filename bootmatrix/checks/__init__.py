"""What is asked of a guest from outside while it lives: a file for each kind of check."""

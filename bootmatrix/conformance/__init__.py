"""Holds a runner to the truth: boots guests of ours whose end is known, and judges what it says of them."""

"""An image in a box as a place: virtual machines with slots for jobs, and the ferry in them."""

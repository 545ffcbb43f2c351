"""From a matrix to the plan of a run: images <- builds <- boots, each with its content key."""

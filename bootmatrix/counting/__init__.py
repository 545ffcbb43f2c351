"""Instructions that a guest executes, counted exactly: the counter that QEMU loads, and what its numbers mean."""

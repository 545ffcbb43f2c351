"""The network of a boot, in the kernel's own words: what is made before it, and what must be gone after it."""

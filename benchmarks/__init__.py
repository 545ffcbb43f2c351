"""What bootmatrix costs, each figure in pairs with something of the same machine: docs/benchmarks.md."""

"""From matrix.yaml to cells and their tests: pure, no container and no file but the matrix."""

"""Where commands run: the two doors through which bootmatrix acts on the world."""

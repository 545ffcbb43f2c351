"""bootmatrix as a process: its streams and signals, the last net for exceptions, and how it ends."""

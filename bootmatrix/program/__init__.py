"""The program as a process: its streams and signals, the last net for what nobody expected, and the way out."""

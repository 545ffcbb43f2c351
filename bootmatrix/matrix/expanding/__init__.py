"""From axes, excludes and includes to cells, which are never all in memory."""

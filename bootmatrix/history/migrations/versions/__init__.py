"""A file for each step, the first at the top of the chain; their names say nothing to alembic, `revision` does."""

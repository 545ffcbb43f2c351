"""How a database of an older version becomes one of this: alembic runs the files in versions/ that it lacks."""

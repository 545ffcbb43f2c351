"""What alembic runs: the steps, in the transaction of the connection that it was given."""

from __future__ import annotations

from alembic import context

from bootmatrix.history.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()

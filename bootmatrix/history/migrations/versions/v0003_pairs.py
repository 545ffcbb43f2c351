"""What came of boots in turn: since when a test differs from its partner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "pairs",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id", name="fk_pairs_run_id"), nullable=False),
        sa.Column("test_id", sa.Integer, sa.ForeignKey("tests.id", name="fk_pairs_test_id"), nullable=False),
        sa.Column("metric_id", sa.Integer, sa.ForeignKey("metrics.id", name="fk_pairs_metric_id"), nullable=False),
        sa.Column("axis", sa.Text, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("before", sa.Double, nullable=False),
        sa.Column("after", sa.Double, nullable=False),
        sa.Column("change", sa.Double, nullable=False),
        sa.Column("low", sa.Double, nullable=False),
        sa.Column("high", sa.Double, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("boots", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "test_id", "metric_id", name="pk_pairs"),
        sqlite_with_rowid=False,
    )

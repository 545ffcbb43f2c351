"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("run", sa.String(100), nullable=False),
        sa.Column("started", sa.String(40), nullable=False),
        sa.Column("commit", sa.Text, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("interrupted", sa.Boolean, nullable=False),
        sa.Column("partial", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("run", name="uq_runs_run"),
    )
    op.create_index("ix_runs_branch_started", "runs", ["branch", "started"])
    op.create_table(
        "tests",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("axes", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tests"),
        sa.UniqueConstraint("name", name="uq_tests_name"),
    )
    op.create_table(
        "places",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("accelerator", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_places"),
        sa.UniqueConstraint("host", "accelerator", "digest", name="uq_places_host_accelerator_digest"),
    )
    op.create_table(
        "metrics",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("better", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_metrics"),
        sa.UniqueConstraint("name", "unit", "better", name="uq_metrics_name_unit_better"),
    )
    op.create_table(
        "results",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id", name="fk_results_run_id"), nullable=False),
        sa.Column("test_id", sa.Integer, sa.ForeignKey("tests.id", name="fk_results_test_id"), nullable=False),
        sa.Column("place_id", sa.Integer, sa.ForeignKey("places.id", name="fk_results_place_id"), nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("attempts", sa.SmallInteger, nullable=False),
        sa.Column("failed", sa.SmallInteger, nullable=False),
        sa.Column("infrastructure", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "test_id", name="pk_results"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "measures",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id", name="fk_measures_run_id"), nullable=False),
        sa.Column("test_id", sa.Integer, sa.ForeignKey("tests.id", name="fk_measures_test_id"), nullable=False),
        sa.Column("metric_id", sa.Integer, sa.ForeignKey("metrics.id", name="fk_measures_metric_id"), nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "test_id", "metric_id", name="pk_measures"),
        sqlite_with_rowid=False,
    )

"""Adds the table of departures: who left, and what is still to be revoked."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "departures",
        sa.Column("installation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation"], ["installations.id"], name=op.f("fk_departures_installation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("installation", "person", "left_at", name=op.f("pk_departures")),
    )
    op.create_index(op.f("ix_departures_closed_at"), "departures", ["closed_at"], unique=False)

"""Creates the table of revision 0003: how environments were protected."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of protections."""
    op.create_table(
        "protections",
        sa.Column("repository", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name=op.f("fk_protections_repository"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository", "environment", name=op.f("pk_protections")),
    )

"""The orders whose buyers were thanked."""

import sqlalchemy as sa
from alembic import op

revision = "thanks_001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "thanks_thanked",
        sa.Column("account_id", sa.String(64), primary_key=True),
        sa.Column("order_id", sa.String(16), primary_key=True),
    )

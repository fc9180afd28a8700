"""Categories, sellers and the log of auto_raise."""

import sqlalchemy as sa
from alembic import op

revision = "auto_raise_001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "auto_raise_categories",
        sa.Column("account_id", sa.String(64), primary_key=True),
        sa.Column("game_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("nodes", sa.JSON(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.DateTime(), index=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("learnt_wait", sa.Integer()),
        sa.Column("probe_day", sa.Date()),
        sa.Column("command_id", sa.BigInteger(), index=True),
        sa.Column("probing", sa.Boolean(), nullable=False),
        sa.Column("last_at", sa.DateTime()),
        sa.Column("last_success", sa.Boolean(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("last_wait", sa.Integer()),
    )
    op.create_table(
        "auto_raise_sellers",
        sa.Column("account_id", sa.String(64), primary_key=True),
        sa.Column("fp_id", sa.BigInteger()),
        sa.Column("refresh_at", sa.DateTime()),
        sa.Column("busy_until", sa.DateTime()),
        sa.Column("cycle_at", sa.DateTime()),
        sa.Column("cycle_key", sa.String(200)),
        sa.Column("key_until", sa.DateTime()),
    )
    op.create_table(
        "auto_raise_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("game_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text()),
    )
    op.create_index("auto_raise_log_of_account", "auto_raise_log", ["account_id", "id"])


def downgrade() -> None:
    for table in ("auto_raise_log", "auto_raise_sellers", "auto_raise_categories"):
        op.drop_table(table)

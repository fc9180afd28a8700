"""First schema of the core."""

import sqlalchemy as sa
from alembic import op

from opium.db.tables import Moment

revision = "core_001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=True),
        sa.Column("fp_id", sa.BigInteger(), nullable=True),
        sa.Column("golden_key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("proxy_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("anti_detect", sa.Text(), nullable=True),
        sa.Column("rate_limit", sa.Text(), nullable=True),
        sa.Column("reconnect", sa.Text(), nullable=True),
        sa.Column("disable_messages", sa.Boolean(), nullable=False),
        sa.Column("disable_orders", sa.Boolean(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "one_account_per_funpay_user",
        "accounts",
        ["fp_id"],
        unique=True,
        sqlite_where=sa.text("NOT deleted AND fp_id IS NOT NULL"),
        postgresql_where=sa.text("NOT deleted AND fp_id IS NOT NULL"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("acked_at", Moment(), nullable=True),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "one_open_alert",
        "alerts",
        ["key"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "bans",
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("address"),
    )
    op.create_table(
        "baselines",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("fp_id", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", Moment(), nullable=False),
        sa.Column("message_mark", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "fp_id"),
    )
    op.create_table(
        "chats_seen",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("node_name", sa.String(length=64), nullable=True),
        sa.Column("handled_msg", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "chat_id"),
    )
    op.create_index(op.f("ix_chats_seen_node_name"), "chats_seen", ["node_name"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "kind", "key"),
    )
    op.create_index(op.f("ix_events_created_at"), "events", ["created_at"], unique=False)
    op.create_table(
        "handouts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("fp_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("module", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("fp_id", "order_id", name="one_handout_per_order"),
    )
    op.create_index(op.f("ix_handouts_account_id"), "handouts", ["account_id"], unique=False)
    op.create_table(
        "login_attempts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("attempts_by_address", "login_attempts", ["address", "at"], unique=False)
    op.create_table(
        "orders_seen",
        sa.Column("fp_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("section_text", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("price", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=8), nullable=True),
        sa.Column("buyer", sa.String(length=128), nullable=False),
        sa.Column("buyer_id", sa.BigInteger(), nullable=False),
        sa.Column("ordered_at", Moment(), nullable=True),
        sa.Column("first_seen", Moment(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("fp_id", "order_id"),
    )
    op.create_index(op.f("ix_orders_seen_account_id"), "orders_seen", ["account_id"], unique=False)
    op.create_table(
        "settings",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "sign_ins",
        sa.Column("sid", sa.String(length=36), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("auth_time", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("sid"),
    )
    op.create_table(
        "attachments",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("module", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("settings_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("attached_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("account_id", "module"),
    )
    op.create_table(
        "commands",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("fp_id", sa.BigInteger(), nullable=False),
        sa.Column("module", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("handout_id", sa.String(length=36), nullable=True),
        sa.Column("order_id", sa.String(length=16), nullable=True),
        sa.Column("chat", sa.String(length=64), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("marker", sa.String(length=40), nullable=True),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("request_hash", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("unknowns", sa.Integer(), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("baseline_msg_id", sa.BigInteger(), nullable=True),
        sa.Column("msg_id", sa.BigInteger(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("since", Moment(), nullable=True),
        sa.Column("next_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["handout_id"],
            ["handouts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("idempotency_key"),
        sa.UniqueConstraint("marker"),
    )
    op.create_index(op.f("ix_commands_handout_id"), "commands", ["handout_id"], unique=False)
    op.create_index(op.f("ix_commands_order_id"), "commands", ["order_id"], unique=False)
    op.create_index(
        "one_open_refund",
        "commands",
        ["fp_id", "order_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'refund' AND state != 'failed'"),
        postgresql_where=sa.text("kind = 'refund' AND state != 'failed'"),
    )
    op.create_index("ready_commands", "commands", ["account_id", "state", "next_at"], unique=False)
    op.create_table(
        "handlings",
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("module", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("next_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event_id", "module"),
    )
    op.create_index("open_handlings", "handlings", ["account_id", "state"], unique=False)

"""Bots, whitelist, watchers, buttons, outbox and inbox."""

import sqlalchemy as sa
from alembic import op

revision = "telegram_bot_001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _bots()
    _buttons()
    _nonces()
    _notices()
    _setups()
    _told()
    _updates()
    _users()
    _watchers()


def _bots() -> None:
    op.create_table(
        "telegram_bot_bots",
        sa.Column("bot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("trouble", sa.Text()),
        sa.Column("since", sa.DateTime()),
        sa.PrimaryKeyConstraint("bot_id"),
    )


def _buttons() -> None:
    op.create_table(
        "telegram_bot_buttons",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("button_id", sa.String(length=8), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("api_endpoint", sa.Text(), nullable=False),
        sa.Column("api_method", sa.String(length=6), nullable=False),
        sa.Column("api_body", sa.JSON()),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("confirm", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("button_id"),
    )
    op.create_index("ix_telegram_bot_buttons_account_id", "telegram_bot_buttons", ["account_id"])


def _nonces() -> None:
    op.create_table(
        "telegram_bot_nonces",
        sa.Column("nonce", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("nonce"),
    )
    op.create_index(
        "telegram_bot_open_nonces",
        "telegram_bot_nonces",
        ["telegram_id"],
        unique=False,
        sqlite_where=sa.text("used_at IS NULL"),
        postgresql_where=sa.text("used_at IS NULL"),
    )


def _notices() -> None:
    op.create_table(
        "telegram_bot_notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("chat", sa.BigInteger(), nullable=False),
        sa.Column("thread", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary()),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.DateTime()),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "telegram_bot_by_message", "telegram_bot_notices", ["bot_id", "chat", "message_id"]
    )
    op.create_index(
        "telegram_bot_notice_once",
        "telegram_bot_notices",
        ["account_id", "chat", "thread", "key"],
        unique=True,
    )
    op.create_index("telegram_bot_open_notices", "telegram_bot_notices", ["state", "next_at"])


def _setups() -> None:
    op.create_table(
        "telegram_bot_setups",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary()),
        sa.Column("bot_id", sa.BigInteger()),
        sa.Column("username", sa.String(length=64)),
        sa.Column("first_name", sa.String(length=128)),
        sa.Column("notify_events", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_index("ix_telegram_bot_setups_bot_id", "telegram_bot_setups", ["bot_id"])


def _told() -> None:
    op.create_table(
        "telegram_bot_told",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("event_type", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("text_preview", sa.Text(), nullable=False),
        sa.Column("sent_to", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("telegram_bot_told_by_account", "telegram_bot_told", ["account_id", "id"])


def _updates() -> None:
    op.create_table(
        "telegram_bot_updates",
        sa.Column("bot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("action", sa.JSON()),
        sa.Column("result", sa.Text()),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "update_id"),
    )


def _users() -> None:
    op.create_table(
        "telegram_bot_users",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("blocked", sa.Text()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "telegram_id"),
    )


def _watchers() -> None:
    op.create_table(
        "telegram_bot_watchers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("watcher_id", sa.String(length=8), nullable=False),
        sa.Column("pattern", sa.String(length=200), nullable=False),
        sa.Column("custom_message", sa.String(length=500), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("watcher_id"),
    )
    op.create_index("ix_telegram_bot_watchers_account_id", "telegram_bot_watchers", ["account_id"])


def downgrade() -> None:
    for table in (
        "watchers",
        "users",
        "updates",
        "told",
        "setups",
        "notices",
        "nonces",
        "buttons",
        "bots",
    ):
        op.drop_table(f"telegram_bot_{table}")

"""Games, mappings, Steam accounts, rentals and the jobs that end them."""

import sqlalchemy as sa
from alembic import op

revision = "steam_rent_001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _accounts()
    _asked()
    _codes()
    _games()
    _lots()
    _mappings()
    _proxies()
    _proxy_lists()
    _reviews()
    _texts()
    _jobs()
    _orders()
    _rentals()


def _accounts() -> None:
    op.create_table(
        "steam_rent_accounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("login_key", sa.String(length=128), nullable=False),
        sa.Column("password_sealed", sa.LargeBinary()),
        sa.Column("candidate_sealed", sa.LargeBinary()),
        sa.Column("history_sealed", sa.LargeBinary()),
        sa.Column("shared_sealed", sa.LargeBinary()),
        sa.Column("identity_sealed", sa.LargeBinary()),
        sa.Column("tokens_sealed", sa.LargeBinary()),
        sa.Column("has_mafile", sa.Boolean(), nullable=False),
        sa.Column("steam_id", sa.String(length=20)),
        sa.Column("device_id", sa.String(length=64)),
        sa.Column("token_gid", sa.String(length=32)),
        sa.Column("game_ids", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("change_password", sa.Boolean(), nullable=False),
        sa.Column("kick_devices", sa.Boolean(), nullable=False),
        sa.Column("proxy", sa.JSON()),
        sa.Column("rental_id", sa.String(length=36)),
        sa.Column("job_id", sa.BigInteger()),
        sa.Column("manual_release", sa.Boolean(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("last_rented_at", sa.DateTime()),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_steam_rent_accounts_account_id", "steam_rent_accounts", ["account_id"])
    op.create_index(
        "steam_rent_one_login",
        "steam_rent_accounts",
        ["login_key"],
        unique=True,
        sqlite_where=sa.text("NOT deleted"),
        postgresql_where=sa.text("NOT deleted"),
    )
    op.create_index(
        "steam_rent_one_name",
        "steam_rent_accounts",
        ["key"],
        unique=True,
        sqlite_where=sa.text("NOT deleted"),
        postgresql_where=sa.text("NOT deleted"),
    )


def _asked() -> None:
    op.create_table(
        "steam_rent_asked",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("buyer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("command", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "buyer_id", "command"),
    )


def _codes() -> None:
    op.create_table(
        "steam_rent_codes",
        sa.Column("steam_account", sa.BigInteger(), nullable=False),
        sa.Column("window", sa.BigInteger(), nullable=False),
        sa.Column("taken_by", sa.String(length=8), nullable=False),
        sa.Column("rental_id", sa.String(length=36)),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("steam_account", "window"),
    )
    op.create_index("steam_rent_codes_by_rental", "steam_rent_codes", ["rental_id"])


def _games() -> None:
    op.create_table(
        "steam_rent_games",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("game_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("proxy", sa.JSON()),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "key", name="steam_rent_game"),
    )


def _lots() -> None:
    op.create_table(
        "steam_rent_lots",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "lot_id"),
    )


def _mappings() -> None:
    op.create_table(
        "steam_rent_mappings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("mapping_id", sa.String(length=16), nullable=False),
        sa.Column("lot_pattern", sa.String(length=200), nullable=False),
        sa.Column("lot_id", sa.BigInteger()),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("game_id", sa.String(length=64), nullable=False),
        sa.Column("rent_minutes", sa.Integer(), nullable=False),
        sa.Column("bonus_minutes", sa.Integer(), nullable=False),
        sa.Column("min_rating", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "key", name="steam_rent_mapping"),
        sa.UniqueConstraint("mapping_id"),
    )


def _proxies() -> None:
    op.create_table(
        "steam_rent_proxies",
        sa.Column("proxy_id", sa.String(length=8), nullable=False),
        sa.Column("scheme", sa.String(length=8), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("password_sealed", sa.LargeBinary()),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("proxy_id"),
    )


def _proxy_lists() -> None:
    op.create_table(
        "steam_rent_proxy_lists",
        sa.Column("list_id", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("proxy_ids", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("list_id"),
    )


def _reviews() -> None:
    op.create_table(
        "steam_rent_reviews",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "order_id"),
    )


def _texts() -> None:
    op.create_table(
        "steam_rent_texts",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "key"),
    )


def _jobs() -> None:
    op.create_table(
        "steam_rent_jobs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column(
            "steam_account", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("rental_id", sa.String(length=36)),
        sa.Column("change_password", sa.Boolean(), nullable=False),
        sa.Column("kick_devices", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("old_right", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.DateTime()),
        sa.Column("error", sa.Text()),
        sa.Column("password_proved_at", sa.DateTime()),
        sa.Column("kick_proved_at", sa.DateTime()),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        sa.CheckConstraint(
            "state != 'done' OR ((password_proved_at IS NOT NULL OR NOT change_password)"
            " AND (kick_proved_at IS NOT NULL OR NOT kick_devices))",
            name="steam_rent_done_is_proven",
        ),
        sa.ForeignKeyConstraint(
            ["steam_account"],
            ["steam_rent_accounts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_steam_rent_jobs_steam_account", "steam_rent_jobs", ["steam_account"])
    op.create_index(
        "steam_rent_one_job",
        "steam_rent_jobs",
        ["steam_account"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('done', 'dropped')"),
        postgresql_where=sa.text("state NOT IN ('done', 'dropped')"),
    )


def _orders() -> None:
    op.create_table(
        "steam_rent_orders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handout_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.String(length=16), nullable=False),
        sa.Column("buyer_id", sa.BigInteger(), nullable=False),
        sa.Column("buyer", sa.String(length=128), nullable=False),
        sa.Column("chat", sa.String(length=64), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("game_id", sa.String(length=64), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("bonus_minutes", sa.Integer(), nullable=False),
        sa.Column("min_rating", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("reason", sa.String(length=64)),
        sa.Column("rental_id", sa.String(length=36)),
        sa.Column("choice", sa.String(length=36)),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("paid_at", sa.DateTime(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["handout_id"],
            ["handouts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("handout_id"),
    )
    op.create_index("ix_steam_rent_orders_order_id", "steam_rent_orders", ["order_id"])
    op.create_index("ix_steam_rent_orders_rental_id", "steam_rent_orders", ["rental_id"])
    op.create_index(
        "steam_rent_orders_by_buyer", "steam_rent_orders", ["account_id", "buyer_id", "state"]
    )


def _rentals() -> None:
    op.create_table(
        "steam_rent_rentals",
        sa.Column("rental_id", sa.String(length=36), nullable=False),
        sa.Column("handout_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.String(length=16), nullable=False),
        sa.Column("buyer_id", sa.BigInteger(), nullable=False),
        sa.Column("buyer", sa.String(length=128), nullable=False),
        sa.Column("chat", sa.String(length=64), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("game_id", sa.String(length=64), nullable=False),
        sa.Column("steam_account", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("start_at", sa.DateTime(), nullable=False),
        sa.Column("end_at", sa.DateTime(), nullable=False),
        sa.Column("bonus_due", sa.Integer(), nullable=False),
        sa.Column("min_rating", sa.Integer(), nullable=False),
        sa.Column("bonus", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.Column("warned", sa.Boolean(), nullable=False),
        sa.Column("farewell", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        sa.ForeignKeyConstraint(
            ["handout_id"],
            ["handouts.id"],
        ),
        sa.PrimaryKeyConstraint("rental_id"),
        sa.UniqueConstraint("handout_id"),
    )
    op.create_index("ix_steam_rent_rentals_order_id", "steam_rent_rentals", ["order_id"])
    op.create_index(
        "steam_rent_one_tenant",
        "steam_rent_rentals",
        ["steam_account"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index(
        "steam_rent_rentals_by_buyer", "steam_rent_rentals", ["account_id", "buyer_id", "state"]
    )
    op.create_index("steam_rent_rentals_by_end", "steam_rent_rentals", ["state", "end_at"])


def downgrade() -> None:
    for table in (
        "rentals",
        "orders",
        "jobs",
        "texts",
        "reviews",
        "proxy_lists",
        "proxies",
        "mappings",
        "lots",
        "games",
        "codes",
        "asked",
        "accounts",
    ):
        op.drop_table(f"steam_rent_{table}")

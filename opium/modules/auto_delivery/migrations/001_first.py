"""Products, stock, pictures, mappings, deliveries, lots and texts of auto_delivery."""

import sqlalchemy as sa
from alembic import op

revision = "auto_delivery_001"
down_revision = None
branch_labels = None
depends_on = None


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)


def _account(*, key: bool = False) -> sa.Column[str]:
    return sa.Column("account_id", sa.String(64), nullable=False, primary_key=key)


def _product() -> sa.Column[int]:
    key = sa.ForeignKey("auto_delivery_products.id")
    return sa.Column("product", sa.BigInteger(), key, nullable=False)


def upgrade() -> None:
    _products()
    _stock()
    _images()
    _mappings()
    _deliveries()
    _lots()
    op.create_table(
        "auto_delivery_texts",
        _account(key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
    )
    op.create_table(
        "auto_delivery_asked",
        _account(key=True),
        sa.Column("buyer_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "auto_delivery_requests",
        _account(key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("handout_id", sa.String(36), sa.ForeignKey("handouts.id"), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
    )


def _products() -> None:
    op.create_table(
        "auto_delivery_products",
        _id(),
        _account(),
        sa.Column("product_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("static_sealed", sa.LargeBinary()),
        sa.Column("delivery_text", sa.Text()),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("multi_quantity", sa.Boolean()),
        sa.Column("out_of_stock_policy", sa.String(8)),
        sa.Column("low_stock_threshold", sa.Integer()),
        sa.Column("auto_deactivate", sa.Boolean()),
        sa.Column("auto_restore", sa.Boolean()),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
    )
    op.create_index(
        "auto_delivery_one_product_per_id",
        "auto_delivery_products",
        ["account_id", "product_id"],
        unique=True,
        sqlite_where=sa.text("NOT deleted"),
        postgresql_where=sa.text("NOT deleted"),
    )


def _stock() -> None:
    op.create_table(
        "auto_delivery_stock",
        _id(),
        _product(),
        sa.Column("body_sealed", sa.LargeBinary()),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("copy", sa.Integer()),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("handout_id", sa.String(36), sa.ForeignKey("handouts.id")),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.Column("taken_at", sa.DateTime()),
        sa.Column("withdrawn_at", sa.DateTime()),
        sa.UniqueConstraint("product", "fingerprint", "copy", name="auto_delivery_line_once"),
        sa.CheckConstraint(
            "(state IN ('free', 'withdrawn')) = (handout_id IS NULL)",
            name="auto_delivery_line_owner",
        ),
    )
    op.create_index("ix_auto_delivery_stock_handout_id", "auto_delivery_stock", ["handout_id"])
    op.create_index("auto_delivery_shelf", "auto_delivery_stock", ["product", "state", "position"])


def _images() -> None:
    key = sa.ForeignKey("auto_delivery_products.id")
    op.create_table(
        "auto_delivery_images",
        sa.Column("product", sa.BigInteger(), key, primary_key=True, autoincrement=False),
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
    )


def _mappings() -> None:
    op.create_table(
        "auto_delivery_mappings",
        _id(),
        _account(),
        sa.Column("mapping_id", sa.String(16), nullable=False, unique=True),
        _product(),
        sa.Column("match", sa.String(9), nullable=False),
        sa.Column("pattern", sa.String(300)),
        sa.Column("lot_id", sa.BigInteger()),
        sa.Column("key", sa.String(1000), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("account_id", "match", "key", name="auto_delivery_mapping"),
    )


def _deliveries() -> None:
    flags = ("told", "approved", "skipped", "announced")
    op.create_table(
        "auto_delivery_deliveries",
        _id(),
        sa.Column(
            "handout_id",
            sa.String(36),
            sa.ForeignKey("handouts.id"),
            nullable=False,
            unique=True,
        ),
        _account(),
        sa.Column("order_id", sa.String(16), nullable=False),
        _product(),
        sa.Column("mapping_id", sa.String(16)),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("buyer_id", sa.BigInteger(), nullable=False),
        sa.Column("buyer", sa.String(128), nullable=False),
        sa.Column("chat", sa.String(64), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("owed", sa.Integer(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("goods_left", sa.Integer()),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in flags),
        sa.Column("redeliveries", sa.Integer(), nullable=False),
        sa.Column("paid_at", sa.DateTime(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )
    table = "auto_delivery_deliveries"
    op.create_index("ix_auto_delivery_deliveries_order_id", table, ["order_id"])
    op.create_index("ix_auto_delivery_deliveries_product", table, ["product"])
    op.create_index("auto_delivery_by_account", table, ["account_id", "id"])
    op.create_index("auto_delivery_by_buyer", table, ["account_id", "buyer_id"])


def _lots() -> None:
    op.create_table(
        "auto_delivery_lots",
        _account(key=True),
        sa.Column("lot_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("section_id", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.String(40)),
        sa.Column("currency", sa.String(8)),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("off_by_us", sa.Boolean(), nullable=False),
        sa.Column("wanted", sa.Boolean()),
        sa.Column("command_id", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
    )
    op.create_index("ix_auto_delivery_lots_command_id", "auto_delivery_lots", ["command_id"])
    op.create_table(
        "auto_delivery_shops",
        _account(key=True),
        sa.Column("lots_read_at", sa.DateTime()),
    )


def downgrade() -> None:
    made = ("requests", "asked", "texts", "shops", "lots", "deliveries", "mappings", "images")
    for table in (*made, "stock", "products"):
        op.drop_table(f"auto_delivery_{table}")

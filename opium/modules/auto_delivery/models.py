"""Tables of auto_delivery. Handouts and messages are the core's: see `opium.db.tables`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from opium.kit import Base, Id, guard


class Product(Base):
    """What is sold. `product_id` is the seller's name of it; a deleted product keeps its row,
    since sold lines and old deliveries speak of it. None: as in the settings."""

    __tablename__ = "auto_delivery_products"
    __table_args__ = (
        Index(
            "auto_delivery_one_product_per_id",
            "account_id",
            "product_id",
            unique=True,
            sqlite_where=text("NOT deleted"),
            postgresql_where=text("NOT deleted"),
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    product_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(12))
    static_sealed: Mapped[bytes | None]
    delivery_text: Mapped[str | None] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    multi_quantity: Mapped[bool | None] = mapped_column(Boolean)
    out_of_stock_policy: Mapped[str | None] = mapped_column(String(8))
    low_stock_threshold: Mapped[int | None] = mapped_column(Integer)
    auto_deactivate: Mapped[bool | None] = mapped_column(Boolean)
    auto_restore: Mapped[bool | None] = mapped_column(Boolean)
    deleted: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class StockLine(Base):
    """An item of a product: `free`, `taken` by a handout, `burned` (replaced after it was handed
    out) or `withdrawn` by the seller. No row is ever deleted, so D4 can be counted.

    `fingerprint` finds equal texts; `copy` numbers those that were imported on purpose, and is
    None once a line is withdrawn, so that the same text may come back.
    """

    __tablename__ = "auto_delivery_stock"
    __table_args__ = (
        UniqueConstraint("product", "fingerprint", "copy", name="auto_delivery_line_once"),
        CheckConstraint(
            "(state IN ('free', 'withdrawn')) = (handout_id IS NULL)",
            name="auto_delivery_line_owner",
        ),
        Index("auto_delivery_shelf", "product", "state", "position"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    product: Mapped[int] = mapped_column(ForeignKey("auto_delivery_products.id"))
    body_sealed: Mapped[bytes | None]
    fingerprint: Mapped[str] = mapped_column(String(64))
    copy: Mapped[int | None] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(9))
    handout_id: Mapped[str | None] = mapped_column(ForeignKey("handouts.id"), index=True)
    added_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


# D11: what a buyer may have seen never becomes free again.
guard(
    "auto_delivery_stock",
    "state",
    {"free": {"taken", "withdrawn"}, "taken": {"free", "burned"}, "burned": set()},
    extra="OLD.state = 'taken' AND NEW.state = 'free' AND EXISTS (SELECT 1 FROM commands "
    "WHERE commands.handout_id = OLD.handout_id AND commands.attempt > 0)",
)


class Image(Base):
    """A picture of a product, on its shelf or for every buyer; lines name it by fingerprint."""

    __tablename__ = "auto_delivery_images"
    product: Mapped[int] = mapped_column(
        ForeignKey("auto_delivery_products.id"), primary_key=True, autoincrement=False
    )
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    body_sealed: Mapped[bytes]


class Mapping(Base):
    """Which lots sell a product. `key` is the folded pattern, or the lot's number."""

    __tablename__ = "auto_delivery_mappings"
    __table_args__ = (UniqueConstraint("account_id", "match", "key", name="auto_delivery_mapping"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    mapping_id: Mapped[str] = mapped_column(String(16), unique=True)
    product: Mapped[int] = mapped_column(ForeignKey("auto_delivery_products.id"))
    match: Mapped[str] = mapped_column(String(9))
    pattern: Mapped[str | None] = mapped_column(String(300))
    lot_id: Mapped[int | None] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(1000))
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)


class Delivery(Base):
    """What the module knows of its handout. `owed` pieces are to be handed out, `given` are.

    `told`: the buyer and the seller know that it waits. `approved`: a person said "deliver it".
    `announced`: `delivery_succeeded` was told.
    """

    __tablename__ = "auto_delivery_deliveries"
    __table_args__ = (
        Index("auto_delivery_by_account", "account_id", "id"),
        Index("auto_delivery_by_buyer", "account_id", "buyer_id"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    handout_id: Mapped[str] = mapped_column(ForeignKey("handouts.id"), unique=True)
    account_id: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[str] = mapped_column(String(16), index=True)
    product: Mapped[int] = mapped_column(ForeignKey("auto_delivery_products.id"), index=True)
    mapping_id: Mapped[str | None] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(Text)
    section: Mapped[str] = mapped_column(Text)
    buyer_id: Mapped[int] = mapped_column(BigInteger)
    buyer: Mapped[str] = mapped_column(String(128))
    chat: Mapped[str] = mapped_column(String(64))
    chat_id: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[int] = mapped_column(Integer)
    owed: Mapped[int] = mapped_column(Integer)
    given: Mapped[int] = mapped_column(Integer, default=0)
    goods_left: Mapped[int | None] = mapped_column(Integer)
    told: Mapped[bool] = mapped_column(Boolean, default=False)
    approved: Mapped[bool] = mapped_column(Boolean, default=False)
    skipped: Mapped[bool] = mapped_column(Boolean, default=False)
    announced: Mapped[bool] = mapped_column(Boolean, default=False)
    redeliveries: Mapped[int] = mapped_column(Integer, default=0)
    paid_at: Mapped[datetime]
    created_at: Mapped[datetime]


class Lot(Base):
    """An own lot as FunPay last showed it. `wanted` is the switch under way (`command_id`);
    `off_by_us` lots may be switched on again; after three `failures` a person is asked."""

    __tablename__ = "auto_delivery_lots"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    lot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(Text)
    section_id: Mapped[int] = mapped_column(BigInteger)
    price: Mapped[str | None] = mapped_column(String(40))
    currency: Mapped[str | None] = mapped_column(String(8))
    active: Mapped[bool] = mapped_column(Boolean)
    off_by_us: Mapped[bool] = mapped_column(Boolean, default=False)
    wanted: Mapped[bool | None] = mapped_column(Boolean)
    command_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    failures: Mapped[int] = mapped_column(Integer, default=0)


class Shop(Base):
    """When an account's lots were last read; None: read them soon."""

    __tablename__ = "auto_delivery_shops"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    lots_read_at: Mapped[datetime | None]


class OwnText(Base):
    """A template that the seller changed."""

    __tablename__ = "auto_delivery_texts"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class Request(Base):
    """A `POST /deliveries` with an Idempotency-Key, kept for a day."""

    __tablename__ = "auto_delivery_requests"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    handout_id: Mapped[str] = mapped_column(ForeignKey("handouts.id"))
    at: Mapped[datetime]


class Asked(Base):
    """When a buyer last wrote `!товар`; rows older than an hour are dropped."""

    __tablename__ = "auto_delivery_asked"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    buyer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]

"""The core's tables. Modules bring their own, named `<module>_*`, on the same `Base`.

Columns named `*_sealed` hold ciphertext of `opium.vault`; ids from outside are text, except
FunPay's numeric ids. States are guarded by triggers: see `guards.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Id = BigInteger().with_variant(Integer, "sqlite")
"""An own running number: SQLite gives numbers by itself to INTEGER keys only."""


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime, stored without zone: SQLite would drop the zone in silence."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {datetime: Moment, bytes: LargeBinary}


class Account(Base):
    """A seller account that we watch. `generation` grows with each start of its worker."""

    __tablename__ = "accounts"
    __table_args__ = (
        Index(
            "one_account_per_funpay_user",
            "fp_id",
            unique=True,
            sqlite_where=text("NOT deleted AND fp_id IS NOT NULL"),
            postgresql_where=text("NOT deleted AND fp_id IS NOT NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    enabled: Mapped[bool] = mapped_column(Boolean)
    deleted: Mapped[bool] = mapped_column(Boolean, default=False)
    username: Mapped[str | None] = mapped_column(String(128))
    fp_id: Mapped[int | None] = mapped_column(BigInteger)
    golden_key_sealed: Mapped[bytes]
    user_agent: Mapped[str] = mapped_column(Text, default="")
    proxy_sealed: Mapped[bytes | None]
    anti_detect: Mapped[str | None] = mapped_column(Text)
    rate_limit: Mapped[str | None] = mapped_column(Text)
    reconnect: Mapped[str | None] = mapped_column(Text)
    disable_messages: Mapped[bool] = mapped_column(Boolean, default=False)
    disable_orders: Mapped[bool] = mapped_column(Boolean, default=False)
    generation: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime]


class Attachment(Base):
    """A module attached to an account; `position` is the attach order."""

    __tablename__ = "attachments"
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    module: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    settings_sealed: Mapped[bytes]
    attached_at: Mapped[datetime]


class Baseline(Base):
    """First contact of an account with a FunPay user; orders dated before `taken_at` are old."""

    __tablename__ = "baselines"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    fp_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    taken_at: Mapped[datetime]
    message_mark: Mapped[int | None] = mapped_column(BigInteger)
    """The newest message of the first look: what is older was there before us."""


class OrderSeen(Base):
    """A sale that we know of. `decision` says what became of it, `owner` which module took it."""

    __tablename__ = "orders_seen"
    fp_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    order_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    status: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(Text)
    section_text: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(Integer)
    price: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str | None] = mapped_column(String(8))
    buyer: Mapped[str] = mapped_column(String(128))
    buyer_id: Mapped[int] = mapped_column(BigInteger)
    ordered_at: Mapped[datetime | None]
    first_seen: Mapped[datetime]
    rank: Mapped[int] = mapped_column(Integer, default=0)
    """Place among those first seen together, oldest first: dates have no seconds."""
    source: Mapped[str] = mapped_column(String(12))
    """`baseline`, `poll` or `catchup`"""
    decision: Mapped[str] = mapped_column(String(16))
    """`old`, `pending`, `offered`, `taken`, `unmatched`, `held`, `closed`"""
    owner: Mapped[str | None] = mapped_column(String(64))


class ChatSeen(Base):
    """How far a chat has been read by us; names of the chat as far as known."""

    __tablename__ = "chats_seen"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    node_name: Mapped[str | None] = mapped_column(String(64), index=True)
    handled_msg: Mapped[int] = mapped_column(BigInteger)


class StoredEvent(Base):
    """A fact that a module waits for; `key` makes it unique per account and kind."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("account_id", "kind", "key"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(128))
    body_sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(index=True)


class Handling(Base):
    """One module's turn with one event: `open` until its handler committed, or `held`."""

    __tablename__ = "handlings"
    __table_args__ = (Index("open_handlings", "account_id", "state"),)
    event_id: Mapped[int] = mapped_column(
        ForeignKey("events.id", ondelete="CASCADE"), primary_key=True
    )
    module: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str | None] = mapped_column(Text)
    next_at: Mapped[datetime | None]


class Handout(Base):
    """Which goods an order gets: at most one per order of a FunPay user, owned by one module."""

    __tablename__ = "handouts"
    __table_args__ = (UniqueConstraint("fp_id", "order_id", name="one_handout_per_order"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    fp_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[str] = mapped_column(String(16))
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    module: Mapped[str] = mapped_column(String(64))
    amount: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class StoredCommand(Base):
    """A wish for FunPay, kept until its end is known (reliability 3). Ids are kept for ever."""

    __tablename__ = "commands"
    __table_args__ = (
        Index("ready_commands", "account_id", "state", "next_at"),
        Index(
            "one_open_refund",
            "fp_id",
            "order_id",
            unique=True,
            sqlite_where=text("kind = 'refund' AND state != 'failed'"),
            postgresql_where=text("kind = 'refund' AND state != 'failed'"),
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    fp_id: Mapped[int] = mapped_column(BigInteger)
    module: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    body_sealed: Mapped[bytes | None]
    handout_id: Mapped[str | None] = mapped_column(ForeignKey("handouts.id"), index=True)
    order_id: Mapped[str | None] = mapped_column(String(16), index=True)
    chat: Mapped[str | None] = mapped_column(String(64))
    n: Mapped[int] = mapped_column(Integer, default=1)
    of: Mapped[int] = mapped_column(Integer, default=1)
    marker: Mapped[str | None] = mapped_column(String(40), unique=True)
    idempotency_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    request_hash: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(Integer, default=0)
    unknowns: Mapped[int] = mapped_column(Integer, default=0)
    misses: Mapped[int] = mapped_column(Integer, default=0)
    baseline_msg_id: Mapped[int | None] = mapped_column(BigInteger)
    msg_id: Mapped[int | None] = mapped_column(BigInteger)
    generation: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime]
    since: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Alert(Base):
    """Something that waits for a person; open until `closed_at`, one open row per `key`."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index(
            "one_open_alert",
            "key",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[str | None] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    acked_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class SignIn(Base):
    """A signed-in session of the API; its tokens name it as `sid`."""

    __tablename__ = "sign_ins"
    sid: Mapped[str] = mapped_column(String(36), primary_key=True)
    username: Mapped[str] = mapped_column(String(128))
    address: Mapped[str] = mapped_column(String(64))
    auth_time: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class LoginAttempt(Base):
    """A counted login, failed or good, by address key; kept 30 days for the good ones."""

    __tablename__ = "login_attempts"
    __table_args__ = (Index("attempts_by_address", "address", "at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    address: Mapped[str] = mapped_column(String(64))
    username: Mapped[str] = mapped_column(String(128))
    good: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime]


class Ban(Base):
    """An address that may not sign in until then."""

    __tablename__ = "bans"
    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime]


class AuditEntry(Base):
    """Who did what, chained: `hash` covers the entry and `previous`."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(128))
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(Text)
    ip: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Setting(Base):
    """A value of the server itself: password hash, key canary, last wall time."""

    __tablename__ = "settings"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)

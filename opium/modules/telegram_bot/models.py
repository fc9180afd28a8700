"""Tables of telegram_bot: a bot per FunPay account, who may use it, and what it has to say.

Notice      the outbox: a row before Telegram hears of it, at most one delivery each
Update      the inbox: what was pressed or written is carried out once, also over a crash
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from opium.kit import Base, Id, guard


class BotSetup(Base):
    """The bot of an account. Several accounts may share one token: `bot_id` says which."""

    __tablename__ = "telegram_bot_setups"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    token_sealed: Mapped[bytes | None]
    bot_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    username: Mapped[str | None] = mapped_column(String(64))
    first_name: Mapped[str | None] = mapped_column(String(128))
    notify_events: Mapped[list[str]] = mapped_column(JSON)


class Bot(Base):
    """What is known of a bot at Telegram. `offset`: the next update that was not taken over;
    `trouble`: why polling fails now, None if it does not."""

    __tablename__ = "telegram_bot_bots"
    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    offset: Mapped[int] = mapped_column(BigInteger, default=0)
    trouble: Mapped[str | None] = mapped_column(Text)
    since: Mapped[datetime | None]
    """When it last answered before the trouble began."""


class Listed(Base):
    """Somebody on an account's whitelist. `blocked`: he has blocked the bot, or never began."""

    __tablename__ = "telegram_bot_users"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    telegram_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    label: Mapped[str] = mapped_column(String(64))
    blocked: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer, default=0)


class Watcher(Base):
    """Log lines that hold `pattern` are told."""

    __tablename__ = "telegram_bot_watchers"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    watcher_id: Mapped[str] = mapped_column(String(8), unique=True)
    pattern: Mapped[str] = mapped_column(String(200))
    custom_message: Mapped[str] = mapped_column(String(500))
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)


class Button(Base):
    """A button of `/menu` that calls an endpoint of the API."""

    __tablename__ = "telegram_bot_buttons"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    button_id: Mapped[str] = mapped_column(String(8), unique=True)
    label: Mapped[str] = mapped_column(String(64))
    api_endpoint: Mapped[str] = mapped_column(Text)
    api_method: Mapped[str] = mapped_column(String(6))
    api_body: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    description: Mapped[str] = mapped_column(Text)
    confirm: Mapped[bool] = mapped_column(Boolean, default=False)
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)


class Notice(Base):
    """A message for one chat. `waiting → started → sent`, back to `waiting` if Telegram surely
    did not take it; `unknown` if nobody can tell: never sent again, but named in the next digest
    of that chat. `digested`: a digest spoke for it. `refused`: Telegram will never take it.

    `key` is unique per account and chat, so that a repeated event tells nothing twice. `about`
    says what its buttons and replies act on: {"order": …, "chat": …}.
    """

    __tablename__ = "telegram_bot_notices"
    __table_args__ = (
        Index("telegram_bot_notice_once", "account_id", "chat", "thread", "key", unique=True),
        Index("telegram_bot_open_notices", "state", "next_at"),
        Index("telegram_bot_by_message", "bot_id", "chat", "message_id"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    bot_id: Mapped[int] = mapped_column(BigInteger)
    chat: Mapped[int] = mapped_column(BigInteger)
    thread: Mapped[int] = mapped_column(BigInteger, default=0)
    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(200))
    body_sealed: Mapped[bytes | None]
    """HTML and keyboard, as JSON"""
    about: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    reason: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    named: Mapped[bool] = mapped_column(Boolean, default=False)
    """An unknown one: a digest has named it."""
    next_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


guard(
    "telegram_bot_notices",
    "state",
    {
        "waiting": {"started", "digested", "refused"},
        "started": {"sent", "waiting", "unknown", "refused"},
    },
)


class Told(Base):
    """The event log that the API shows: the last 200."""

    __tablename__ = "telegram_bot_told"
    __table_args__ = (Index("telegram_bot_told_by_account", "account_id", "id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    event_type: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(200), default="")
    """That of its notices: whom they reach is counted."""
    text_preview: Mapped[str] = mapped_column(Text)
    sent_to: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime]


class Update(Base):
    """An update that was taken over, in the transaction that carries it out."""

    __tablename__ = "telegram_bot_updates"
    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    action: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What is still to be done for it; None when it is done."""
    result: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]


class Nonce(Base):
    """A question that waits for one yes, from one person, for a minute."""

    __tablename__ = "telegram_bot_nonces"
    __table_args__ = (
        Index(
            "telegram_bot_open_nonces",
            "telegram_id",
            sqlite_where=text("used_at IS NULL"),
            postgresql_where=text("used_at IS NULL"),
        ),
    )
    nonce: Mapped[str] = mapped_column(String(16), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    telegram_id: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[dict[str, Any]] = mapped_column(JSON)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

"""Tables of auto_raise. A category is a game: FunPay's cool-down is per game."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, Boolean, Date, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from opium.kit import Base, Id


class Category(Base):
    """A game in which an account has lots. `next_at` None: it may be raised at once.

    `command_id` names the raise under way. `listed` is False for a game that is not on the profile
    any more: it keeps its times, in case the lots come back. The `last_*` columns are the answer
    of the last raise; `last_at` None: there was none.
    """

    __tablename__ = "auto_raise_categories"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    game_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    nodes: Mapped[list[int]] = mapped_column(JSON)
    listed: Mapped[bool] = mapped_column(Boolean, default=True)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    learnt_wait: Mapped[int | None] = mapped_column(Integer)
    probe_day: Mapped[date | None] = mapped_column(Date)
    command_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    probing: Mapped[bool] = mapped_column(Boolean, default=False)
    last_at: Mapped[datetime | None]
    last_success: Mapped[bool] = mapped_column(Boolean, default=False)
    last_error: Mapped[str | None] = mapped_column(Text)
    last_wait: Mapped[int | None] = mapped_column(Integer)


class Seller(Base):
    """An account as auto_raise sees it: until when its categories are fresh, and its last cycle.

    `fp_id` says whose the categories are. `busy_until`: a request is reading the categories for a
    cycle; the time frees it again if the process dies meanwhile. `cycle_key` is the
    Idempotency-Key of the last cycle by hand.
    """

    __tablename__ = "auto_raise_sellers"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    fp_id: Mapped[int | None] = mapped_column(BigInteger)
    refresh_at: Mapped[datetime | None]
    busy_until: Mapped[datetime | None]
    cycle_at: Mapped[datetime | None]
    cycle_key: Mapped[str | None] = mapped_column(String(200))
    key_until: Mapped[datetime | None]


class LogLine(Base):
    """One answer of FunPay to a raise; the newest 300 of an account are kept."""

    __tablename__ = "auto_raise_log"
    __table_args__ = (Index("auto_raise_log_of_account", "account_id", "id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    game_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(Text)
    success: Mapped[bool] = mapped_column(Boolean)
    error: Mapped[str | None] = mapped_column(Text)

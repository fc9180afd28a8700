"""Tables of steam_rent that hold what a seller sets; the rentals are in `rows`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opium.kit import Base, Id


class Game(Base):
    """A game that accounts are rented for. `key` is the folded `game_id`."""

    __tablename__ = "steam_rent_games"
    __table_args__ = (UniqueConstraint("account_id", "key", name="steam_rent_game"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    game_id: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(128))
    aliases: Mapped[list[str]] = mapped_column(JSON)
    proxy: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    frozen: Mapped[bool] = mapped_column(Boolean, default=False)


class LotMapping(Base):
    """Which lots rent out which game, and for how long. `key` is the folded pattern; with a
    `lot_id` only that lot counts. `rent_minutes` 0: inactive. Rows are in order of `id`."""

    __tablename__ = "steam_rent_mappings"
    __table_args__ = (UniqueConstraint("account_id", "key", name="steam_rent_mapping"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    mapping_id: Mapped[str] = mapped_column(String(16), unique=True)
    lot_pattern: Mapped[str] = mapped_column(String(200))
    lot_id: Mapped[int | None] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(400))
    game_id: Mapped[str] = mapped_column(String(64))
    rent_minutes: Mapped[int] = mapped_column(Integer, default=0)
    bonus_minutes: Mapped[int] = mapped_column(Integer, default=0)
    min_rating: Mapped[int] = mapped_column(Integer, default=4)


class RentLot(Base):
    """An own lot as FunPay last showed it, for mappings by lot."""

    __tablename__ = "steam_rent_lots"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    lot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean)


class RentProxy(Base):
    """A proxy for Steam, shared by all FunPay accounts."""

    __tablename__ = "steam_rent_proxies"
    proxy_id: Mapped[str] = mapped_column(String(8), primary_key=True)
    scheme: Mapped[str] = mapped_column(String(8))
    host: Mapped[str] = mapped_column(String(253))
    port: Mapped[int] = mapped_column(Integer)
    username: Mapped[str] = mapped_column(String(255))
    password_sealed: Mapped[bytes | None]
    name: Mapped[str] = mapped_column(String(64))
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime]


class RentProxyList(Base):
    """Some of the proxies, in order."""

    __tablename__ = "steam_rent_proxy_lists"
    list_id: Mapped[str] = mapped_column(String(8), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    proxy_ids: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime]


class RentText(Base):
    """A template that the seller changed."""

    __tablename__ = "steam_rent_texts"
    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    text: Mapped[str] = mapped_column(Text)

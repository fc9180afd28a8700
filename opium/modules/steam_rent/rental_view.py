"""A rental as the API shows it (contract 9.6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from opium.modules.steam_rent import accounts
from opium.modules.steam_rent.rows import Rental, RentOrder, SteamAccount
from opium.schema import closed

Iso = Callable[[datetime | None], str | None]


@closed
class RentalView(TypedDict):
    rental_id: str
    order_id: str
    buyer_id: int
    buyer_username: str
    game_id: str
    steam_account_id: str
    start_time: str | None
    end_time: str | None
    entitled_bonus_minutes: int
    min_rating_for_bonus: int
    bonus_minutes: int
    status: str
    delivered_login: str
    delivered_password: str
    delivery_pending: bool
    chat_id: int
    chat_name: str
    warning_sent: bool
    extension_order_ids: list[str]


def views(db: Session, vault: accounts.Sealer, rows: list[Rental], iso: Iso) -> list[RentalView]:
    """The password is the account's present one, in clear only while the rental runs."""
    ids = [row.rental_id for row in rows]
    longer: dict[str | None, list[str]] = {}
    extensions = select(RentOrder.rental_id, RentOrder.order_id).where(
        RentOrder.state == "extension", RentOrder.rental_id.in_(ids)
    )
    for rental_id, order_id in db.execute(extensions.order_by(RentOrder.id)):
        longer.setdefault(rental_id, []).append(order_id)
    wanted = {row.steam_account for row in rows}
    known = {
        account.id: account
        for account in db.scalars(select(SteamAccount).where(SteamAccount.id.in_(wanted)))
    }
    return [
        view(row, known[row.steam_account], longer.get(row.rental_id, []), vault, iso)
        for row in rows
    ]


def view(
    row: Rental, account: SteamAccount, extensions: list[str], vault: accounts.Sealer, iso: Iso
) -> RentalView:
    active = row.state == "active"
    return {
        "rental_id": row.rental_id,
        "order_id": row.order_id,
        "buyer_id": row.buyer_id,
        "buyer_username": row.buyer,
        "game_id": row.game_id,
        "steam_account_id": account.name,
        "start_time": iso(row.start_at),
        "end_time": iso(row.end_at),
        "entitled_bonus_minutes": row.bonus_due,
        "min_rating_for_bonus": row.min_rating,
        "bonus_minutes": row.bonus,
        "status": row.state,
        "delivered_login": row.login,
        "delivered_password": accounts.password_of(vault, account) if active else "***",
        "delivery_pending": active and not row.delivered,
        "chat_id": row.chat_id,
        "chat_name": row.buyer,
        "warning_sent": row.warned,
        "extension_order_ids": extensions,
    }

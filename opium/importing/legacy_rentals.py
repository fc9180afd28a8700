"""Rentals that run while the seller moves in: who has which Steam account, and until when.

Taken over, a rental ends as any other: the account is released with a new password. What cannot be
taken over leaves its Steam account out of hand, since somebody may know its password.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select

from opium.importing.draft import Draft
from opium.importing.entries import entries
from opium.importing.legacy_read import Old
from opium.importing.report import Report
from opium.kit import Handout, Work
from opium.modules.steam_rent import accounts, games
from opium.modules.steam_rent.matching import fold
from opium.modules.steam_rent.rows import Rental, RentOrder, SteamAccount
from opium.schema import sentence

NAME = "steam_rent"
KEPT_BACK = (
    "It was rented out in the older Opium and its rental was not taken over: change its password "
    "before you let it go."
)


class OldRental(BaseModel):
    """What is needed of a rental; further members are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)

    order_id: str = Field(pattern=r"^#?[A-Za-z0-9]{1,16}$")
    buyer_id: int = Field(ge=1, le=2**53)
    buyer_username: str = Field("", max_length=128)
    game_id: str
    steam_account_id: str
    start_time: str | float | None = None
    end_time: str | float
    entitled_bonus_minutes: int = Field(0, ge=0, le=525_600)
    min_rating_for_bonus: int = Field(4, ge=0, le=5)
    bonus_minutes: int = Field(0, ge=0, le=525_600)
    chat_id: int = Field(0, ge=0, le=2**53)
    delivery_pending: bool = False
    warning_sent: bool = False


def take_over(draft: Draft, old: Old, report: Report) -> set[str]:
    """Store the active rentals that are complete; the Steam accounts that are in their hands."""
    rented: set[str] = set()
    with draft.work(old.account_id, NAME) as work:
        for where, entry in entries(old, NAME, "rentals", "rental_id"):
            if entry.get("status", "active") != "active":
                report.left_out.append(f"{where.rpartition(':')[0]}: rentals that have ended")
                continue
            why = _take(draft, work, old, entry, rented)
            if why is None:
                report.taken["running rentals"] += 1
            else:
                report.left_out.append(f"{where}, a running rental: {why}")
    for where, _entry in entries(old, NAME, "pending_orders", "order_id"):
        report.left_out.append(f"{where}, an order that waits: serve or refund it by hand")
    return rented


def keep_back(draft: Draft, old: Old, doubtful: set[str], report: Report) -> None:
    """Steam accounts that were in unknown hands are handed to nobody."""
    with draft.work(old.account_id, NAME) as work:
        for name in sorted(doubtful | _in_left_out(work, old) - _rented(work)):
            row = accounts.find(work.db, work.account.id, name)
            row.frozen, row.last_error = True, KEPT_BACK
            report.taken["Steam accounts kept back (change their passwords)"] += 1


def _take(draft: Draft, work: Work, old: Old, entry: Any, rented: set[str]) -> str | None:
    """Store one rental; why not, if not."""
    try:
        given = OldRental.model_validate({k: v for k, v in entry.items() if v is not None})
    except ValidationError as exc:
        return sentence(exc, whole="it")
    account = _account(work, given.steam_account_id)
    game = games.of(work.db, work.account.id, given.game_id)
    end = _moment(draft, given.end_time)
    start = _moment(draft, given.start_time) or work.now
    if account is None or game is None:
        return "its Steam account or game is not in these files."
    if account.name in rented:
        return "its Steam account has another tenant."
    if given.delivery_pending:
        return "the buyer was not sent the password yet; serve or refund the order by hand."
    if end is None:
        return "its end_time is not a time."
    if not given.chat_id and not old.fp_id:
        return "its chat_id is not known."
    known = select(Handout.id).where(Handout.order_id == given.order_id.lstrip("#"))
    if work.db.scalar(known) is not None:
        return "its order is known already."
    _store(work, old.fp_id, given, account, game.game_id, min(start, end), end)
    rented.add(account.name)
    return None


def _store(
    work: Work,
    fp_id: int,
    given: OldRental,
    account: SteamAccount,
    game_id: str,
    start: datetime,
    end: datetime,
) -> None:
    """The rows that a rental has once its password was sent. FunPay's user may not be known yet;
    the order is older than our first look, so it is never served again."""
    low, high = sorted((fp_id, given.buyer_id))
    order_id, minutes = (
        given.order_id.lstrip("#"),
        max(int((end - start) / timedelta(minutes=1)), 0),
    )
    handout = Handout(
        id=str(uuid4()), fp_id=fp_id, order_id=order_id, account_id=work.account.id, module=NAME,
        amount=1, state="delivered", created_at=start, ended_at=start,
    )  # fmt: skip
    work.db.add(handout)
    work.db.flush()
    both: dict[str, Any] = {
        "handout_id": handout.id,
        "account_id": work.account.id,
        "order_id": order_id,
        "buyer_id": given.buyer_id,
        "buyer": given.buyer_username or str(given.buyer_id),
        "chat": str(given.chat_id) if given.chat_id else f"users-{low}-{high}",
        "chat_id": given.chat_id,
        "game_id": game_id,
        "minutes": minutes,
        "rental_id": str(uuid4()),
    }
    bonus = given.entitled_bonus_minutes
    work.db.add(
        RentOrder(
            **both,
            bonus_minutes=bonus,
            min_rating=given.min_rating_for_bonus,
            state="rental",
            told=True,
            paid_at=start,
            created_at=work.now,
        )
    )
    work.db.add(
        Rental(
            **both,
            steam_account=account.id,
            login=account.login,
            start_at=start,
            end_at=end,
            bonus_due=bonus,
            min_rating=given.min_rating_for_bonus,
            bonus=given.bonus_minutes,
            state="active",
            delivered=True,
            warned=given.warning_sent,
        )
    )
    account.state, account.rental_id, account.last_rented_at = "rented", both["rental_id"], start
    work.db.flush()


def _account(work: Work, name: str) -> SteamAccount | None:
    return work.db.scalar(
        select(SteamAccount).where(
            SteamAccount.account_id == work.account.id,
            SteamAccount.key == fold(name),
            ~SteamAccount.deleted,
        )
    )


def _rented(work: Work) -> set[str]:
    mine = (SteamAccount.account_id == work.account.id, SteamAccount.state == "rented")
    return set(work.db.scalars(select(SteamAccount.name).where(*mine)))


def _in_left_out(work: Work, old: Old) -> set[str]:
    """Steam accounts that an active rental names, whatever their own entry says."""
    named: set[str] = set()
    for _where, entry in entries(old, NAME, "rentals", "rental_id"):
        name = entry.get("steam_account_id")
        if entry.get("status", "active") == "active" and isinstance(name, str):
            row = _account(work, name)
            named |= {row.name} if row else set()
    return named


def _moment(draft: Draft, given: str | float | None) -> datetime | None:
    """A time as text or as UNIX seconds; one without a zone is of this server's."""
    try:
        if isinstance(given, str):
            found = datetime.fromisoformat(given)
            found = found if found.tzinfo else found.replace(tzinfo=draft.core.zone)
        else:
            found = datetime.fromtimestamp(float(given or "nan"), UTC)
        return found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None

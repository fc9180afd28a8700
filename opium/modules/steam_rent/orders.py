"""From a paid order to a rental, or to an order that waits; one transaction each."""

from __future__ import annotations

import logging

from sqlalchemy import ColumnElement, exists, select

from opium.kit import Handout, OrderFacts, OrderPaid, OrderRead, Work, chat_of, paid_at, too_late
from opium.modules.steam_rent import games, mappings, pick, rentals, say
from opium.modules.steam_rent.models import Game, LotMapping
from opium.modules.steam_rent.rows import Rental, RentOrder, SteamAccount
from opium.modules.steam_rent.settings import effective

log = logging.getLogger("opium.steam_rent")

BY_HAND = "served by hand? The seller wrote to the buyer after the payment"


def take_up(event: OrderPaid | OrderRead, work: Work) -> None:
    """An order that we do not know yet: ours, held, or somebody else's."""
    order = event.order
    if order.status_name != "paid" or order.delivered_by_site:
        return
    choice = mappings.for_title(work.db, work.account.id, order.lot_title)
    if choice is None:
        return
    reason = _reason_to_hold(event, work, unsure=choice.unsure)
    handout = work.hold_order(event, reason) if reason else work.claim_order(event)
    if handout is None:
        return
    row = written_down(work, handout, order, choice.mapping)
    if reason:
        row.reason = "held"
    else:
        place(work, row, handout)


def resume(event: OrderRead, work: Work, row: RentOrder) -> None:
    """A fresh look at an order that waits: do what was chosen for it, or what is possible now."""
    handout = work.db.get_one(Handout, row.handout_id)
    if event.order.status_name == "refunded":
        close(work, row, "refunded")
    elif event.order.status_name == "closed":
        close(work, row, "confirmed by the buyer")
    elif handout.state == "waiting_stock":
        row.chat = chat_of(event.order) or row.chat
        row.chat_id = event.order.chat_id or row.chat_id
        _serve(event, work, row, handout)


def choose(work: Work, row: RentOrder, choice: str) -> None:
    """The buyer chose: `rent`, or the id of the rental to lengthen. Done after a fresh look."""
    row.choice = choice
    work.look_at(row.order_id)


def place(work: Work, row: RentOrder, handout: Handout) -> None:
    """Rent an account out for this order, or let it wait and say why."""
    game = games.of(work.db, row.account_id, row.game_id)
    known = rentals.of_buyer(work.db, row.account_id, row.buyer_id, row.game_id)
    if game is None:
        _wait(work, row, "game_missing", None)
    elif known and row.choice is None:
        _offer_choice(work, row, known[0])
    elif game.frozen:
        _wait(work, row, "game_frozen", game)
    elif (account := account_for(work, row, game)) is None:
        _wait(work, row, "no_account", game)
    else:
        rentals.start(work, row, handout, account)


def account_for(work: Work, row: RentOrder, game: Game) -> SteamAccount | None:
    """The account that this order gets now; those who paid earlier and wait come first.

    Choice and handing out are one transaction.
    """
    free = pick.free_accounts(work.db, row.account_id, game)
    waiting = _waiting(
        work, RentOrder.game_id == row.game_id, RentOrder.reason.in_(_FOR_AN_ACCOUNT)
    )
    ahead = [other for other in waiting if (other.paid_at, other.id) < (row.paid_at, row.id)]
    return free[0] if len(free) > len(ahead) else None


def serve_waiting(work: Work) -> None:
    """Accounts may have become free: as many orders as there are, the oldest first, are looked at
    again and then served."""
    left: dict[str, int] = {}
    for row in _waiting(work, RentOrder.reason.in_(_FOR_AN_ACCOUNT)):
        game = games.of(work.db, row.account_id, row.game_id)
        if game is None:
            continue
        if game.key not in left:
            left[game.key] = len(pick.free_accounts(work.db, row.account_id, game))
        if left[game.key] > 0:
            left[game.key] -= 1
            work.look_at(row.order_id)


def waiting_of(work: Work, buyer_id: int) -> list[RentOrder]:
    """A buyer's waiting orders, oldest first; those a person must decide on are left out."""
    return _waiting(work, RentOrder.buyer_id == buyer_id)


def unused_of(work: Work, buyer_id: int, game_id: str) -> RentOrder | None:
    """The oldest of them for this game for which nothing was chosen yet, or nothing that could
    be done."""
    found = _waiting(work, RentOrder.buyer_id == buyer_id, RentOrder.game_id == game_id)
    undecided = [row for row in found if row.choice is None]
    unserved = [row for row in found if row.choice == "rent" and row.reason in _FOR_AN_ACCOUNT]
    return next(iter(undecided + unserved), None)


def refund(work: Work, row: RentOrder) -> None:
    """Give the money back; until FunPay has said yes or no the order waits as `refunding`.

    Raises Refused if something of it is being sent.
    """
    work.refund(row.order_id)
    row.state, row.reason = "waiting", "refunding"


def is_refunding(work: Work, buyer_id: int) -> bool:
    """Whether money of this buyer is on its way back."""
    return bool(
        work.db.scalar(
            select(
                exists().where(
                    RentOrder.account_id == work.account.id,
                    RentOrder.buyer_id == buyer_id,
                    RentOrder.state == "waiting",
                    RentOrder.reason == "refunding",
                )
            )
        )
    )


def of_order(work: Work, order_id: str) -> RentOrder | None:
    """This module's order of the account's present FunPay user."""
    return work.db.scalar(
        select(RentOrder)
        .join(Handout, Handout.id == RentOrder.handout_id)
        .where(Handout.fp_id == work.account.fp_id, RentOrder.order_id == order_id)
    )


def learn_chat(work: Work, order_id: str, chat_id: int) -> None:
    """Where FunPay speaks of an order is its buyer's chat; the order itself does not tell."""
    row = of_order(work, order_id)
    if row is None or row.chat_id:
        return
    row.chat_id = chat_id
    rental = work.db.scalar(select(Rental).where(Rental.handout_id == row.handout_id))
    if rental is not None:
        rental.chat_id = chat_id


def close(work: Work, row: RentOrder, reason: str) -> None:
    """The order needs nothing any more: it was refunded, confirmed or removed."""
    handout = work.db.get_one(Handout, row.handout_id)
    if row.state == "waiting":
        row.state, row.reason = "closed", reason[:64]
        if handout.state in ("waiting_stock", "held"):
            work.cancel(handout, reason)
    rentals.settled(work, row)
    work.close_alert(f"handout:{handout.id}")


def written_down(work: Work, handout: Handout, order: OrderFacts, mapping: LotMapping) -> RentOrder:
    """The row of an order that this module owns from now on."""
    times = order.amount if effective(work).multiply_by_amount else 1
    row = RentOrder(
        handout_id=handout.id,
        account_id=work.account.id,
        order_id=order.id,
        buyer_id=order.buyer_id,
        buyer=order.buyer_username,
        chat=chat_of(order) or "",
        chat_id=order.chat_id or 0,
        game_id=mapping.game_id,
        minutes=mapping.rent_minutes * max(times, 1),
        bonus_minutes=mapping.bonus_minutes,
        min_rating=mapping.min_rating,
        state="waiting",
        paid_at=paid_at(work, order) or work.now,
        created_at=work.now,
    )
    handout.amount = 1  # one account, however many hours were bought
    work.db.add(row)
    work.db.flush()
    return row


def _serve(event: OrderRead, work: Work, row: RentOrder, handout: Handout) -> None:
    if row.choice not in (None, "rent"):
        rental = work.db.get(Rental, row.choice)
        if rental is not None and rental.state == "active":
            rentals.extend(work, rental, row, handout)
            return
        row.choice = None  # it ended meanwhile
        say.say(work, row.chat, "extend_no_rental", {"login": rental.login if rental else ""})
    if row.choice is None and row.reason not in _FOR_AN_ACCOUNT:
        return
    if event.seller_wrote and row.choice is None:
        row.reason = "held"
        rentals.settled(work, row)
        work.hold(handout, BY_HAND)
        return
    place(work, row, handout)


def _waiting(work: Work, *which: ColumnElement[bool]) -> list[RentOrder]:
    rows = (
        select(RentOrder)
        .join(Handout, Handout.id == RentOrder.handout_id)
        .where(
            RentOrder.account_id == work.account.id,
            RentOrder.state == "waiting",
            Handout.state == "waiting_stock",
            *which,
        )
        .order_by(RentOrder.paid_at, RentOrder.id)
    )
    return list(work.db.scalars(rows))


def _offer_choice(work: Work, row: RentOrder, rental: Rental) -> None:
    """The buyer rents this game already: another account, or more time?"""
    if row.reason == "existing_rental":
        return
    row.reason, row.told = "existing_rental", True
    values = {
        "game_id": say.game_name(work, row.game_id),
        "login": rental.login,
        "remaining": say.left(rental.end_at - work.now),
    }
    say.say(work, row.chat, "delivery_existing_rental", values)


def _wait(work: Work, row: RentOrder, reason: str, game: Game | None) -> None:
    chosen_in_vain = row.reason == "existing_rental"
    if row.reason != reason:
        log.info("[%s] Order %s waits: %s", work.account.id, row.order_id, reason)
    if row.reason not in _FOR_AN_ACCOUNT:
        _tell_pending(work, row, reason)
    if chosen_in_vain or not row.told:
        key = "rent_no_free_accounts" if chosen_in_vain else "delivery_no_accounts"
        values = {"game_id": say.game_name(work, row.game_id), **say.soonest(work, game)}
        say.say(work, row.chat, key, values)
    row.reason, row.told = reason, True
    words = _FOR_AN_ACCOUNT[reason].format(game=row.game_id)
    work.alert("waiting", f"waiting:{row.order_id}", f"Order {row.order_id} waits: {words}.")


def _tell_pending(work: Work, row: RentOrder, reason: str) -> None:
    payload = {
        "order_id": row.order_id,
        "game_id": row.game_id,
        "buyer": row.buyer,
        "chat_id": row.chat_id or None,
        "reason": reason,
    }
    work.emit("pending_order_created", payload)


_FOR_AN_ACCOUNT = {
    "no_account": "no account of {game} is free",
    "game_frozen": "the game {game} is frozen",
    "game_missing": "the game {game} does not exist",
}


def _reason_to_hold(event: OrderPaid | OrderRead, work: Work, *, unsure: bool) -> str | None:
    if reason := too_late(event, work):
        return reason
    if event.seller_wrote:
        return BY_HAND
    if unsure:
        return "which lot? Several lots have this title, with different rentals"
    if chat_of(event.order) is None:
        return "the order does not name its chat"
    return None

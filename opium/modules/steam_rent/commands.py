"""What buyers write: `!код`, `!данные`, `!продлить` and so on (contract 10.2)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from opium.kit import MessageReceived, Refused, Work
from opium.modules.steam_rent import codes, games, orders, pick, rentals, say
from opium.modules.steam_rent.rows import Asked, SteamAccount
from opium.modules.steam_rent.settings import effective

ALIASES = {
    "статус": "status",
    "status": "status",
    "данные": "account",
    "аккаунт": "account",
    "account": "account",
    "код": "code",
    "code": "code",
    "guard": "code",
    "аренда": "rent",
    "rent": "rent",
    "продлить": "extend",
    "extend": "extend",
    "возврат": "refund",
    "refund": "refund",
    "помощь": "help",
    "help": "help",
}


@dataclass(frozen=True, slots=True)
class Asking:
    """A command of a buyer."""

    work: Work
    buyer_id: int
    chat: str
    argument: str

    def answer(self, key: str, **values: str) -> None:
        say.say(self.work, self.chat, key, values)


def parsed(event: MessageReceived) -> tuple[str, str] | None:
    """The command's name and its argument; None if the message is none, or our own."""
    message = event.message
    if message.by_bot or message.author_id in (0, event.fp_user_id):
        return None
    seen = "".join(c for c in message.text or "" if not _is_invisible(c)).strip()
    if not seen.startswith("!") or seen[1:2].isspace():
        return None
    word, *argument = seen[1:].split() or [""]
    name = ALIASES.get(word.casefold())
    return (name, " ".join(argument)) if name else None


def handle(event: MessageReceived, work: Work) -> None:
    """Answer a command, unless the same buyer has just used it."""
    found = parsed(event)
    if found is None or not _may_ask(work, event.message.author_id, found[0]):
        return
    name, argument = found
    _ANSWERS[name](Asking(work, event.message.author_id, str(event.chat_id), argument))


def _status(asking: Asking) -> None:
    work = asking.work
    if not asking.argument:
        return asking.answer("status_no_game_arg")
    game = games.named(work.db, work.account.id, asking.argument)
    if game is None:
        return asking.answer("game_not_found", game_query=asking.argument)
    total = len(pick.of_game(work.db, work.account.id, game))
    free = len(pick.free_accounts(work.db, work.account.id, game))
    if total == 0:
        return asking.answer("status_no_accounts", game_id=game.game_id)
    if free == 0:
        return asking.answer("status_all_busy", game_id=game.game_id, **say.soonest(work, game))
    return asking.answer(
        "status_free", game_id=game.game_id, free_count=str(free), total_count=str(total)
    )


def _account(asking: Asking) -> None:
    work = asking.work
    blocks = []
    mine = rentals.of_buyer(work.db, work.account.id, asking.buyer_id)
    if not mine:
        return asking.answer("no_rentals")
    for rental in mine:
        account = work.db.get_one(SteamAccount, rental.steam_account)
        if rentals.on_its_way(work, rental):
            continue  # the message with the password answers him
        if codes.open_for(work, account, rental):
            rentals.delivered(work, rental)
            values = say.of_rental(work, rental, account, "account_info")
            blocks.append(say.text(work, "account_info", values))
        else:
            blocks.append(say.text(work, "codes_closed", {"login": account.login}))
    return say.send(work, asking.chat, "\n\n".join(blocks)) if blocks else None


def _code(asking: Asking) -> None:
    work = asking.work
    mine = rentals.of_buyer(work.db, work.account.id, asking.buyer_id)
    if not mine:
        return asking.answer("no_rentals")
    lines, secret = [], False
    for rental in mine:
        account = work.db.get_one(SteamAccount, rental.steam_account)
        if account.shared_sealed is None:
            continue
        secret = True
        key, code = "codes_closed", ""
        if codes.open_for(work, account, rental):
            given = codes.give(work, account, rental=rental)
            key, code = ("code_success", given.code) if given else ("code_error", "")
        lines.append(say.text(work, key, {"login": account.login, "guard_code": code}))
    if not secret:
        return asking.answer("code_no_guard")
    return say.send(work, asking.chat, "\n".join(lines))


def _rent(asking: Asking) -> None:
    work = asking.work
    if not asking.argument:
        return asking.answer("rent_no_game_arg")
    game = games.named(work.db, work.account.id, asking.argument)
    if game is None:
        return asking.answer("game_not_found", game_query=asking.argument)
    row = orders.unused_of(work, asking.buyer_id, game.game_id)
    if row is None:
        return asking.answer("rent_no_pending", game_id=game.game_id)
    if orders.account_for(work, row, game) is None:
        soon = say.soonest(work, game)
        return asking.answer("rent_no_free_accounts", game_id=game.game_id, **soon)
    return orders.choose(work, row, "rent")


def _extend(asking: Asking) -> None:
    work = asking.work
    login = asking.argument
    if not login:
        return asking.answer("extend_no_login_arg")
    mine = rentals.of_buyer(work.db, work.account.id, asking.buyer_id)
    rental = next((r for r in mine if r.login.casefold() == login.casefold()), None)
    if rental is None:
        return asking.answer("extend_no_rental", login=login)
    row = orders.unused_of(work, asking.buyer_id, rental.game_id)
    if row is None:
        return asking.answer("extend_no_pending")
    return orders.choose(work, row, rental.rental_id)


def _refund(asking: Asking) -> None:
    """The end of each refund is told when FunPay has said yes or no."""
    work = asking.work
    waiting = orders.waiting_of(work, asking.buyer_id)
    if not waiting and not orders.is_refunding(work, asking.buyer_id):
        return asking.answer("refund_no_pending")
    for row in waiting:
        try:
            orders.refund(work, row)
        except Refused:  # something of it is being sent
            asking.answer("refund_failed", order_ids=f"#{row.order_id}")
    return None


def _help(asking: Asking) -> None:
    asking.answer("help")


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or character in _BLANK


_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe0e\ufe0f"
"""Letters and marks that show nothing, beside those that Unicode calls formatting."""

_ANSWERS: dict[str, Callable[[Asking], None]] = {
    "status": _status,
    "account": _account,
    "code": _code,
    "rent": _rent,
    "extend": _extend,
    "refund": _refund,
    "help": _help,
}


def _may_ask(work: Work, buyer_id: int, command: str) -> bool:
    cool_down = timedelta(seconds=effective(work).command_cooldown_sec)
    asked = work.db.get(Asked, (work.account.id, buyer_id, command))
    if asked is None:
        work.db.add(
            Asked(account_id=work.account.id, buyer_id=buyer_id, command=command, at=work.now)
        )
        return True
    if work.now - asked.at < cool_down:
        return False
    asked.at = work.now
    return True

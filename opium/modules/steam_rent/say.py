"""What buyers are told: the seller's templates with the values of a rental."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from opium.kit import SendMessage, Work
from opium.modules.steam_rent import accounts, codes, games, messages, pick, times
from opium.modules.steam_rent.models import Game
from opium.modules.steam_rent.rows import Rental, SteamAccount
from opium.modules.steam_rent.texts import CATALOGUE
from opium.text import split, tokens


def text(work: Work, key: str, values: Mapping[str, str]) -> str:
    return messages.text_for(work.db, work.account.id, key, values)


def say(work: Work, chat: str, key: str, values: Mapping[str, str]) -> None:
    """A message that hands nothing out."""
    send(work, chat, text(work, key, values))


def send(work: Work, chat: str, whole: str) -> None:
    for part in split(whole, marked=False):
        work.do(SendMessage(chat=chat, text=part))


def of_rental(work: Work, rental: Rental, account: SteamAccount, key: str) -> dict[str, str]:
    """The placeholders of a rental. A Guard code is used up only where the text shows one."""
    own = messages.overrides(work.db, work.account.id)
    code = ""
    if "guard_code" in tokens(CATALOGUE.text(key, own)):
        given = codes.give(work, account, rental=rental)
        code = given.code if given else ""
    return {
        "game_id": game_name(work, rental.game_id),
        "order_id": rental.order_id,
        "login": account.login,
        "password": accounts.password_of(work.vault, account),
        "guard_code": code,
        "remaining": left(rental.end_at - work.now),
        "end_date": times.end_date(rental.end_at, work.zone),
    }


def game_name(work: Work, game_id: str) -> str:
    """As `!аренда` takes it: the id."""
    game = games.of(work.db, work.account.id, game_id)
    return game.game_id if game else game_id


def left(time: timedelta) -> str:
    return times.remaining(time)


def soonest(work: Work, game: Game | None) -> dict[str, str]:
    """When the next account of a game becomes free, as a line; empty if nobody knows."""
    if game is None:
        return {"soonest_remaining": ""}
    rented = {account.rental_id for account in pick.of_game(work.db, work.account.id, game)}
    ends = [
        rental.end_at
        for rental_id in rented
        if rental_id and (rental := work.db.get(Rental, rental_id)) and rental.state == "active"
    ]
    if not ends or min(ends) <= work.now:
        return {"soonest_remaining": ""}
    value = {"soonest_time": left(min(ends) - work.now)}
    return {"soonest_remaining": text(work, "soonest_info", value)}

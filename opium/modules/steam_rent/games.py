"""Games as rows: an id or alias names one game, in any case."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from opium.kit import Conflict, Invalid, NotFound
from opium.modules.steam_rent.matching import fold
from opium.modules.steam_rent.models import Game
from opium.modules.steam_rent.rows import Rental, RentOrder, SteamAccount


def of_account(db: Session, account_id: str) -> list[Game]:
    """The games of an account, oldest first."""
    return list(db.scalars(select(Game).where(Game.account_id == account_id).order_by(Game.id)))


def of(db: Session, account_id: str, game_id: str) -> Game | None:
    """The game with this id, in any case."""
    return db.scalar(select(Game).where(Game.account_id == account_id, Game.key == fold(game_id)))


def find(db: Session, account_id: str, game_id: str) -> Game:
    game = of(db, account_id, game_id)
    if game is None:
        raise NotFound("Game not found")
    return game


def named(db: Session, account_id: str, query: str) -> Game | None:
    """The game that a buyer means: by id or alias; by name, if only one has it."""
    word = fold(query)
    known = of_account(db, account_id)
    for game in known:
        if word in _words(game.key, game.aliases):
            return game
    same = [game for game in known if fold(game.name) == word]
    return same[0] if len(same) == 1 else None


def existing(db: Session, account_id: str, game_ids: Iterable[str]) -> list[str]:
    """The same ids as their games write them, each once; Invalid if one names no game."""
    known = {game.key: game.game_id for game in of_account(db, account_id)}
    missing = [game_id for game_id in game_ids if fold(game_id) not in known]
    if missing:
        raise Invalid("game_ids must name games that exist.")
    return list(dict.fromkeys(known[fold(game_id)] for game_id in game_ids))


def without_twins(aliases: Iterable[str]) -> list[str]:
    """Each alias once, whatever its case; the first spelling stays."""
    found: dict[str, str] = {}
    for alias in aliases:
        found.setdefault(fold(alias), alias)
    return list(found.values())


def refuse_taken(db: Session, row: Game) -> None:
    """409 if a word that names this game names another one already."""
    ours = _words(row.key, row.aliases)
    with db.no_autoflush:
        others = [game for game in of_account(db, row.account_id) if game is not row]
    for other in others:
        if other.key == row.key:
            raise Conflict("There is a game with this id already.")
        if ours & _words(other.key, other.aliases):
            raise Conflict("An id or alias of this game is used by another game already.")


def refuse_in_use(db: Session, row: Game) -> None:
    """409 while buyers rent this game or wait for it."""
    rented = exists().where(
        Rental.account_id == row.account_id,
        Rental.game_id == row.game_id,
        Rental.state == "active",
    )
    awaited = exists().where(
        RentOrder.account_id == row.account_id,
        RentOrder.game_id == row.game_id,
        RentOrder.state == "waiting",
    )
    if db.scalar(select(or_(rented, awaited))):
        raise Conflict("Active rentals or waiting orders use this game.")


def forget(db: Session, row: Game) -> None:
    """Delete a game; accounts lose it, mappings stay and lead nowhere."""
    for account in db.scalars(
        select(SteamAccount).where(SteamAccount.account_id == row.account_id)
    ):
        if row.game_id in account.game_ids:
            account.game_ids = [known for known in account.game_ids if known != row.game_id]
    db.delete(row)


def _words(key: str, aliases: Iterable[str]) -> set[str]:
    return {key, *(fold(alias) for alias in aliases)}

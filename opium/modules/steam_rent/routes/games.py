"""`/games`: what accounts are rented for."""

from __future__ import annotations

from flask import Blueprint
from typing_extensions import TypedDict

from opium.kit import Invalid, visit
from opium.modules.steam_rent import games, module
from opium.modules.steam_rent.matching import fold
from opium.modules.steam_rent.models import Game
from opium.modules.steam_rent.routes.answers import Frozen, Ok
from opium.modules.steam_rent.routes.bodies import Freeze, GamePatch, NewGame
from opium.modules.steam_rent.routes.shared import ProxySettingsView, proxy_settings, proxy_view
from opium.schema import closed, typed


@closed
class GameView(TypedDict):
    game_id: str
    name: str
    aliases: list[str]
    proxy_settings: ProxySettingsView | None
    frozen: bool


@typed
def list_games() -> list[GameView]:
    """All games, oldest first."""
    here = visit(module)
    with here.read() as db:
        return [view(row) for row in games.of_account(db, here.account_id)]


@typed(errors=(409,))
def create_game(body: NewGame) -> GameView:
    """A new game; its id and aliases are what buyers may write."""
    here = visit(module)
    with here.work() as work:
        row = Game(
            account_id=here.account_id,
            game_id=body.game_id,
            key=fold(body.game_id),
            name=body.name or body.game_id,
            aliases=games.without_twins(body.aliases),
            proxy=proxy_settings(work.db, body.proxy_settings),
            frozen=body.frozen,
        )
        games.refuse_taken(work.db, row)
        work.db.add(row)
        return view(row)


@typed(errors=(409,))
def change_game(game_id: str, body: GamePatch) -> GameView:
    """Change what is given; the id stays for good."""
    here = visit(module)
    given = body.model_fields_set
    with here.work() as work:
        row = games.find(work.db, here.account_id, game_id)
        if "game_id" in given and body.game_id not in (game_id, row.game_id):
            raise Invalid("game_id cannot be changed: leave it out, or repeat the path's.")
        if "name" in given:
            row.name = body.name or row.game_id
        if "aliases" in given:
            row.aliases = games.without_twins(body.aliases)
            games.refuse_taken(work.db, row)
        if "proxy_settings" in given:
            row.proxy = proxy_settings(work.db, body.proxy_settings)
        if "frozen" in given:
            row.frozen = body.frozen
        return view(row)


@typed(errors=(409,))
def delete_game(game_id: str) -> Ok:
    """Delete a game that nobody rents or waits for; its lot mappings stay and lead nowhere."""
    here = visit(module)
    with here.work() as work:
        row = games.find(work.db, here.account_id, game_id)
        games.refuse_in_use(work.db, row)
        games.forget(work.db, row)
    return {"ok": True}


@typed
def freeze_game(game_id: str, body: Freeze | None) -> Frozen:
    """Switch, or set, whether the game's accounts are kept back; running rentals go on."""
    here = visit(module)
    with here.work() as work:
        row = games.find(work.db, here.account_id, game_id)
        row.frozen = not row.frozen if body is None or body.frozen is None else body.frozen
        return {"ok": True, "frozen": row.frozen}


def register(routes: Blueprint) -> None:
    routes.get("/games")(list_games)
    routes.post("/games")(create_game)
    routes.put("/games/<game_id>")(change_game)
    routes.delete("/games/<game_id>")(delete_game)
    routes.post("/games/<game_id>/freeze")(freeze_game)


def view(row: Game) -> GameView:
    return {
        "game_id": row.game_id,
        "name": row.name,
        "aliases": row.aliases,
        "proxy_settings": proxy_view(row.proxy),
        "frozen": row.frozen,
    }

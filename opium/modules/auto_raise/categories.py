"""Which games the seller has lots in, read from FunPay. No transaction is open meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opium.kit import FunPay, OpiumError


@dataclass(frozen=True, slots=True)
class Found:
    """A game with the sections (nodes) in which the seller has active lots."""

    game_id: int
    name: str
    nodes: tuple[int, ...]


Games = Mapping[int, tuple[int, str]]
"""Section id → its game's id and name."""


def read(funpay: FunPay, known: Games) -> list[Found]:
    """The seller's games, one entry each, in the order of his profile.

    Only common lots: game currency cannot be raised. A section stays with its game for ever, so
    FunPay is asked for the games of new sections only.
    """
    titles = {
        section.section_id: section.title
        for section in funpay.profile().sections
        if section.section_type == "lot" and section.offers
    }
    games = dict(known)
    if not titles.keys() <= games.keys():
        games |= _from_main_page(funpay)
    nodes: dict[tuple[int, str], list[int]] = {}
    for section_id, title in titles.items():
        game = games.get(section_id) or _from_raise_button(funpay, section_id, title)
        if game is not None:
            nodes.setdefault(game, []).append(section_id)
    return _merged(nodes)


def _from_main_page(funpay: FunPay) -> dict[int, tuple[int, str]]:
    """All games of the site; empty if it cannot be read, as the button tells the id too."""
    try:
        found = funpay.categories()
    except OpiumError:
        return {}
    return {
        section_id: (game.game_id, f"{game.name} ({game.region})" if game.region else game.name)
        for game in found
        for kind, section_id, _title in game.sections
        if kind == "lot"
    }


def _from_raise_button(funpay: FunPay, section_id: int, title: str) -> tuple[int, str] | None:
    """The game's id from the seller's own list, which does not name the game: its section does."""
    game_id = funpay.own_lots(section_id).game_id
    return None if game_id is None else (game_id, title)


def _merged(nodes: Mapping[tuple[int, str], list[int]]) -> list[Found]:
    """One entry per game id, under the first name seen for it."""
    merged: dict[int, Found] = {}
    for (game_id, name), sections in nodes.items():
        before = merged.get(game_id, Found(game_id, name, ()))
        merged[game_id] = Found(game_id, before.name, before.nodes + tuple(sections))
    return list(merged.values())

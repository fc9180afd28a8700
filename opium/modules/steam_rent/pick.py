"""Which account a buyer gets."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from opium.modules.steam_rent.models import Game
from opium.modules.steam_rent.rows import SteamAccount, SteamJob


def free_accounts(db: Session, account_id: str, game: Game) -> list[SteamAccount]:
    """What could be handed out now, the least recently rented first. No job may be under way on
    it: a password that is being changed by hand is nobody's."""
    busy = exists().where(
        SteamJob.steam_account == SteamAccount.id, SteamJob.state.not_in(("done", "dropped"))
    )
    rows = db.scalars(
        select(SteamAccount)
        .where(
            SteamAccount.account_id == account_id,
            SteamAccount.state == "free",
            SteamAccount.password_sealed.is_not(None),
            ~SteamAccount.frozen,
            ~SteamAccount.deleted,
            ~busy,
        )
        .order_by(SteamAccount.last_rented_at.is_not(None), SteamAccount.last_rented_at)
        .order_by(SteamAccount.id)
    )
    return [row for row in rows if game.game_id in row.game_ids] if not game.frozen else []


def of_game(db: Session, account_id: str, game: Game) -> list[SteamAccount]:
    """All accounts of a game, rented or not."""
    rows = select(SteamAccount).where(SteamAccount.account_id == account_id, ~SteamAccount.deleted)
    return [row for row in db.scalars(rows) if game.game_id in row.game_ids]

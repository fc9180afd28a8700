"""The inbox: what was asked becomes a row, then the offset moves, then it is carried out once.

The row holds what is still to be done (`action`). An effect that cannot be asked for twice is
marked as begun before it is; found so after a crash, it is reported and never repeated.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from opium.kit import Job, Work, hit
from opium.modules.telegram_bot import bots, rights, strangers
from opium.modules.telegram_bot.models import Bot, Update
from opium.modules.telegram_bot.updates import Asked, number, read

Raw = dict[str, Any]
Action = dict[str, Any]


def offset(job: Job, bot_id: int) -> int:
    """The next update that was not taken over."""
    with job.read() as db:
        row = db.get(Bot, bot_id)
        return row.offset if row is not None else 0


def take_over(job: Job, bot_id: int, raws: list[Raw]) -> int:
    """Store what is to be done for these updates, and move the offset; how many are new."""
    numbered = {found: raw for raw in raws if (found := number(raw)) is not None}
    with job.read() as db:
        accounts = bots.served(job, db, bot_id)
    if not numbered or not accounts:
        return 0
    with job.work(accounts[0]) as work:
        actions = {n: _action(job, work, bot_id, raw) for n, raw in numbered.items()}
        new = [n for n, action in actions.items() if action is not None]
        known = set(
            work.db.scalars(
                select(Update.update_id).where(Update.bot_id == bot_id, Update.update_id.in_(new))
            )
        )
        for n in new:
            if n not in known:
                work.db.add(Update(bot_id=bot_id, update_id=n, action=actions[n], at=work.now))
        bot_row(work.db, bot_id).offset = max(numbered) + 1
    hit("telegram_taken")
    return len(set(new) - known)


def waiting(job: Job, bot_id: int) -> list[tuple[int, Action]]:
    """What is still to be done, oldest first."""
    with job.read() as db:
        rows = db.scalars(
            select(Update).where(Update.bot_id == bot_id, Update.result.is_(None))
            .order_by(Update.update_id)
        )  # fmt: skip
        return [(row.update_id, row.action) for row in rows if row.action is not None]


def rewrite(db: Session, bot_id: int, update_id: int, action: Action) -> None:
    """From here on this is what is to be done for it."""
    db.execute(
        update(Update)
        .where(Update.bot_id == bot_id, Update.update_id == update_id)
        .values(action=action)
    )


def finish(db: Session, bot_id: int, update_id: int, result: str) -> None:
    """It is done; what was written is forgotten."""
    db.execute(
        update(Update)
        .where(Update.bot_id == bot_id, Update.update_id == update_id)
        .values(action=None, result=result[:200])
    )


def bot_row(db: Session, bot_id: int) -> Bot:
    """What is known of the bot, made at first."""
    row = db.get(Bot, bot_id)
    if row is None:
        row = Bot(bot_id=bot_id, offset=0)
        db.add(row)
    return row


def _action(job: Job, work: Work, bot_id: int, raw: Raw) -> Action | None:
    """What an update asks for; None if nothing is done for it."""
    asked = read(raw)
    if asked is None or not rights.is_ours(job, work.db, bot_id, asked):
        return None
    if rights.steers(job, work.db, bot_id, asked):
        return _stored(asked)
    return _stored(asked) if strangers.may_be_greeted(job, work, bot_id, asked) else None


def _stored(asked: Asked) -> Action:
    return {"asked": asked.as_json()}

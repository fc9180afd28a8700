"""The rows of auto_raise: which games an account sells in, what is due, and the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from opium.kit import Work
from opium.modules.auto_raise.categories import Found, Games
from opium.modules.auto_raise.models import Category, LogLine, Seller

CACHE = timedelta(hours=6)
CACHE_OF_NOTHING = timedelta(minutes=30)
LOG_LINES = 300


def listed(db: Session, account_id: str) -> Sequence[Category]:
    """The categories that the seller has lots in."""
    mine = select(Category).where(Category.account_id == account_id, Category.listed)
    return db.scalars(mine.order_by(Category.game_id)).all()


def games(db: Session, account_id: str) -> Games:
    """What we know already of which section belongs to which game."""
    rows = db.scalars(select(Category).where(Category.account_id == account_id))
    return {node: (row.game_id, row.name) for row in rows for node in row.nodes}


def with_something_due(db: Session, now: datetime) -> set[str]:
    """Accounts with a category to raise, or with a raise whose end is awaited."""
    due = Category.listed & or_(Category.next_at.is_(None), Category.next_at <= now)
    found = select(Category.account_id).where(due | Category.command_id.is_not(None))
    return set(db.scalars(found.distinct()))


def fresh(db: Session, now: datetime) -> dict[str, int | None]:
    """Accounts whose categories need not be read again yet → the FunPay user they are of."""
    found = select(Seller.account_id, Seller.fp_id).where(Seller.refresh_at > now)
    return dict(db.execute(found).all())


def seller(work: Work) -> Seller:
    """The account's row; the categories of another FunPay user are forgotten with it."""
    row = work.db.get(Seller, work.account.id)
    if row is None:
        row = Seller(account_id=work.account.id, fp_id=work.account.fp_id)
        work.db.add(row)
    elif row.fp_id != work.account.fp_id:
        work.db.execute(delete(Category).where(Category.account_id == work.account.id))
        row.fp_id, row.refresh_at, row.cycle_at = work.account.fp_id, None, None
    work.db.flush()
    return row


def store_categories(work: Work, found: Sequence[Found]) -> None:
    """Take over what was read. Nothing read is taken for a slip of the page: the old ones stay."""
    row = seller(work)
    row.refresh_at = work.now + (CACHE if found else CACHE_OF_NOTHING)
    if not found:
        return
    mine = select(Category).where(Category.account_id == work.account.id)
    known = {category.game_id: category for category in work.db.scalars(mine)}
    for category in known.values():
        category.listed = False
    for game in found:
        category = known.get(game.game_id) or Category(
            account_id=work.account.id, game_id=game.game_id
        )
        category.name, category.nodes, category.listed = game.name, list(game.nodes), True
        work.db.add(category)
    work.db.flush()


def postpone_refresh(work: Work, pause: timedelta) -> None:
    """Reading the categories failed; try again later."""
    seller(work).refresh_at = work.now + pause


def log(work: Work, category: Category) -> None:
    """Keep a category's last answer as a line of the log; the oldest lines make room."""
    line = LogLine(
        account_id=work.account.id,
        at=work.now,
        game_id=category.game_id,
        name=category.name,
        success=category.last_success,
        error=category.last_error,
    )
    work.db.add(line)
    work.db.flush()
    mine = LogLine.account_id == work.account.id
    kept = select(LogLine.id).where(mine).order_by(LogLine.id.desc()).limit(LOG_LINES)
    work.db.execute(delete(LogLine).where(mine, LogLine.id.not_in(kept.scalar_subquery())))


def log_lines(db: Session, account_id: str, limit: int) -> list[LogLine]:
    """The newest lines, oldest first."""
    mine = select(LogLine).where(LogLine.account_id == account_id)
    return list(db.scalars(mine.order_by(LogLine.id.desc()).limit(limit)))[::-1]


def clear_log(work: Work) -> None:
    work.db.execute(delete(LogLine).where(LogLine.account_id == work.account.id))

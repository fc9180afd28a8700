"""Carrying out the outbox: each notice once, one after the other, each chat at its pace.

waiting → started → sent       it is there
                  → waiting    Telegram surely did not take it: again later
                  → unknown    nobody can tell: never again, but named in a digest
                  → refused    Telegram will never take it
What is found `started` was cut off by a crash: `unknown`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from opium.kit import Job, UpstreamError, VaultError, hit
from opium.modules.telegram_bot import bots, digest, ending
from opium.modules.telegram_bot.models import Notice
from opium.modules.telegram_bot.outbox import DIGEST, Letter, unseal
from opium.modules.telegram_bot.pace import Pace, doubling, soonest
from opium.modules.telegram_bot.telegram import (
    BadRequest,
    Blocked,
    Migrated,
    OutcomeUnknown,
    TelegramError,
    TooMany,
    Unauthorized,
)

log = logging.getLogger("opium.telegram_bot")

IDLE = 60.0
"""Seconds until somebody who has nothing to do looks again."""
REVOKED = 60.0


@dataclass(frozen=True, slots=True)
class _Round:
    """One bot at work now."""

    job: Job
    bot_id: int
    pace: Pace
    accounts: Sequence[str]

    @property
    def now(self) -> float:
        return self.job.clock.monotonic()


def send_due(job: Job) -> float:
    """Send what is due through all bots; seconds until something may be due again."""
    return soonest((send_of(job, bot_id) or IDLE for bot_id in bots.bot_ids(job)), IDLE)


def send_of(job: Job, bot_id: int, go_on: Callable[[], bool] = lambda: True) -> float | None:
    """The same for one bot, as long as `go_on` says; None if it serves nobody any more."""
    with job.read() as db:
        accounts = bots.served(job, db, bot_id)
    if not accounts:
        return None
    at_work = _Round(job, bot_id, job.kept(f"pace.{bot_id}", Pace), accounts)
    with at_work.pace.lock:
        return _send(at_work, go_on)


def _send(at_work: _Round, go_on: Callable[[], bool]) -> float:
    pace = at_work.pace
    if not pace.begun:
        _take_over(at_work)
        pace.begun = True
    if silence := pace.silence(at_work.now):
        return silence
    if pace.doubtful and not _is_there(at_work):
        return pace.silence(at_work.now)
    digest.gather(at_work.job, at_work.accounts)
    while go_on() and not pace.silence(at_work.now):
        notice = _next(at_work)
        if notice is None:
            return _wait(at_work)
        if ending.start(at_work.job, notice, at_work.bot_id):
            _carry(at_work, notice)
    return pace.silence(at_work.now)


def _take_over(at_work: _Round) -> None:
    """What an earlier process was sending is unknown; how long it had to wait still holds."""
    job, mine = at_work.job, _of(at_work)
    with job.read() as db:
        cut_off = db.scalars(select(Notice).where(*mine, Notice.state == "started")).all()
        told = select(func.max(Notice.next_at)).where(*mine, Notice.reason == ending.TOLD_TO_WAIT)
        until = db.scalar(told.where(Notice.state == "waiting"))
    for notice in cut_off:
        ending.unknown(job, notice, "the server stopped while it was being sent")
    if until is not None:
        at_work.pace.pause(at_work.now, max(0.0, (until - job.now).total_seconds()))


def _is_there(at_work: _Round) -> bool:
    """Whether Telegram answers again: asked with what can do no harm."""
    try:
        bots.client(at_work.job, at_work.bot_id, "send").me()
    except TooMany as exc:
        at_work.pace.pause(at_work.now, exc.seconds)
    except Unauthorized:
        at_work.pace.pause(at_work.now, REVOKED)
    except UpstreamError:
        at_work.pace.failed(at_work.now)
    else:
        at_work.pace.doubtful = False
        return True
    return False


def _carry(at_work: _Round, notice: Notice) -> None:
    """Send a notice that is `started`, and write down how it ended."""
    job, pace = at_work.job, at_work.pace
    pace.begun = False  # whatever happens here, a `started` one is never left alone
    try:
        letter = unseal(job, notice)
        hit("notice_started")
        message_id = _say(at_work, notice, letter)
        hit("notice_sent")
    except VaultError as exc:
        ending.refused(job, notice, str(exc))
    except TelegramError as exc:
        _failed(at_work, notice, exc)
    except bots.NoBot:
        ending.again(job, notice, timedelta(seconds=REVOKED))
    else:
        ending.sent(job, notice, letter, message_id)
        pace.well()
    pace.begun = True


def _say(at_work: _Round, notice: Notice, letter: Letter) -> int:
    client = bots.client(at_work.job, at_work.bot_id, "send")
    try:
        return client.send(
            notice.chat,
            letter.html,
            keyboard=letter.keyboard or None,
            thread=notice.thread or None,
        )
    finally:
        at_work.pace.spoke(notice.chat, at_work.now)


def _failed(at_work: _Round, notice: Notice, exc: TelegramError) -> None:
    job, pace, now = at_work.job, at_work.pace, at_work.now
    match exc:
        case OutcomeUnknown():
            ending.unknown(job, notice, str(exc))
            pace.failed(now)
        case TooMany():
            ending.again(job, notice, timedelta(seconds=exc.seconds), ending.TOLD_TO_WAIT)
            pace.pause(now, exc.seconds)
        case Unauthorized():
            ending.again(job, notice, timedelta(seconds=REVOKED), str(exc))
            pace.pause(now, REVOKED)
            pace.doubtful = True
        case Blocked():
            ending.blocked(job, notice, str(exc))
        case Migrated():
            ending.moved(job, notice, exc.new_chat_id)
        case BadRequest():
            log.error("[%s] Telegram refuses a notice: %s", notice.account_id, exc)
            ending.refused(job, notice, str(exc))
        case _:
            pace.failed(now)
            ending.again(job, notice, timedelta(seconds=doubling(notice.attempts)), str(exc))


def _next(at_work: _Round) -> Notice | None:
    """The oldest that may go now; digests first."""
    resting = list(at_work.pace.resting(at_work.now))
    due = or_(Notice.next_at.is_(None), Notice.next_at <= at_work.job.now)
    rows = (
        select(Notice)
        .where(*_of(at_work), Notice.state == "waiting", due, Notice.chat.not_in(resting))
        .order_by(Notice.kind != DIGEST, Notice.id)
        .limit(1)
    )
    with at_work.job.read() as db:
        return db.scalar(rows)


def _wait(at_work: _Round) -> float:
    """Seconds until a waiting one may go."""
    resting = at_work.pace.resting(at_work.now)
    with at_work.job.read() as db:
        chats, soonest_at = _waiting(db, at_work)
    waits = [resting[chat] for chat in chats if chat in resting]
    if soonest_at is not None:
        waits.append(max(0.05, soonest_at))
    return soonest(waits, IDLE)


def _waiting(db: Session, at_work: _Round) -> tuple[Sequence[int], float | None]:
    """The chats that somebody waits to write to, and the seconds until the first postponed one."""
    mine, now = (*_of(at_work), Notice.state == "waiting"), at_work.job.now
    due = or_(Notice.next_at.is_(None), Notice.next_at <= now)
    chats = db.scalars(select(Notice.chat).where(*mine, due).distinct()).all()
    later = db.scalar(select(func.min(Notice.next_at)).where(*mine, Notice.next_at > now))
    return chats, (later - now).total_seconds() if later is not None else None


def _of(at_work: _Round) -> tuple[ColumnElement[bool], ...]:
    """The notices of its accounts, also those written when they had another bot."""
    return (Notice.account_id.in_(at_work.accounts),)

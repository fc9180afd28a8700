"""How the sending of a notice begins and ends: one transaction each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import and_, delete, func, or_, select, update

from opium.kit import Job, Work
from opium.modules.telegram_bot.event_log import preview
from opium.modules.telegram_bot.models import BotSetup, Listed, Notice, Told
from opium.modules.telegram_bot.outbox import DIGEST, KEPT, Letter

TOLD_TO_WAIT = "Telegram wants us to wait"
LOGGED = 200
UNLOGGED = ("log",)
"""Kinds that the event log leaves out."""


def start(job: Job, notice: Notice, bot_id: int) -> bool:
    """Write down that it is being sent; False if it need not be any more."""
    with job.work(notice.account_id) as work:
        mine = (Notice.id == notice.id, Notice.state == "waiting")
        if not _still_wanted(work, notice):
            _end(work, [notice], "refused", "not on the whitelist any more", named=True)
            return False
        values: dict[str, object] = {"state": "started", "next_at": None, "bot_id": bot_id}
        values["attempts"] = Notice.attempts + 1
        changed = work.db.execute(update(Notice).where(*mine).values(values))
        notice.attempts, notice.bot_id = notice.attempts + 1, bot_id
        return bool(changed.rowcount == 1)  # type: ignore[attr-defined]  # a CursorResult


def sent(job: Job, notice: Notice, letter: Letter, message_id: int) -> None:
    """It is there: the first arrival of a fact stands in the event log, later ones are counted."""
    with job.work(notice.account_id) as work:
        _end(work, [notice], "sent", None, message_id=message_id)
        known = (Listed.account_id == notice.account_id, Listed.telegram_id == notice.chat)
        work.db.execute(
            update(Listed).where(*known, Listed.blocked.is_not(None)).values(blocked=None)
        )
        if notice.kind not in UNLOGGED:
            _tell(work, notice, letter)


def again(job: Job, notice: Notice, after: timedelta, reason: str | None = None) -> None:
    """Telegram surely has not taken it."""
    with job.work(notice.account_id) as work:
        work.db.execute(
            update(Notice)
            .where(Notice.id == notice.id, Notice.state == "started")
            .values(state="waiting", next_at=work.now + after, reason=reason)
        )


def unknown(job: Job, notice: Notice, reason: str) -> None:
    """Nobody can tell; the next digest of this chat names it."""
    with job.work(notice.account_id) as work:
        _end(work, [notice], "unknown", reason)


def refused(job: Job, notice: Notice, reason: str) -> None:
    """Telegram will never take it; the next digest names it, unless it is one."""
    with job.work(notice.account_id) as work:
        _end(work, [notice], "refused", reason, named=notice.kind == DIGEST)
        if notice.kind == DIGEST:
            work.alert("telegram", DIGEST, f"Telegram refused a digest: {reason}")


def blocked(job: Job, notice: Notice, reason: str) -> None:
    """He does not want to hear us: he is shown as such, and nothing of his goes on waiting."""
    with job.work(notice.account_id) as work:
        its_bot = (Notice.bot_id == notice.bot_id, Notice.chat == notice.chat)
        rows = work.db.scalars(select(Notice).where(*its_bot, Notice.state == "waiting")).all()
        _end(work, [notice, *rows], "refused", reason, named=True)
        accounts = select(BotSetup.account_id).where(BotSetup.bot_id == notice.bot_id)
        work.db.execute(
            update(Listed)
            .where(Listed.telegram_id == notice.chat, Listed.account_id.in_(accounts))
            .values(blocked=reason)
        )
        if notice.chat < 0:
            text = f"The bot cannot write to the group of its settings: {reason}"
            work.alert("telegram", f"group:{notice.chat}", text)


def moved(job: Job, notice: Notice, chat: int) -> None:
    """The group has a new id: settings and what waits follow it."""
    with job.work(notice.account_id) as work:
        mine = (Notice.account_id == notice.account_id, Notice.chat == notice.chat)
        open_ones = Notice.state.in_(("waiting", "started"))
        work.db.execute(
            update(Notice).where(*mine, open_ones).values(chat=chat, state="waiting", next_at=None)
        )
        if work.settings.forum_chat_id == notice.chat:
            work.save_settings(work.settings.model_copy(update={"forum_chat_id": chat}))


def wipe(job: Job, account_id: str) -> None:
    """Forget what is older than a week; what no digest could name in that time raises an alert."""
    with job.work(account_id) as work:
        old = (Notice.account_id == account_id, Notice.created_at < work.now - KEPT)
        unnamed = and_(Notice.state.in_(("unknown", "refused")), ~Notice.named)
        lost = work.db.scalar(
            select(func.count())
            .select_from(Notice)
            .where(*old, or_(Notice.state == "waiting", unnamed))
        )
        work.db.execute(delete(Notice).where(*old, Notice.state != "started"))
        if lost:
            text = f"Telegram could not be reached for a week: {lost} notices were given up."
            work.alert("telegram", "week", text)


def _end(
    work: Work, notices: Sequence[Notice], state: str, reason: str | None, **more: object
) -> None:
    ids = [notice.id for notice in notices]
    ended = {"state": state, "reason": reason, "ended_at": work.now, "next_at": None}
    work.db.execute(
        update(Notice)
        .where(Notice.id.in_(ids), Notice.state.in_(("waiting", "started")))
        .values(ended | more)
    )


def _still_wanted(work: Work, notice: Notice) -> bool:
    if notice.chat < 0:
        return bool(work.settings.forum_chat_id == notice.chat)
    return work.db.get(Listed, (notice.account_id, notice.chat)) is not None


def _tell(work: Work, notice: Notice, letter: Letter) -> None:
    mine = (Told.account_id == notice.account_id, Told.key == notice.key)
    told = work.db.scalar(select(Told).where(*mine))
    if told is not None:
        told.sent_to += 1
        return
    total = select(func.count()).select_from(Notice)
    its = (Notice.account_id == notice.account_id, Notice.key == notice.key)
    work.db.add(
        Told(
            account_id=notice.account_id,
            event_type=notice.kind,
            key=notice.key,
            text_preview=preview(letter.html),
            sent_to=1,
            total=work.db.scalar(total.where(*its)) or 1,
            at=work.now,
        )
    )
    work.db.flush()
    last = select(Told.id).where(Told.account_id == notice.account_id).order_by(Told.id.desc())
    oldest = work.db.scalar(last.offset(LOGGED).limit(1))
    if oldest is not None:
        work.db.execute(delete(Told).where(Told.account_id == notice.account_id, Told.id <= oldest))

"""Digests: what did not arrive in time or for sure is told in one message per kind.

A notice that waited ten minutes is not sent any more: a digest of its chat names it, and those
whose outcome nobody knows, and those that Telegram refused. A digest is a notice itself; if it does
not arrive, the next one takes its names over. So nothing is lost silently, and nobody is flooded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from opium.kit import Job, VaultError, Work
from opium.modules.telegram_bot import texts
from opium.modules.telegram_bot.html import MOST, esc, length
from opium.modules.telegram_bot.models import Notice
from opium.modules.telegram_bot.outbox import DIGEST, Letter, Place, seal, unseal

LATE = timedelta(minutes=10)
PARTS = ("late", "unsure", "refused")
ROOM = 80
"""Units that the line above the names of a part may take."""

CHUNK = 500

Names = dict[str, list[str]]
"""Part → names."""


def gather(job: Job, accounts: Sequence[str]) -> None:
    """Write the digests that are due for these accounts; called when Telegram can be reached."""
    with job.read() as db:
        rows = select(Notice.account_id, Notice.chat, Notice.thread).distinct()
        mine = Notice.account_id.in_(accounts)
        found = [
            *db.execute(rows.where(mine, _late(job.now))),
            *db.execute(rows.where(mine, _unnamed(), Notice.ended_at <= job.now - LATE)),
        ]
        due = {(account, Place(chat, thread)) for account, chat, thread in found}
    for account, place in sorted(due):
        _write(job, account, place)


def _late(now: datetime) -> ColumnElement[bool]:
    return and_(Notice.state == "waiting", Notice.kind != DIGEST, Notice.created_at <= now - LATE)


def _unnamed() -> ColumnElement[bool]:
    return and_(Notice.state.in_(("unknown", "refused")), Notice.named.is_(False))


def _write(job: Job, account: str, place: Place) -> None:
    """All digests of one chat: one for each kind, or more if a message cannot hold the names.

    Opening and sealing many texts takes its time, so that is done before the transaction.
    """
    with job.read() as db:
        found = _due(db, account, place, job.now)
    teller = _Teller(job, account, place)
    digests: list[Notice] = []
    for kind in dict.fromkeys(_kind(notice) for notice in found):
        notices = [notice for notice in found if _kind(notice) == kind]
        names = _names(job, notices)
        last = max(notice.id for notice in notices)
        letters = _messages(teller, kind, names)
        digests += [
            teller.notice(kind, f"{DIGEST}:{kind}:{last}:{n}", letter)
            for n, letter in enumerate(letters)
        ]
    with suppress(_Changed), job.work(account) as work:
        _settle(work, found)
        work.db.add_all(digests)


def _due(db: Session, account: str, place: Place, now: datetime) -> list[Notice]:
    """What a digest shall name; waiting digests are taken over, so that there is one only."""
    waiting = and_(Notice.state == "waiting", Notice.kind == DIGEST)
    rows = select(Notice).where(
        Notice.account_id == account,
        Notice.chat == place.chat,
        Notice.thread == place.thread,
        or_(_late(now), _unnamed(), waiting),
    )
    return list(db.scalars(rows.order_by(Notice.id)))


def _kind(notice: Notice) -> str:
    """What a digest speaks of; else the kind itself."""
    return str(notice.about.get("kind", notice.kind)) if notice.kind == DIGEST else notice.kind


def _names(job: Job, notices: Sequence[Notice]) -> Names:
    names: Names = {part: [] for part in PARTS}
    for notice in notices:
        try:
            letter = unseal(job, notice)
        except VaultError:
            letter = Letter("", name=notice.key[:20])
        if notice.kind == DIGEST:
            for part in PARTS:
                names[part] += getattr(letter, part)
        else:
            part = {"waiting": "late", "unknown": "unsure"}.get(notice.state, "refused")
            names[part].append(letter.name)
    return names


def _messages(teller: _Teller, kind: str, names: Names) -> Iterator[Letter]:
    """As few letters as hold all names: whole ones if one message takes them, else first words."""
    whole = list(_split(teller, kind, names))
    if len(whole) > 1:
        words = {part: [name.split(" ")[0] for name in names[part]] for part in PARTS}
        whole = list(_split(teller, kind, words))
    yield from whole


def _split(teller: _Teller, kind: str, names: Names) -> Iterator[Letter]:
    left = MOST - 4 * ROOM
    now: Names = {part: [] for part in PARTS}
    taken = 0
    for part in PARTS:
        for name, count in Counter(names[part]).items():
            width = length(_counted(name, count)) + 2
            if taken + width > left and any(now.values()):
                yield teller.letter(kind, now)
                now, taken = {p: [] for p in PARTS}, 0
            now[part] += [name] * count
            taken += width
    if any(now.values()):
        yield teller.letter(kind, now)


class _Changed(Exception):
    """Somebody else has dealt with a notice meanwhile: the next look counts."""


class _Teller:
    """Writes the digests of one chat."""

    def __init__(self, job: Job, account: str, place: Place) -> None:
        self._job, self._account, self._place = job, account, place
        self._language = job.settings(account).language

    def letter(self, kind: str, names: Names) -> Letter:
        """One message: which kind, and the names of each part that has some."""
        known = texts.known(self._language, f"title_{kind}")
        title = self._say(f"title_{kind}" if known else "title_other")
        lines = [f"[{esc(self._account)}] " + self._say("digest", title=title)]
        for part in PARTS:
            if names[part]:
                lines.append(self._say(f"digest_{part}", count=len(names[part])))
                counts = Counter(names[part]).items()
                lines.append(", ".join(_counted(name, count) for name, count in counts))
        late, unsure, refused = (tuple(names[part]) for part in PARTS)
        return Letter("\n".join(lines), late=late, unsure=unsure, refused=refused)

    def notice(self, kind: str, key: str, letter: Letter) -> Notice:
        """The row of a digest; the bot that sends it writes itself down."""
        return Notice(
            account_id=self._account,
            bot_id=0,
            chat=self._place.chat,
            thread=self._place.thread,
            kind=DIGEST,
            key=key,
            body_sealed=seal(self._job.vault, self._account, key, letter),
            about={"kind": kind},
            state="waiting",
            attempts=0,
            named=False,
            created_at=self._job.now,
        )

    def _say(self, key: str, **values: object) -> str:
        return texts.say(self._language, key, **values)


def _counted(name: str, count: int) -> str:
    return esc(name) if count == 1 else f"{esc(name)} ×{count}"


def _settle(work: Work, found: Sequence[Notice]) -> None:
    """A digest speaks for them now. Raises _Changed if that is no longer true of all."""
    waiting = [notice.id for notice in found if notice.state == "waiting"]
    ended = [notice.id for notice in found if notice.state != "waiting"]
    spoken_for = {"state": "digested", "ended_at": work.now, "next_at": None}
    is_waiting, is_unnamed = Notice.state == "waiting", Notice.named.is_(False)
    changed = _change(work.db, waiting, is_waiting, spoken_for)
    changed += _change(work.db, ended, is_unnamed, {"named": True})
    if changed != len(found):
        raise _Changed


def _change(
    db: Session, ids: Sequence[int], still: ColumnElement[bool], values: dict[str, object]
) -> int:
    """How many of these rows were changed; not all at once, since SQL has limits."""
    changed = 0
    for at in range(0, len(ids), CHUNK):
        some = Notice.id.in_(ids[at : at + CHUNK])
        done = db.execute(update(Notice).where(some, still).values(values))
        changed += done.rowcount  # type: ignore[attr-defined]  # a CursorResult at run time
    return changed

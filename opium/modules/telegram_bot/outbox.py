"""The outbox: what is to be told is a row before Telegram hears of it (decisions, "Telegram once").

`put` writes a notice for each who shall get it, in the transaction of what it tells of; `sending`
carries them out. No notice is written for who has blocked the bot: the whitelist shows him as
such, and he is told again when he has written to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium.kit import Job, Vault, Work
from opium.modules.telegram_bot.bell import Bell
from opium.modules.telegram_bot.html import cut, line, plain
from opium.modules.telegram_bot.models import BotSetup, Listed, Notice
from opium.modules.telegram_bot.telegram import Keyboard

KEPT = timedelta(days=7)
DIGEST = "digest"
UNFILTERED = ("alert", "log", DIGEST)
"""What is no event of `notify_events`."""
NAME = 60


@dataclass(frozen=True, slots=True)
class Letter:
    """What a notice says. `name`: how a digest calls it; `late`, `unsure`, `refused`: the names
    that a digest holds."""

    html: str
    keyboard: Keyboard = ()
    name: str = ""
    late: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A chat, and the topic in it; 0 is none."""

    chat: int
    thread: int = 0


def put(
    work: Work,
    kind: str,
    key: str,
    html: str,
    *,
    keyboard: Keyboard | None = None,
    about: Mapping[str, Any] | None = None,
    name: str | None = None,
    but: Collection[Place] = (),
) -> int:
    """Tell everybody of this account, and the topic of its settings; how many notices were new.

    None are if the account has no bot or nobody on its whitelist, or if `notify_events` does not
    name this kind. `key` is what makes a fact tell itself once; `name` its few words in a digest.
    """
    setup = work.db.get(BotSetup, work.account.id)
    if setup is None or not _may_tell(setup, kind):
        return 0
    key = key if len(key) <= 200 else hashlib.sha256(key.encode()).hexdigest()
    told = {Place(row.chat, row.thread) for row in _with_key(work.db, work.account.id, key)}
    open_to = [place for place in places(work) if place not in told and place not in but]
    if not open_to:
        return 0
    letter = Letter(cut(html), keyboard or (), name or line(plain(html), NAME))
    sealed = seal(work.vault, work.account.id, key, letter)
    work.db.add_all(
        Notice(
            account_id=work.account.id,
            bot_id=setup.bot_id,
            chat=place.chat,
            thread=place.thread,
            kind=kind,
            key=key,
            body_sealed=sealed,
            about=dict(about or {}),
            state="waiting",
            attempts=0,
            named=False,
            created_at=work.now,
        )
        for place in open_to
    )
    work.after_commit(work.kept("bell", Bell).ring)
    return len(open_to)


def places(work: Work) -> list[Place]:
    """Where this account's notices go; nowhere if its whitelist is empty."""
    rows = select(Listed).where(Listed.account_id == work.account.id)
    users = work.db.scalars(rows.order_by(Listed.position, Listed.telegram_id)).all()
    found = [Place(user.telegram_id) for user in users if user.blocked is None]
    settings = work.settings
    if users and settings.forum_chat_id is not None:
        found.append(Place(settings.forum_chat_id, settings.topic_id or 0))
    return found


def seal(vault: Vault, account_id: str, key: str, letter: Letter) -> bytes:
    """The text of a notice at rest: it may hold what buyers wrote."""
    body = {
        "html": letter.html,
        "keyboard": [[list(button) for button in row] for row in letter.keyboard],
        "name": letter.name,
        "late": letter.late,
        "unsure": letter.unsure,
        "refused": letter.refused,
    }
    return vault.seal(json.dumps(body, ensure_ascii=False), _context(account_id, key))


def unseal(place: Job | Work, notice: Notice) -> Letter:
    """What a notice says; VaultError if it was wiped or its key is gone."""
    text = place.vault.open(notice.body_sealed or b"", _context(notice.account_id, notice.key))
    body = json.loads(text)
    names = {part: tuple(body[part]) for part in ("late", "unsure", "refused")}
    return Letter(body["html"], body["keyboard"], body["name"], **names)


def _may_tell(setup: BotSetup, kind: str) -> bool:
    if setup.token_sealed is None or setup.bot_id is None:
        return False
    return kind in UNFILTERED or kind in setup.notify_events


def _with_key(db: Session, account_id: str, key: str) -> list[Notice]:
    rows = select(Notice).where(Notice.account_id == account_id, Notice.key == key)
    return list(db.scalars(rows))


def _context(account_id: str, key: str) -> str:
    return f"telegram_bot_notices:{account_id}:{key}:body"

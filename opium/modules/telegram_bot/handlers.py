"""What happens is told: each event that the account's settings name becomes notices.

Only those are heard at all: a module that listens to `new_message` makes the chats be read.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, get_args

from sqlalchemy.orm import Session

from opium.kit import Work
from opium.modules.telegram_bot import module, notices, outbox
from opium.modules.telegram_bot.config import EventKey
from opium.modules.telegram_bot.models import BotSetup
from opium.modules.telegram_bot.reader import Reader

KINDS: tuple[str, ...] = get_args(EventKey)


@module.hears
def heard(db: Session, account_id: str) -> Collection[str]:
    """The events that this account's bot tells, and what the module itself needs."""
    row = db.get(BotSetup, account_id)
    told = row.notify_events if row is not None and row.token_sealed is not None else ()
    return {*told, *(set(module.handlers) - set(KINDS))}


def from_somebody_else(event: Any) -> bool:
    """Whether a message is worth a notice at all."""
    message = event.message
    ours = message.by_bot or message.author_id == event.fp_user_id
    return not ours and bool((message.text or "").strip() or message.image_link)


@module.on("new_message", when=from_somebody_else)
def tell_message(event: Any, work: Work) -> None:
    tell(event, work)


@module.on(*(kind for kind in KINDS if kind != "new_message"))
def tell(event: Any, work: Work) -> None:
    """Put an event into the outbox."""
    kind = getattr(event, "name", event.kind)
    draft = notices.of_event(kind, event, reader(work))
    if draft is None:
        return
    outbox.put(
        work,
        kind,
        f"{kind}:{event.key}",
        draft.html,
        keyboard=draft.keyboard,
        about=draft.about,
        name=draft.name,
    )


def reader(work: Work) -> Reader:
    """For whom this account's notices are made."""
    row = work.db.get(BotSetup, work.account.id)
    wants = frozenset(row.notify_events) if row is not None else frozenset()
    return Reader(work.account.id, work.settings.language, wants, work.zone)

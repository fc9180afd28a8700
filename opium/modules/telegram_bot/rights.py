"""Who may steer what from where. Asked when an update arrives, and again when it is carried out."""

from __future__ import annotations

from sqlalchemy.orm import Session

from opium.kit import Job
from opium.modules.telegram_bot import bots, whitelist
from opium.modules.telegram_bot.updates import Asked


def steers(job: Job, db: Session, bot_id: int, asked: Asked) -> list[str]:
    """The accounts of this bot that the sender may steer from the chat where he is.

    None unless he is on the whitelist; in a group only those that serve it (`forum_chat_id`), in
    a topic only those whose topic it is.
    """
    return [
        account
        for account in bots.served(job, db, bot_id)
        if whitelist.is_listed(db, account, asked.user) and _heard(job, account, asked)
    ]


def is_ours(job: Job, db: Session, bot_id: int, asked: Asked) -> bool:
    """Whether this is a place where we listen at all."""
    if asked.private:
        return asked.chat == asked.user
    return any(
        job.settings(account).forum_chat_id == asked.chat
        for account in bots.served(job, db, bot_id)
    )


def _heard(job: Job, account_id: str, asked: Asked) -> bool:
    if asked.private:
        return asked.chat == asked.user
    settings = job.settings(account_id)
    if settings.forum_chat_id != asked.chat:
        return False
    return not asked.thread or settings.topic_id in (None, asked.thread)

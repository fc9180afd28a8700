"""People who are on no whitelist: one greeting that says their id, one audit line, then silence."""

from __future__ import annotations

from opium.kit import Job, Work
from opium.modules.telegram_bot.updates import Asked

MOST = 1000
"""People remembered while the process lives; beyond that nobody is greeted or noted any more."""


class Strangers:
    """Who was noted and greeted since the process began."""

    def __init__(self) -> None:
        self.noted: set[tuple[int, int]] = set()
        self.greeted: set[tuple[int, int]] = set()


def may_be_greeted(job: Job, work: Work, bot_id: int, asked: Asked) -> bool:
    """Note a stranger once; whether this is his first `/start`."""
    known = job.kept("strangers", Strangers)
    who = (bot_id, asked.user)
    if who not in known.noted:
        if len(known.noted) >= MOST:
            return False
        known.noted.add(who)
        work.audit(f"telegram:{asked.user}", "TELEGRAM_REFUSED", f"bot {bot_id}", "stranger")
    if not _starts(asked) or who in known.greeted:
        return False
    known.greeted.add(who)
    return True


def _starts(asked: Asked) -> bool:
    words = asked.text.split()
    return asked.kind == "text" and asked.private and words[:1] == ["/start"]

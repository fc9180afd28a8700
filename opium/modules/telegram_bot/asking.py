"""Asking Telegram while a person waits for the answer: who the bot is, does a message arrive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

from flask import current_app

from opium.kit import NotFound, Visit
from opium.modules.telegram_bot import bots
from opium.modules.telegram_bot.models import Bot
from opium.modules.telegram_bot.telegram import Blocked, Line, Me, Telegram, TelegramError, TooMany
from opium.modules.telegram_bot.telegram.pauses import Pauses
from opium.net.proxy import parse_proxy

PATIENCE = 25.0
"""Seconds after which a test message goes to nobody else."""


def who(here: Visit, token: str) -> Me:
    """The bot of this token, within 10 s; TelegramError if Telegram does not say."""
    with waiting():
        return bots.look_up(here.job(), here.account_id, token)


def look(here: Visit, token: str, key: bytes) -> Me | None:
    """The same for all who ask about `key`, shared while it is young; None without an answer."""

    def fetch() -> Me | None:
        try:
            return bots.look_up(here.job(), here.account_id, token)
        except TelegramError:
            return None

    live = current_app.extensions["opium.live"]
    found: Me | None = live.read(here.account_id, "telegram_bot", key, fetch=fetch)
    return found


def has_answered(here: Visit, bot_id: int) -> None:
    """A bot that answers is in no trouble: what was said of it ends, and those who wait for it
    begin anew."""
    job = here.job()
    with job.read() as db:
        accounts = bots.served(job, db, bot_id)
    for account_id in accounts:
        with suppress(NotFound), job.work(account_id) as work:  # gone in between
            if (bot := work.db.get(Bot, bot_id)) is not None:
                bot.trouble = None
            work.close_alert("poll")


def tell(here: Visit, token: str, people: Sequence[int], html: str) -> dict[int, str | None]:
    """Send a message to each. Who got it (None), or why he never will, is in the answer."""
    told: dict[int, str | None] = {}
    clock = here.job().clock
    end = clock.monotonic() + PATIENCE
    with waiting(), speaking(here, token) as telegram:
        for person in people:
            if clock.monotonic() > end:
                break
            try:
                telegram.send(person, html)
                told[person] = None
            except Blocked as exc:
                told[person] = str(exc)
            except TooMany:
                break  # whoever is next would be refused, too
            except TelegramError:
                continue
    return told


@contextmanager
def speaking(here: Visit, token: str) -> Iterator[Telegram]:
    """A connection of its own for this request: those of `bots` belong to other threads. Chats
    that shall be left in peace are the same for all."""
    job, proxy = here.job(), parse_proxy(here.settings.proxy)
    line = Line(job.config.telegram_url, job.clock, proxy, job.adapter)
    pauses = job.kept(f"pauses:{int(token.partition(':')[0])}", lambda: Pauses(job.clock))
    with closing(Telegram(token, line, pauses)) as telegram:
        yield telegram


def waiting() -> Any:
    """A place to wait for the outside; Unavailable if there is none."""
    return current_app.extensions["opium.live"].waiting.place("check")

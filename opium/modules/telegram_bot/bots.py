"""Which bots there are, whom they serve, and how to speak through them.

A bot is known by its id at Telegram, so that a token that several accounts share is one bot.
Clients are kept in memory, one per bot and purpose: a long poll holds its connection for half a
minute, and a full outbox may hold another, while a press is answered at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium.kit import Job, Refused, VaultError
from opium.modules.telegram_bot import config, whitelist
from opium.modules.telegram_bot.models import BotSetup, Listed
from opium.modules.telegram_bot.telegram import Line, Me, Pauses, Telegram
from opium.net.proxy import Proxy, parse_proxy

Purpose = Literal["poll", "send", "answer"]
_Known = tuple[str, Proxy | None, Telegram]
_Make = Callable[[], Telegram]


class NoBot(Refused):
    """The account has no bot."""


def client_of(job: Job, account_id: str, purpose: Purpose = "send") -> Telegram:
    """The bot of an account; NoBot if it has none."""
    with job.read() as db:
        row = db.get(BotSetup, account_id)
        bot_id = row.bot_id if row is not None and row.token_sealed is not None else None
    if bot_id is None:
        raise NoBot("This account has no bot.")
    return client(job, bot_id, purpose)


def client(job: Job, bot_id: int, purpose: Purpose) -> Telegram:
    """A bot by its id; NoBot if no account has it (any more)."""
    token = _token(job, bot_id)
    if token is None:
        raise NoBot("No account has this bot.")
    proxy = proxy_of(job, bot_id)
    kept = job.kept("clients", _Clients)
    return kept.get((bot_id, purpose), token, proxy, lambda: _made(job, bot_id, token, proxy))


def look_up(job: Job, account_id: str, token: str) -> Me:
    """Ask Telegram whose token this is, within ten seconds. Raises TelegramError."""
    found = _made(job, None, token, _proxy(job, account_id))
    try:
        return found.me()
    finally:
        found.close()


def bot_ids(job: Job) -> list[int]:
    """The bots of all accounts that have the module."""
    attached = set(job.accounts())
    with job.read() as db:
        rows = db.execute(
            select(BotSetup.account_id, BotSetup.bot_id).where(BotSetup.token_sealed.is_not(None))
        )
        return sorted({bot for account, bot in rows if account in attached and bot is not None})


def accounts_of(db: Session, bot_id: int) -> list[str]:
    """All accounts whose bot this is, also such that do not have the module now."""
    rows = select(BotSetup.account_id).where(
        BotSetup.bot_id == bot_id, BotSetup.token_sealed.is_not(None)
    )
    return list(db.scalars(rows.order_by(BotSetup.account_id)))


def served(job: Job, db: Session, bot_id: int) -> list[str]:
    """The accounts that this bot serves now."""
    attached = set(job.accounts())
    return [account for account in accounts_of(db, bot_id) if account in attached]


def listed(db: Session, account_id: str) -> list[Listed]:
    """Who may use the account's bot."""
    return whitelist.users(db, account_id)


def username_of(db: Session, bot_id: int) -> str | None:
    """The bot's name, which commands in groups may carry."""
    return db.scalar(select(BotSetup.username).where(BotSetup.bot_id == bot_id).limit(1))


def proxy_of(job: Job, bot_id: int) -> Proxy | None:
    """The proxy of the first of its accounts that has one."""
    with job.read() as db:
        accounts = served(job, db, bot_id)
    return next((found for a in accounts if (found := _proxy(job, a)) is not None), None)


def _proxy(job: Job, account_id: str) -> Proxy | None:
    return parse_proxy(job.settings(account_id).proxy)


def _token(job: Job, bot_id: int) -> str | None:
    with job.read() as db:
        rows = [db.get(BotSetup, account) for account in served(job, db, bot_id)]
        sealed = [(r.account_id, r.token_sealed) for r in rows if r and r.token_sealed]
    for account_id, secret in sealed:
        try:
            return job.vault.open(secret, config.context(account_id))
        except VaultError:
            continue
    return None


def _made(job: Job, bot_id: int | None, token: str, proxy: Proxy | None) -> Telegram:
    line = Line(job.config.telegram_url, job.clock, proxy, job.adapter)
    pauses = job.kept(f"pauses:{bot_id}", lambda: Pauses(job.clock))
    return Telegram(token, line, pauses)


class _Clients:
    """Clients by bot and purpose; one whose token or proxy changed is replaced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[int, Purpose], _Known] = {}

    def get(
        self, key: tuple[int, Purpose], token: str, proxy: Proxy | None, make: _Make
    ) -> Telegram:
        """The client that is kept, or a new one."""
        with self._lock:
            known = self._kept.get(key)
            if known is not None and known[:2] == (token, proxy):
                return known[2]
            made = make()
            self._kept[key] = (token, proxy, made)
        if known is not None:
            known[2].close()
        return made

    def end(self, which: Callable[[int, Purpose], bool]) -> None:
        """Close those; a long poll is cut, what is being sent may end."""
        with self._lock:
            gone = [key for key in self._kept if which(*key)]
            ended = {key: self._kept.pop(key)[2] for key in gone}
        for (_bot, purpose), found in ended.items():
            if purpose == "poll":
                found.cut()
            else:
                found.close()


def cut_polls(job: Job) -> None:
    """The server ends: nobody waits for news any more."""
    job.kept("clients", _Clients).end(lambda _bot, purpose: purpose == "poll")


def drop_all_but(job: Job, bots: Sequence[int]) -> None:
    """Close what speaks for other bots."""
    job.kept("clients", _Clients).end(lambda bot, _purpose: bot not in bots)

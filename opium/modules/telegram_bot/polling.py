"""Hearing from Telegram: one poller per bot, whose threads a task keeps alive.

`poll_once` is one whole step and needs no thread. With threads a bot has two: `hear` holds the
long poll and stores what comes, `do` carries it out, so that a slow effect delays no other bot
and no other update's storing.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import delete, select

from opium.kit import Job, NotFound
from opium.modules.telegram_bot import bots, commands, desk, inbox, module, rhythm
from opium.modules.telegram_bot.models import Bot, Nonce, Update
from opium.modules.telegram_bot.pollers import Pollers
from opium.modules.telegram_bot.telegram import Telegram, TelegramError
from opium.modules.telegram_bot.words import Words

log = logging.getLogger("opium.telegram_bot.polling")

SECONDS = 25
KEPT = timedelta(days=7)


@module.every(seconds=5, first_after=2)
def keep_polling(job: Job) -> None:
    """Start what is missing, end what is no longer wanted, replace what died."""
    wanted = bots.bot_ids(job)
    bots.drop_all_but(job, wanted)
    with job.read() as db:
        rows = {row.bot_id: row.trouble for row in db.scalars(select(Bot))}
    well = [bot_id for bot_id in wanted if rows.get(bot_id) is None]
    pollers(job).reconcile(job, wanted, well)


@module.every(seconds=3600, first_after=300)
def forget_updates(job: Job) -> None:
    """Updates and questions that are long over; Telegram itself keeps updates for a day."""
    before = job.now - KEPT
    for account in job.accounts()[:1]:
        with job.work(account) as work:
            work.db.execute(delete(Update).where(Update.at < before))
            work.db.execute(delete(Nonce).where(Nonce.expires_at < before))


def poll_once(job: Job, bot_id: int, timeout: int = 0) -> float:
    """Hear, store, carry out; seconds until it should be done again."""
    found = hear(job, bot_id, timeout)
    desk.carry_out(job, bot_id)
    return found


def hear(job: Job, bot_id: int, timeout: int) -> float:
    """One long poll; what came is stored. Seconds until the next."""
    failures = job.kept(f"failures:{bot_id}", _Count)
    client = bots.client(job, bot_id, "poll")
    try:
        raws = client.updates(inbox.offset(job, bot_id), timeout)
    except TelegramError as exc:
        if client.closed or bots.client(job, bot_id, "poll") is not client:
            return 0.0  # we ended it ourselves: another token or proxy is in force now
        failures.n += 1
        _trouble(job, bot_id, exc, failures.n)
        return rhythm.pause(exc, failures.n, job.random)
    failures.n = 0
    _well(job, bot_id)
    _introduce(job, bot_id, client)
    inbox.take_over(job, bot_id, raws)
    return 0.0


def pollers(job: Job) -> Pollers:
    """The threads of this process, which end with the server."""
    return job.kept("pollers", lambda: Pollers(hear, desk.carry_out, SECONDS))


class _Count:
    """Failures in a row of one bot."""

    def __init__(self) -> None:
        self.n = 0


def _introduce(job: Job, bot_id: int, client: Telegram) -> None:
    """Once per process: the commands that apps offer when "/" is typed."""
    done = job.kept("introduced", set[int])
    if bot_id in done:
        return
    done.add(bot_id)
    with job.read() as db:
        accounts = bots.served(job, db, bot_id)
    if not accounts:
        return
    words = Words(job.settings(accounts[0]).language)
    try:
        client.tell_commands([(name, words(f"command_{name}")) for name in commands.COMMANDS])
    except TelegramError as exc:
        log.info("Bot %d keeps its old list of commands: %s", bot_id, exc)


def _trouble(job: Job, bot_id: int, error: TelegramError, failures: int) -> None:
    """Write down why nothing is heard; an alert for each of its accounts when it is time."""
    with job.read() as db:
        accounts = bots.served(job, db, bot_id)
        row = db.get(Bot, bot_id)
        known = row.trouble if row is not None else None
    text = str(error)
    alarms = rhythm.alarms(error, failures)
    if failures == 1 or known != text:
        log.warning("Bot %d hears nothing: %s", bot_id, text)
    for n, account in enumerate(accounts):
        if known == text and not (alarms and failures <= rhythm.PATIENCE):
            return
        try:
            with job.work(account) as work:
                if n == 0:
                    found = inbox.bot_row(work.db, bot_id)
                    if found.trouble is None:
                        found.since = work.now
                    found.trouble = text
                if alarms:
                    work.alert("telegram", "poll", f"The Telegram bot cannot be steered: {text}")
        except NotFound:
            continue


def _well(job: Job, bot_id: int) -> None:
    """It is heard again: trouble and alerts end."""
    with job.read() as db:
        row = db.scalar(select(Bot).where(Bot.bot_id == bot_id, Bot.trouble.is_not(None)))
        accounts = bots.served(job, db, bot_id)
    if row is None:
        return
    log.info("Bot %d hears again", bot_id)
    for account in accounts:
        try:
            with job.work(account) as work:
                inbox.bot_row(work.db, bot_id).trouble = None
                work.close_alert("poll")
        except NotFound:
            continue

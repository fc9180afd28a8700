"""One try of a Steam job: what it starts from, and how its end is written down."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select

from opium.kit import Job, Refused
from opium.modules.steam_rent import accounts, choosing, proxies, release
from opium.modules.steam_rent.models import Game
from opium.modules.steam_rent.rows import CodeGiven, Rental, SteamAccount, SteamJob
from opium.modules.steam_rent.settings import effective
from opium.modules.steam_rent.steam import MaFile, Tokens
from opium.modules.steam_rent.steam import errors as trouble

log = logging.getLogger("opium.steam_rent")

DELAYS = (60, 300, 900)
"""Seconds before the next try (contract 10.4); after the last one, `LATER`."""
LATER = 1800
SELDOM = (3600,)
"""After two wrong passwords: not more than three in an hour (protocol 13.3)."""
LONG = timedelta(hours=1)
"""A release that takes longer is told to a person, whatever the reason."""


class NoMaFile(trouble.SteamError):
    """Password change and sign-out need the account's maFile."""

    def __init__(self) -> None:
        super().__init__("The account has no maFile, which password change and sign-out need.")


class NeitherPassword(trouble.SteamError):
    """After a lost answer Steam takes neither the new nor the old password."""

    def __init__(self) -> None:
        super().__init__(
            "Steam takes neither the new nor the old password; both are kept, look by hand."
        )


FAILURES = (trouble.SteamError, choosing.NoProxy)
HOPELESS = (
    NoMaFile,
    trouble.WrongCode,
    trouble.GuardMissing,
    trouble.WrongAccount,
    trouble.Locked,
    trouble.CannotChange,
    trouble.BadMaFile,
)
"""What another try would not mend: a person must act first."""


@dataclass(frozen=True, slots=True)
class Task:
    """A job as it was read at the beginning of a try. Secrets do not show."""

    job_id: int
    account_id: str
    steam_account: int
    name: str
    login: str
    kind: str
    state: str
    change_password: bool
    kick_devices: bool
    tries: int
    password: str = field(repr=False)
    candidate: str | None = field(repr=False)
    history: tuple[str, ...] = field(repr=False)
    mafile: MaFile | None = field(repr=False)
    tokens: Tokens | None = field(repr=False)
    proxy_settings: choosing.Settings | None
    proxies: proxies.Stock
    last_code_at: datetime | None


def load(place: Job, job_id: int) -> Task | None:
    """The job with all it needs. A job found `sending` was cut short: its outcome is unknown."""
    with place.read() as db:
        job = db.get(SteamJob, job_id)
        if job is None or job.state in release.ENDED:
            return None
        account_id, cut_short = job.account_id, job.state == "sending"
    if cut_short:
        move(place, account_id, job_id, "unknown")
    with place.read() as db:
        job = db.get_one(SteamJob, job_id)
        account = db.get_one(SteamAccount, job.steam_account)
        rental = db.get(Rental, account.rental_id) if account.rental_id else None
        game = (
            db.scalar(
                select(Game).where(
                    Game.account_id == job.account_id, Game.game_id == rental.game_id
                )
            )
            if rental
            else None
        )
        last_code = db.scalar(
            select(func.max(CodeGiven.window)).where(
                CodeGiven.steam_account == account.id, CodeGiven.taken_by != "opium"
            )
        )
        return Task(
            job_id=job.id,
            account_id=job.account_id,
            steam_account=account.id,
            name=account.name,
            login=account.login,
            kind=job.kind,
            state=job.state,
            change_password=job.change_password,
            kick_devices=job.kick_devices,
            tries=job.tries,
            password=accounts.password_of(place.vault, account),
            candidate=accounts.candidate_of(place.vault, account),
            history=tuple(accounts.history_of(place.vault, account)),
            mafile=_mafile(place, account),
            tokens=accounts.tokens_of(place.vault, account),
            proxy_settings=choosing.in_force(game.proxy if game else None, account.proxy),
            proxies=proxies.stock(db, place.vault),
            last_code_at=None
            if last_code is None
            else datetime.fromtimestamp((last_code + 1) * 30, tz=place.now.tzinfo),
        )


def move(place: Job, account_id: str, job_id: int, state: str) -> None:
    """Write down how far a job has come."""
    with place.work(account_id) as work:
        job = work.db.get_one(SteamJob, job_id)
        if job.state != state:
            job.state = state
            job.old_right = 0


def keep_tokens(place: Job, task: Task, tokens: Tokens) -> None:
    """Store a new session before it is used, so that it is never lost (protocol 6)."""
    with place.work(task.account_id) as work:
        account = work.db.get_one(SteamAccount, task.steam_account)
        accounts.store_tokens(place.vault, account, tokens)


def failed(place: Job, task: Task, exc: Exception) -> None:
    """The try came to nothing: when the next one is, and who must know."""
    reason = str(exc)
    log.warning("[%s] Steam account %s: %s", task.account_id, task.name, reason)
    with place.work(task.account_id) as work:
        job = work.db.get_one(SteamJob, task.job_id)
        account = work.db.get_one(SteamAccount, task.steam_account)
        job.error = account.last_error = reason
        if job.kind != "release" and job.state == "open":
            job.state, job.ended_at = "dropped", work.now  # the person hears of it and decides
            return
        if job.state == "sending":
            job.state = "unknown"
        if isinstance(exc, trouble.Throttled):  # our own patience: no try was made
            wait = (exc.wait + 1) * place.config.steam_pace
        else:
            job.tries += 1
            delays = SELDOM if isinstance(exc, NeitherPassword) else (*DELAYS, LATER)
            wait = delays[min(job.tries, len(delays)) - 1] * place.config.steam_pace
        job.next_at = work.now + timedelta(seconds=wait)
        wrong_twice = isinstance(exc, (trouble.WrongPassword, NeitherPassword)) and job.tries > 1
        job.stopped = isinstance(exc, HOPELESS) or wrong_twice
        late = work.now - job.created_at > LONG
        if job.stopped or late or job.tries > effective(work).release_retries:
            release.give_up(work, account, reason)


def _mafile(place: Job, account: SteamAccount) -> MaFile | None:
    try:
        return accounts.mafile_of(place.vault, account)
    except Refused:
        return None


class SpentWindows:
    """Guard windows of one account, as `steam.Windows` asks for them."""

    def __init__(self, place: Job, task: Task) -> None:
        self._place, self._task = place, task

    def take(self, window: int) -> bool:
        """Claim a window for our own sign-in; False if it is spent."""
        with self._place.work(self._task.account_id) as work:
            key = (self._task.steam_account, window)
            if work.db.get(CodeGiven, key) is not None:
                return False
            work.db.add(
                CodeGiven(steam_account=key[0], window=window, taken_by="opium", at=work.now)
            )
            return True

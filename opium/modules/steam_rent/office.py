"""Where Steam jobs are carried out: one at a time per account, several accounts at once.

What must survive the process is in the rows of `SteamJob`; what all jobs share while it lives is
here: Steam's clock, the pace of each exit address, and who is being worked on.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from random import SystemRandom

from sqlalchemy import or_, select

from opium.kit import Job, NotFound
from opium.modules.steam_rent import carrying, choosing, keepsake, operation, release
from opium.modules.steam_rent.health import health
from opium.modules.steam_rent.rows import SteamJob
from opium.modules.steam_rent.steam import Endpoints, Options, ServerTime, Steam, Throttle
from opium.modules.steam_rent.steam.api import WebApi
from opium.modules.steam_rent.steam.errors import SteamError
from opium.modules.steam_rent.steam.http import Http

log = logging.getLogger("opium.steam_rent")

AT_ONCE = 4
"""Accounts worked on at the same time; each waits for Steam most of the while."""
LOOK_EVERY = 1.0
"""Seconds between two looks for what has become due while jobs are under way."""
AGAIN_AFTER = 5.0
"""Seconds; whatever its row says, a job is not tried faster."""


class Office:
    """The workplace of one process; get it with `office(job)`."""

    def __init__(self, place: Job) -> None:
        config = place.config
        self._place = place
        self._endpoints = Endpoints(
            api=config.steam_api_url,
            community=config.steam_community_url,
            store=config.steam_store_url,
            help=config.steam_help_url,
            login=config.steam_login_url,
        )
        self._time = place.kept("time", lambda: ServerTime(place.clock))
        self._throttle = Throttle(place.clock, config.steam_pace)
        self._options = Options(pace=config.steam_pace)
        self._health = health(place)
        self._pool: ThreadPoolExecutor | None = None
        self._busy: dict[int, threading.Event] = {}
        self._lock = threading.Lock()
        self._compared = False

    def learn_time(self) -> None:
        """Ask for Steam's time when what we know is old; codes for tenants depend on it."""
        http = Http(
            self._endpoints,
            clock=self._place.clock,
            throttle=self._throttle,
            wait=self._place.wait,
            adapter=self._place.adapter,
        )
        try:
            WebApi(http, self._time).sync()
        finally:
            http.close()

    def run_due(self) -> None:
        """Carry out all jobs whose time has come, and those whose time comes meanwhile: none waits
        for a slow one. Returns when none is under way."""
        if not self._compared:
            keepsake.compare(self._place)
            self._compared = True
        tried: dict[int, float] = {}
        under_way: dict[Future[None], int] = {}
        while True:
            now = self._place.clock.monotonic()
            for job_id in self._due():
                rested = now - tried.get(job_id, float("-inf")) >= AGAIN_AFTER
                if rested and job_id not in under_way.values():
                    tried[job_id] = now
                    under_way[self.submit(job_id)] = job_id
            if not under_way:
                return
            for future in wait(under_way, LOOK_EVERY, FIRST_COMPLETED).done:
                del under_way[future]
                future.result()

    def submit(self, job_id: int) -> Future[None]:
        """Begin a job in a thread of its own."""
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="steam")
            return self._pool.submit(self.run, job_id)

    def run(self, job_id: int) -> None:
        """One try of a job, its end is in the rows; if it is under way already, wait for that."""
        with self._lock:
            under_way = self._busy.get(job_id)
            if under_way is None:
                self._busy[job_id] = threading.Event()
        if under_way is not None:
            under_way.wait()
            return
        try:
            self._try(job_id)
        finally:
            with self._lock:
                self._busy.pop(job_id).set()

    def _try(self, job_id: int) -> None:
        task = operation.load(self._place, job_id)
        if task is None:
            return
        try:
            with self._steam(task) as steam:
                carrying.carry(self._place, task, steam)
        except operation.FAILURES as exc:
            operation.failed(self._place, task, exc)
        except NotFound:
            log.warning("Steam account %s belongs to nobody any more", task.name)
        except Exception:
            log.exception("[%s] A Steam job failed", task.account_id)
            operation.failed(self._place, task, SteamError("An internal error; see the log."))

    def _steam(self, task: operation.Task) -> Steam:
        if task.mafile is None:
            raise operation.NoMaFile
        proxy = choosing.choose(
            task.proxy_settings,
            task.proxies,
            self._health.is_good,
            SystemRandom(),
            check=self._health.is_good_now,
        )
        return Steam(
            self._endpoints,
            task.login,
            task.mafile,
            proxy=proxy,
            clock=self._place.clock,
            windows=operation.SpentWindows(self._place, task),
            throttle=self._throttle,
            tokens=task.tokens,
            keep_tokens=lambda tokens: operation.keep_tokens(self._place, task, tokens),
            time=self._time,
            options=self._options,
            wait=self._place.wait,
            adapter=self._place.adapter,
        )

    def _due(self) -> list[int]:
        with self._place.read() as db:
            rows = (
                select(SteamJob.id)
                .where(
                    SteamJob.state.not_in(release.ENDED),
                    ~SteamJob.stopped,
                    or_(SteamJob.next_at.is_(None), SteamJob.next_at <= self._place.now),
                )
                .order_by(SteamJob.id)
            )
            return list(db.scalars(rows))


def office(place: Job) -> Office:
    """The process's office."""
    return place.kept("office", lambda: Office(place))

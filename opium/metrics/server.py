"""The process, its threads, its disk, and the accounts as they are now; no query is asked."""

from __future__ import annotations

import os
import resource
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from opium import __version__
from opium.accounts import Accounts
from opium.backup import names
from opium.backup.restoring import BACKUPS
from opium.metrics.figures import Figure
from opium.tools import Tools
from opium.workers.registry import Registry
from opium.workers.status import State

STATES: tuple[str, ...] = get_args(State)
BORN = time.time()


def accounts(tools: Tools, known: Accounts, registry: Registry) -> Iterator[Figure]:
    """States, threads, and how long ago FunPay was last heard of."""
    infos = known.list()
    states = Counter(info.state for info in infos)
    for state in STATES:
        yield Figure("opium_accounts", "Accounts by state.", states[state], {"state": state})
    for info in infos:
        for state in STATES:
            labels = {"account": info.account_id, "state": state}
            text = "1 for the state that the account is in."
            yield Figure("opium_account_state", text, info.state == state, labels)
    for info in infos:
        age = tools.counters.since_poll(info.account_id)
        if age is not None:
            text = "Seconds since the last good poll; missing until there was one."
            labels = {"account": info.account_id}
            yield Figure("opium_account_last_poll_age_seconds", text, age, labels)
    workers = [registry.worker(info.account_id) for info in infos]
    alive = sum(worker is not None and worker.is_alive() for worker in workers)
    yield Figure("opium_workers_alive", "Accounts whose thread lives.", alive)


def server(tools: Tools, silences: Mapping[str, float]) -> Iterator[Figure]:
    """Version, threads, log, disk, database and copies."""
    yield Figure("opium_build_info", "Always 1.", 1, {"version": __version__})
    yield Figure("opium_threads", "Threads of the process.", threading.active_count())
    for part, seconds in silences.items():
        text = "Seconds since a part last proved that it lives; database: how long one writes."
        yield Figure("opium_silence_seconds", text, seconds, {"part": part})
    lost = tools.lines.lost if tools.lines is not None else 0
    text = "Log records that could not be kept or written."
    yield Figure("opium_log_records_lost_total", text, lost)
    yield Figure("opium_disk_free_bytes", "Room on the disk of the folder.", tools.disk.free)
    for part, suffix in (("database", ""), ("log", "-wal")):
        size = _size(Path(f"{tools.db.path}{suffix}"))
        text = "Size of the database and of its write-ahead log."
        yield Figure("opium_database_bytes", text, size, {"part": part})
    copies = names.in_folder(tools.config.instance / BACKUPS)
    yield Figure("opium_backups", "Copies of the database that are kept.", len(copies))
    if copies:
        age = (tools.clock.now() - copies[-1][0].at).total_seconds()
        text = "Age of the newest copy; missing while there is none."
        yield Figure("opium_backup_age_seconds", text, age)


def process() -> Iterator[Figure]:
    """Under the names that everybody's dashboards know.

    Prometheus' own collector gives nothing under our unit: it asks for /proc/stat first, which
    `ProcSubset=pid` hides.
    """
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    memory = pages * resource.getpagesize()
    yield Figure("process_resident_memory_bytes", "Resident memory.", memory)
    yield Figure("process_cpu_seconds_total", "Processor time used.", time.process_time())
    yield Figure("process_start_time_seconds", "UNIX time of the start.", BORN)
    yield Figure("process_open_fds", "Open files.", len(os.listdir("/proc/self/fd")))
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    yield Figure("process_max_fds", "Most files that may be open.", limit)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0

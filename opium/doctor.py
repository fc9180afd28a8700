"""`python app.py doctor`: what is wrong, in words, and what to do about it.

It only reads, beside the running server or without one; nothing is repaired behind your back.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from opium import module
from opium.backup import copies, names
from opium.backup.disk import MIB, free_bytes
from opium.backup.restoring import BACKUPS
from opium.config import Config
from opium.core import DATABASE
from opium.db.migrate import CORE, Branch
from opium.logs import broken_link, security_lines
from opium.security import audit
from opium.vault import CANARY, CANARY_CONTEXT, Vault, VaultError, load_keys

SHOWN = 5
"""Rows of a kind that are named; the rest is counted."""

OLD_BACKUP = timedelta(hours=3)
FUTURE = timedelta(minutes=5)
UNIT = Path("/etc/systemd/system/opium.service")
HOME = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: `well`, or what to do."""

    well: bool
    what: str
    text: str


def report(findings: list[Finding]) -> str:
    """The findings as aligned lines, and a last one that sums them up."""
    width = max(len(finding.what) for finding in findings)
    lines = [f"{'ok' if f.well else '!!'}  {f.what:{width}}  {f.text}" for f in findings]
    bad = sum(not finding.well for finding in findings)
    return "\n".join([*lines, "All is well." if not bad else f"{bad} of {len(findings)} need you."])


def examine(config: Config, now: datetime | None = None) -> list[Finding]:
    """Look at everything; one look that fails is a finding of its own."""
    now = now or datetime.now(UTC)
    found: list[Finding] = []
    for what, look in _looks(config, now):
        try:
            found += [Finding(well, what, text) for well, text in look()]
        except (OSError, sqlite3.Error) as exc:
            found.append(Finding(False, what, f"cannot be looked at: {exc}"))
    return found


Look = Callable[[], Iterator[tuple[bool, str]]]


def _looks(config: Config, now: datetime) -> list[tuple[str, Look]]:
    path = config.instance / DATABASE
    looks: list[tuple[str, Look]] = [
        ("folder", lambda: _folder(config.instance)),
        ("settings", lambda: _settings(config)),
        ("disk", lambda: _disk(config)),
        ("modules", lambda: _modules()),
        ("service", lambda: _service(UNIT)),
    ]
    if not os.access(config.instance, os.W_OK):
        return looks  # SQLite would call a database damaged that it may only not open
    if not path.exists() or path.stat().st_size == 0:
        return [*looks, ("database", lambda: iter([(True, "none yet: the first start makes it")]))]
    return [
        *looks,
        ("database", lambda: _database(path)),
        ("data key", lambda: _data_key(config, path)),
        ("schema", lambda: _schema(path)),
        ("audit log", lambda: _audit(path)),
        ("security log", lambda: _security_log(config.instance / "logs")),
        ("backups", lambda: _backups(config.instance / BACKUPS, now)),
        ("clock", lambda: _clock(config.instance, now)),
        ("accounts", lambda: _accounts(path)),
        ("messages", lambda: _commands(path)),
        ("alerts", lambda: _alerts(path)),
    ]


def _folder(instance: Path) -> Iterator[tuple[bool, str]]:
    if not instance.is_dir():
        yield False, f"{instance} does not exist: start Opium once, or set OPIUM_INSTANCE"
        return
    loose = [
        path for path in (instance, *sorted(instance.rglob("*"))) if path.stat().st_mode & 0o077
    ]
    for path in loose[:SHOWN]:
        yield False, f"{path} is open to others: chmod go= {path}"
    if not os.access(instance, os.W_OK):
        yield False, f"{instance} cannot be written: its disk is read-only, or is another user's"
    elif not loose:
        yield True, f"{instance}, for its owner only"


def _settings(config: Config) -> Iterator[tuple[bool, str]]:
    wrong = []
    if not config.auth_enabled:
        wrong.append("OPIUM_AUTH_ENABLED is false: whoever reaches the port owns the shop")
    if config.socket is None and config.host not in HOME and not config.trusted_proxies:
        wrong.append(
            f"OPIUM_HOST is {config.host} without OPIUM_TRUSTED_PROXIES: passwords travel in the "
            "clear; listen on 127.0.0.1 behind a proxy with TLS"
        )
    if config.socket is not None and config.trusted_proxies != ("unix",):
        wrong.append("OPIUM_SOCKET is set: set OPIUM_TRUSTED_PROXIES=unix, or all look like one")
    if config.funpay_url != "https://funpay.com":
        wrong.append(f"OPIUM_FUNPAY_URL is {config.funpay_url}, not the real site")
    if not config.rate_limit_enabled:
        wrong.append("OPIUM_RATE_LIMIT_ENABLED is false: passwords can be guessed at full speed")
    if config.failpoint:
        wrong.append("OPIUM_FAILPOINT is set: the server ends itself there; unset it")
    if config.password_rounds < 100_000:
        wrong.append(f"OPIUM_PASSWORD_ROUNDS is {config.password_rounds}: use the default")
    yield from ((False, text) for text in wrong)
    if not wrong:
        yield True, "nothing unusual"


def _disk(config: Config) -> Iterator[tuple[bool, str]]:
    folder = config.instance if config.instance.exists() else config.instance.parent
    free = free_bytes(folder) // MIB
    if free < config.disk_stop_mib:
        yield False, f"{free} MiB left: nothing is sent; free some space"
    elif free < config.disk_alert_mib:
        yield False, f"{free} MiB left: free some space, below {config.disk_stop_mib} sends stop"
    else:
        yield True, f"{free} MiB left"


def _modules() -> Iterator[tuple[bool, str]]:
    found = module.find()
    for name, reason in found.broken.items():
        yield False, f"{name} cannot be used: {reason}"
    if not found.broken:
        yield True, ", ".join(found.ready)


def _service(unit: Path) -> Iterator[tuple[bool, str]]:
    """Nothing is said of a machine without the unit: not everybody uses systemd."""
    if not unit.exists():
        return
    lines = unit.read_text(encoding="utf-8").splitlines()
    if "Type=notify" in lines and any(line.startswith("WatchdogSec=") for line in lines):
        yield True, "systemd watches over it"
    else:
        yield (
            False,
            (
                f"{unit} is of an older version, so systemd does not notice when Opium hangs: copy "
                "opium.service there, then systemctl daemon-reload and restart it"
            ),
        )


def _database(path: Path) -> Iterator[tuple[bool, str]]:
    advice = "stop the service and restore a backup: python app.py restore latest"
    try:
        with closing(copies.open_read_only(path)) as db:
            verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as exc:
        verdict = exc
    if str(verdict) == "ok":
        yield True, f"{path.stat().st_size // 1024} KiB, undamaged"
    else:
        yield False, f"damaged ({' '.join(str(verdict).split())}): {advice}"


def _data_key(config: Config, path: Path) -> Iterator[tuple[bool, str]]:
    proof = _rows(path, "SELECT value FROM settings WHERE key=?", CANARY)
    given = config.data_key.get_secret_value() if config.data_key else None
    try:
        keys = load_keys(config.instance, given, may_create=False)
        vault = Vault(keys)
        if proof:
            vault.open(proof[0][0].encode(), CANARY_CONTEXT)
    except VaultError as exc:
        yield False, f"does not fit the database: put the right data.key back ({exc})"
        return
    if len(keys) > 1:
        yield False, f"{len(keys)} keys: stop the service and run python app.py keys rotate"
    else:
        yield True, "fits the database"


def _schema(path: Path) -> Iterator[tuple[bool, str]]:
    ready = module.find().ready.values()
    branches = [CORE, *(Branch(m.name, m.migrations) for m in ready if m.migrations)]
    well = True
    for branch in branches:
        try:
            rows = _rows(path, f"SELECT version_num FROM {branch.version_table}")  # noqa: S608 our name
        except sqlite3.OperationalError:
            rows = []
        stored, head = (rows[0][0] if rows else None), branch.head
        if stored is not None and head is not None and stored > head:
            well = False
            yield False, f"{stored} is newer than this version knows ({head}): update Opium"
        elif stored != head:
            well = False
            yield False, f"{branch.name} is at {stored or 'none'}, not {head}: restart the service"
    if well:
        yield True, f"up to date ({CORE.head})"


def _audit(path: Path) -> Iterator[tuple[bool, str]]:
    engine = create_engine("sqlite://", creator=lambda: copies.open_read_only(path))
    try:
        with Session(engine) as session:
            broken, rows = audit.verify(session), session.scalar(audit.COUNT) or 0
    except DatabaseError as exc:
        raise sqlite3.DatabaseError(str(exc.orig)) from None
    finally:
        engine.dispose()
    if broken is None:
        yield True, f"{rows} rows, the chain holds"
    else:
        yield False, _gap(f"row {broken}" if broken else "its newest rows")


def _security_log(folder: Path) -> Iterator[tuple[bool, str]]:
    broken = broken_link(security_lines(folder))
    if broken is None:
        yield True, f"{sum(1 for _ in security_lines(folder))} lines, the chain holds"
    else:
        yield False, _gap(f"line {broken + 1}")


def _gap(where: str) -> str:
    return f"was changed or cut at {where}: compare it with a backup, and change your password"


def _backups(folder: Path, now: datetime) -> Iterator[tuple[bool, str]]:
    found = names.in_folder(folder)
    if not found:
        yield False, "there are none: python app.py backup"
        return
    name, path = found[-1]
    age = now - name.at
    try:
        rows = sum(copies.check(path).values())
    except copies.CopyError as exc:
        yield False, f"the newest cannot be used: {exc} Make one: python app.py backup"
        return
    if age > OLD_BACKUP:
        yield False, f"the newest is {_words(age)} old: start the service, or see its log"
    else:
        yield True, f"{len(found)}; the newest is {_words(age)} old and good ({rows} rows)"


def _clock(instance: Path, now: datetime) -> Iterator[tuple[bool, str]]:
    files = [path for path in instance.iterdir() if path.is_file()]
    newest = max((path.stat().st_mtime for path in files), default=0.0)
    ahead = datetime.fromtimestamp(newest, UTC) - now
    if ahead > FUTURE:
        yield False, f"files are {_words(ahead)} in the future: set the clock (timedatectl)"
    else:
        yield True, f"{now:%Y-%m-%d %H:%M} UTC"


def _accounts(path: Path) -> Iterator[tuple[bool, str]]:
    rows = _rows(path, "SELECT id, enabled FROM accounts WHERE NOT deleted ORDER BY id")
    troubled = _rows(
        path,
        "SELECT account_id, text FROM alerts WHERE closed_at IS NULL AND kind IN ('signed_out', "
        "'unreachable', 'limited', 'duplicate', 'stuck', 'page_changed') ORDER BY id",
    )
    yield from _some(troubled, lambda row: f"{row[0]}: {row[1]}")
    if not troubled:
        running = sum(bool(row[1]) for row in rows)
        yield True, f"{len(rows)}, {running} of them switched on, none in trouble"


def _commands(path: Path) -> Iterator[tuple[bool, str]]:
    rows = _rows(
        path,
        "SELECT id, account_id, kind, state, order_id, reason FROM commands "
        "WHERE state IN ('held', 'unknown') ORDER BY id",
    )
    yield from _some(
        rows,
        lambda row: (
            f"{row[1]}: {row[2]} {row[0]}{f' of order {row[4]}' if row[4] else ''} is {row[3]} "
            f"({row[5] or 'no reason'}): "
            + ("being checked" if row[3] == "unknown" else f"POST /api/commands/{row[0]}/resolve")
        ),
    )
    if not rows:
        yield True, "none is held or unknown"


def _alerts(path: Path) -> Iterator[tuple[bool, str]]:
    rows = _rows(
        path, "SELECT kind, account_id, text FROM alerts WHERE closed_at IS NULL ORDER BY id"
    )
    yield from _some(rows, lambda row: f"{row[1] or 'server'} ({row[0]}): {row[2]}")
    if not rows:
        yield True, "none is open"


def _some(
    rows: list[tuple[str, ...]], text: Callable[[tuple[str, ...]], str]
) -> Iterator[tuple[bool, str]]:
    for row in rows[:SHOWN]:
        yield False, text(row)
    if len(rows) > SHOWN:
        yield False, f"and {len(rows) - SHOWN} more"


def _rows(path: Path, sql: str, *values: str) -> list[tuple[str, ...]]:
    with closing(copies.open_read_only(path)) as db:
        return db.execute(sql, values).fetchall()


def _words(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"

"""What was done stays written down: the audit log and the security log (S16, reliability 8.7)."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from web_cast import KEY, SHOP, Web

from opium import doctor, logs
from opium.config import ROOT, Config
from opium.db.tables import AuditEntry
from opium.logs import Brake, broken_link, files, redact, redaction, security_lines
from opium.logs.files import SecurityFile, security_files
from opium.logs.lines import ChainedLines
from opium.security import audit, events
from opium.security.events import NOISY, PER_MINUTE, note

FIGURES = "prometheus-reads-0123"
MAY = datetime(2026, 5, 20, tzinfo=UTC)


def said(web: Web, what: str) -> list[doctor.Finding]:
    return [finding for finding in doctor.examine(web.config) if finding.what == what]


def test_what_the_server_knows_is_hidden_whatever_stands_around_it(
    make_web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S1: keys and tokens of ours in any line, of a new account and after a restart."""
    monkeypatch.setattr(redaction, "_secrets", redaction.Secrets())
    web: Web = make_web(metrics_token=FIGURES)
    web.register()
    golden_key = web.core.accounts.config("my_shop").golden_key
    for _ in range(2):
        for secret in (golden_key, KEY, FIGURES):
            assert redact(f"sent {secret} twice") == "sent *** twice"
        monkeypatch.setattr(redaction, "_secrets", redaction.Secrets())
        web.restart()


def test_the_doctor_follows_the_chain_of_the_audit_log(web: Web) -> None:
    """S16: a row that was changed or removed is found by `python app.py doctor`."""
    web.register()
    (good,) = said(web, "audit log")
    assert good.well
    assert good.text.endswith("rows, the chain holds")
    spoils = [
        update(AuditEntry).where(AuditEntry.id == 2).values(actor="somebody"),
        delete(AuditEntry).where(AuditEntry.id == 2),
    ]
    for spoil in spoils:
        with web.db.write() as session:
            session.execute(spoil)
        (bad,) = said(web, "audit log")
        assert not bad.well
        assert "was changed or cut at row" in bad.text


def test_the_doctor_sees_that_the_newest_rows_are_gone(web: Web) -> None:
    """S16: the chain alone would still hold."""
    web.register()
    with web.db.write() as session:
        newest = session.scalars(select(AuditEntry.id).order_by(AuditEntry.id.desc())).first()
        session.execute(delete(AuditEntry).where(AuditEntry.id == newest))
    (bad,) = said(web, "audit log")
    assert "its newest rows" in bad.text


def test_the_doctor_follows_the_chain_of_the_security_log(web: Web) -> None:
    """S16: over all files of it."""
    folder = web.config.instance / "logs"
    folder.mkdir(exist_ok=True)
    writer = SecurityFile(folder)
    writer.setFormatter(ChainedLines(folder))
    for n in range(3):
        writer.emit(record("TEST", MAY + timedelta(days=n)))
    writer.close()
    (good,) = said(web, "security log")
    assert (good.well, good.text) == (True, "3 lines, the chain holds")
    path = folder / "security.log"
    path.write_text(path.read_text().replace("TEST 21", "TEST 99"))
    (bad,) = said(web, "security log")
    assert (bad.well, "line 3" in bad.text) == (False, True)


def record(text: str, at: datetime) -> logging.LogRecord:
    line = json.dumps({"event": f"{text} {at.day}"})
    made = logging.LogRecord("opium.security", logging.INFO, "", 0, "%s", (line,), None)
    made.created = at.timestamp()
    return made


def write(folder: Path, moments: list[datetime], *, restarts: bool = False) -> None:
    """One event at each of these moments; the file is as old as its last event."""
    writer: SecurityFile | None = None
    for at in moments:
        if writer is None or restarts:
            if writer is not None:
                writer.close()
            writer = SecurityFile(folder)
            writer.setFormatter(ChainedLines(folder))
        writer.emit(record("EVENT", at))
        os.utime(folder / "security.log", (at.timestamp(), at.timestamp()))
    if writer is not None:
        writer.close()


@pytest.mark.parametrize("restarts", [False, True])
def test_a_year_is_kept_in_monthly_files_and_the_chain_goes_through(
    tmp_path: Path, restarts: bool
) -> None:
    """8.7: older files go, and what is left still verifies."""
    moments = [MAY + timedelta(days=5 * n) for n in range(90)]
    write(tmp_path, moments, restarts=restarts)
    lines = list(security_lines(tmp_path))
    assert broken_link(lines) is None
    assert json.loads(lines[0])["previous"] != ""
    assert 73 <= len(lines) < 90
    assert len(security_files(tmp_path)) in (13, 14)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert broken_link([*lines[:20], *lines[21:]]) == 20


def test_a_flood_of_events_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """8.7: the disk is not filled; the oldest files go first, and the chain holds."""
    monkeypatch.setattr(files, "SECURITY_BYTES", 500)
    monkeypatch.setattr(files, "SECURITY_FILES", 4)
    write(tmp_path, [MAY + timedelta(seconds=n) for n in range(200)])
    assert len(security_files(tmp_path)) <= 4
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 4 * 700
    lines = list(security_lines(tmp_path))
    assert len(lines) > 5
    assert broken_link(lines) is None


def test_a_line_that_a_power_cut_tore_spoils_no_other(tmp_path: Path) -> None:
    """8.7: the next one stands on a line of its own."""
    write(tmp_path, [MAY])
    with (tmp_path / "security.log").open("a") as file:
        file.write('{"event": "torn')
    write(tmp_path, [MAY + timedelta(days=1), MAY + timedelta(days=2)])
    lines = list(security_lines(tmp_path))
    assert len(lines) == 4
    assert broken_link(lines) == 1
    assert broken_link(lines[1:]) is None


def test_strangers_cannot_push_a_year_of_events_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """8.7: of what anybody can cause, a few lines a minute, then how many more."""
    running = logs.set_up(Config.load(_env_file=None, instance=tmp_path), console=False)
    minute = [MAY]

    class Now(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return minute[0]

    monkeypatch.setattr(events, "datetime", Now)
    monkeypatch.setattr(events, "_brake", Brake(PER_MINUTE))
    for event in sorted(NOISY):
        for _ in range(500):
            note(event)
    note("LOGIN_FAILED")
    minute[0] += timedelta(minutes=1)
    note("RATE_LIMITED")
    assert running.flush(10)
    running.close()
    lines = [json.loads(line) for line in security_lines(tmp_path / "logs")]
    assert len(lines) == PER_MINUTE * len(NOISY) + 2
    assert lines[-1]["metadata"] == {"more": 500 - PER_MINUTE}


def test_every_audit_row_is_a_line_of_the_security_log(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    """8.7: who, target and result; and nothing for what was undone."""
    web.register()
    caplog.clear()
    with caplog.at_level(logging.INFO, "opium.security"):
        web.ok("GET", f"{SHOP}/config")
        web.ok("PATCH", f"{SHOP}/config", {"disable_orders": True})
        web.call("POST", "/api/auth/logout", token=web.token)
        with pytest.raises(RuntimeError):
            undone(web)
    found = [json.loads(r.getMessage()) for r in caplog.records if r.name == "opium.security"]
    assert [line["event"] for line in found] == [
        "SECRET_REVEALED",
        "CONFIG_CHANGED",
        "SECRET_REVEALED",
        "SIGN_OUT",
    ]
    changed = found[1]
    assert (changed["username"], changed["ip"]) == ("admin", "203.0.113.7")
    assert changed["metadata"] == {"target": "my_shop", "result": "disable_orders"}


def undone(web: Web) -> None:
    with web.db.write() as session:
        audit.record(session, "admin", "UNDONE", "x", "ok", "")
        raise RuntimeError


def command(folder: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPIUM_")}
    run = subprocess.run(
        [sys.executable, "app.py", *words],
        cwd=ROOT,
        env={**kept, "OPIUM_INSTANCE": str(folder), "OPIUM_PASSWORD_ROUNDS": "1000"},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        umask=0o022,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run


@pytest.mark.system
def test_commands_beside_the_server_leave_their_rows_and_closed_files(tmp_path: Path) -> None:
    """8.7, S10: passwd, backup and restore, whatever the umask of the person."""
    folder, word = tmp_path / "instance", "long secret words"
    command(folder, "passwd", typed=f"{word}\n{word}\n")
    command(folder, "backup")
    command(folder, "restore", "latest")
    with closing(sqlite3.connect(folder / "opium.db")) as db:
        rows = db.execute("SELECT actor, action, result FROM audit ORDER BY id").fetchall()
    (aside,) = (folder / "set-aside").glob("*/opium.db")
    with closing(sqlite3.connect(aside)) as db:
        former = db.execute("SELECT action FROM audit ORDER BY id").fetchall()
    assert former == [("PASSWORD_SET",), ("BACKUP",)]
    # The copy was made before its own row.
    assert rows == [("command line", "PASSWORD_SET", "ok"), ("command line", "RESTORE", "ok")]
    open_to_others = [path for path in folder.rglob("*") if path.stat().st_mode & 0o077]
    assert open_to_others == []

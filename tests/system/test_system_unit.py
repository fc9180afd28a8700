"""The systemd unit, and what the server tells systemd."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chaos.processes import ROOT, Server, environment, until

from opium import doctor
from opium.config import Config
from opium.notify import Systemd, status
from opium.watchdog import AGAIN, SILENT, Watchdog

UNIT = ROOT / "opium.service"

# Typed from the design of the unit; `LoadCredential` is an example in docs/install.md instead.
WANTED = """\
After=network-online.target time-sync.target
Type=notify
NotifyAccess=main
Restart=always
RestartSec=5
RestartPreventExitStatus=78
StartLimitIntervalSec=0
WatchdogSec=90
TimeoutStopSec=45
KillMode=mixed
User=opium
UMask=0077
ReadWritePaths=/opt/opium/instance
MemoryMax=700M
TasksMax=256
LimitNOFILE=8192
LimitCORE=0
OOMPolicy=stop
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
PrivateMounts=yes
PrivateIPC=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
KeyringMode=private
DevicePolicy=closed
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
IPAddressDeny=link-local multicast
""".splitlines()


# --- the unit


@pytest.mark.parametrize("option", WANTED)
def test_the_unit_has_every_option_that_it_should(option: str) -> None:
    assert option in UNIT.read_text(encoding="utf-8").splitlines()


def test_the_start_limit_stands_where_systemd_reads_it() -> None:
    unit = UNIT.read_text(encoding="utf-8")
    assert "StartLimitIntervalSec" in unit.split("[Service]")[0]


def test_the_unit_may_talk_to_systemd_s_socket() -> None:
    (families,) = re.findall(r"^RestrictAddressFamilies=(.*)$", UNIT.read_text(), re.M)
    assert "AF_UNIX" in families.split()


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have systemd-analyze: see .ci/run")
        pytest.skip("systemd-analyze is not on this machine")
    return subprocess.run(
        [tool, *words],
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.system
def test_the_unit_is_locked_down() -> None:
    run = analyze("security", "--offline=true", "--threshold=15", str(UNIT))
    assert run.returncode == 0, run.stdout[-500:] + run.stderr


@pytest.mark.system
def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    """What stands elsewhere on a real machine is put where this one has it."""
    unit = tmp_path / "opium.service"
    text = UNIT.read_text(encoding="utf-8")
    text = text.replace("/opt/opium/.venv/bin/python", sys.executable)
    unit.write_text(text.replace("file:/opt/opium", f"file:{ROOT}"), encoding="utf-8")
    run = analyze("verify", "--man=no", "--recursive-errors=no", str(unit))
    about_us = [line for line in run.stderr.splitlines() if "opium.service" in line]
    assert (run.returncode, about_us) == (0, [])


@pytest.mark.parametrize(
    ("unit", "well"),
    [(UNIT.read_text(encoding="utf-8"), True), ("[Service]\nType=simple\n", False)],
    ids=["of today", "of before"],
)
def test_the_doctor_tells_of_a_unit_without_watchdog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: str, well: bool
) -> None:
    installed = tmp_path / "opium.service"
    installed.write_text(unit, encoding="utf-8")
    monkeypatch.setattr(doctor, "UNIT", installed)
    config = Config.load(_env_file=None, instance=tmp_path / "instance")
    (found,) = [f for f in doctor.examine(config) if f.what == "service"]
    assert found.well is well
    assert well or "copy opium.service there" in found.text


# --- what systemd is told


class Listener:
    """Stands in for systemd: the socket that a service of `Type=notify` writes to."""

    def __init__(self, path: str) -> None:
        self.address = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + path[1:] if path.startswith("@") else path)
        self._socket.setblocking(False)
        self.lines: list[str] = []

    def heard(self) -> list[str]:
        """All lines so far."""
        try:
            while data := self._socket.recv(65536):
                self.lines += data.decode().split("\n")
        except BlockingIOError:
            pass
        return self.lines

    def hears(self, line: str, seconds: float = 20) -> None:
        """Until a line that begins so has come."""
        until(
            lambda: any(told.startswith(line) for told in self.heard()),
            seconds,
            f"{line!r} never came: {self.lines}",
        )

    def anew(self) -> None:
        """Forget what came so far."""
        self.heard()
        self.lines = []

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Listener]:
    listener = Listener(str(tmp_path / "notify"))
    yield listener
    listener.close()


def told(listener: Listener, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": listener.address, **more}


def test_without_systemd_nothing_is_sent_and_nothing_fails() -> None:
    quiet = Systemd({"WATCHDOG_USEC": "1000000"})
    quiet.tell("READY=1")
    assert not quiet.listens
    assert quiet.watchdog is None


@pytest.mark.parametrize("name", ["{0}/socket", "@opium-test-{1}"])
def test_both_kinds_of_sockets_are_spoken_to(tmp_path: Path, name: str) -> None:
    listener = Listener(name.format(tmp_path, os.getpid()))
    Systemd(told(listener)).tell("READY=1", status("Всё\nхорошо"))
    assert listener.heard() == ["READY=1", "STATUS=Всё хорошо"]
    listener.close()


def test_a_socket_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell("READY=1")


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "90000000"}, 90.0),
        ({"WATCHDOG_USEC": "90000000", "WATCHDOG_PID": str(os.getpid())}, 90.0),
        ({"WATCHDOG_USEC": "90000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_the_one_that_watches_us(
    environ: dict[str, str], seconds: float | None
) -> None:
    assert Systemd({"NOTIFY_SOCKET": "/x", **environ}).watchdog == seconds


class Core:
    """The core as the watchdog sees it."""

    ready, stopping = True, False
    unusable: str | None = None

    def __init__(self) -> None:
        self.ages = {"database": 0.0, "log": 0.0, "supervisor": 0.0, "scheduler": 0.0}

    def silences(self) -> dict[str, float]:
        return self.ages

    def summary(self) -> str:
        return "3 accounts, 2 running"


def watching(listener: Listener, core: Core) -> Watchdog:
    environ = told(listener, WATCHDOG_USEC="90000000")
    return Watchdog(core, core, Systemd(environ), lambda: 0.0)


def test_a_server_that_lives_says_so_three_times_as_often_as_it_must(systemd: Listener) -> None:
    dog = watching(systemd, Core())
    assert dog.step() == 30
    assert systemd.heard() == ["READY=1", "STATUS=3 accounts, 2 running", "WATCHDOG=1"]
    systemd.anew()
    dog.step()
    assert systemd.heard() == ["STATUS=3 accounts, 2 running", "WATCHDOG=1"]


@pytest.mark.parametrize("part", ["database", "log", "supervisor", "scheduler"])
def test_each_part_that_hangs_ends_the_signs_of_life(systemd: Listener, part: str) -> None:
    core = Core()
    dog = watching(systemd, core)
    core.ages[part] = SILENT
    dog.step()
    systemd.anew()
    core.ages[part] = SILENT + 1
    assert dog.step() == AGAIN
    assert systemd.heard() == [f"STATUS=No sign of life: {part}"]
    core.ages[part] = 0.0  # the process had only been stopped for a while
    systemd.anew()
    dog.step()
    assert "WATCHDOG=1" in systemd.heard()


def test_a_start_may_take_long_but_not_for_ever(systemd: Listener) -> None:
    core, environ = Core(), told(systemd)
    core.ready = False
    now = [0.0]
    dog = Watchdog(core, core, Systemd(environ), lambda: now[0])
    assert dog.step() == 10
    assert systemd.heard() == ["EXTEND_TIMEOUT_USEC=30000000", "STATUS=Opening the database"]
    systemd.anew()
    now[0] = 1801.0
    dog.step()
    assert systemd.heard() == []


# --- a real server


DYING = """
import sys
from pathlib import Path
from opium.cli import main
from opium.workers.registry import Registry
reconcile, sign = Registry.reconcile, Path(sys.argv.pop())
def dying(self):
    if sign.exists():
        raise SystemExit  # ends the thread, and only it
    reconcile(self)
Registry.reconcile = dying
main()
"""
"""A server whose supervisor ends as soon as a file exists."""


class Dying(Server):
    """`python app.py`, but its supervisor can be killed: see DYING."""

    def start(self, **settings: str) -> None:
        with self.output.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-c", DYING, str(self.folder.with_suffix(".die"))],
                cwd=ROOT,
                env=environment({**self._settings, **settings}),
                stdout=out,
                stderr=subprocess.STDOUT,
            )


@pytest.mark.system
def test_a_server_tells_of_its_life_from_start_to_stop(
    new_server: Callable[..., Server], systemd: Listener
) -> None:
    server = new_server()
    server.start(**told(systemd, WATCHDOG_USEC="600000"))
    systemd.hears("READY=1")
    assert server.call("GET", "/api/status").status_code == 200
    systemd.hears("STATUS=0 accounts, 0 running")
    began = time.monotonic()
    systemd.anew()
    until(lambda: systemd.heard().count("WATCHDOG=1") >= 4, 10, "it does not live")
    assert time.monotonic() - began > 0.5
    assert server.end() == 0
    systemd.hears("STOPPING=1", 0.1)


@pytest.mark.system
def test_a_supervisor_that_dies_ends_the_signs_of_life(
    new_server: Callable[..., Server], tmp_path: Path, systemd: Listener
) -> None:
    server = Dying(tmp_path / "dying", new_server()._settings["OPIUM_FUNPAY_URL"])
    server.start(**told(systemd, WATCHDOG_USEC="600000"))
    try:
        systemd.hears("WATCHDOG=1")
        server.folder.with_suffix(".die").touch()
        server.ask("POST", "/api/accounts", {"account_id": "shop", "golden_key": "k" * 32})
        systemd.hears("STATUS=No sign of life: supervisor")
        systemd.anew()
        systemd.hears("STATUS=No sign of life: supervisor")  # the next look has come
        assert "WATCHDOG=1" not in systemd.heard()
        assert server.call("GET", "/api/health").status_code == 200
        assert "No sign of life from supervisor" in server.printed()
    finally:
        server.close()


@pytest.mark.system
def test_a_damaged_database_is_told_and_does_not_lead_to_a_restart(
    server: Server, systemd: Listener
) -> None:
    assert server.end() == 0
    content = bytearray(server.database.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    server.database.write_bytes(content)
    for rest in server.folder.glob("opium.db-*"):
        rest.unlink()
    server.start(**told(systemd, WATCHDOG_USEC="600000"))
    systemd.hears("READY=1")
    systemd.hears("STATUS=The database is damaged")
    systemd.anew()
    until(lambda: systemd.heard().count("WATCHDOG=1") >= 2, 10, "systemd would kill it")
    assert server.end() == 0


@pytest.mark.system
def test_a_database_that_somebody_holds_is_told_and_waited_for(
    server: Server, systemd: Listener
) -> None:
    assert server.end() == 0
    lock = sqlite3.connect(server.database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    server.start(**told(systemd))
    systemd.hears("EXTEND_TIMEOUT_USEC=")
    systemd.hears("STATUS=The database is busy")
    assert "READY=1" in systemd.heard()
    lock.execute("ROLLBACK")
    lock.close()
    systemd.hears("STATUS=0 accounts")

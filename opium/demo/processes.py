"""The two processes of the demo, their ports and the folder they live in."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from opium.config import ROOT
from opium.demo.calls import DemoError

FOLDER = ROOT / "demo-instance"
MARK = "demo.lock"
STOPS_WITHIN = 12
LAST_LINES = 12
STEAM_SITES = ("API", "COMMUNITY", "STORE", "HELP", "LOGIN")
"""In the order of the sandbox's ports."""


def fresh_folder(folder: Path) -> IO[str]:
    """Empty the folder of the last demo; the open lock says that it is ours.

    A new sandbox knows nothing of the orders and chats of the last one and numbers its own from
    the beginning, so what Opium remembers of the last one would be wrong.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / MARK).exists():
        raise DemoError(f"{folder} holds something that no demo made: move it away first.")
    lock = (folder / MARK).open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise DemoError(f"Another demo runs on {folder}: end it first.") from None
    for path in folder.iterdir():
        if path.name == MARK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return lock


def free_port(wanted: int, taken: Sequence[int] = (), count: int = 1) -> int:
    """`wanted`, or the next port that nobody uses; nor the `count` - 1 ports after it."""
    for port in range(wanted, min(wanted + 100, 65536)):
        if all(_is_free(port + more, taken) for more in range(count)):
            return port
    raise DemoError(f"No free port from {wanted} on: choose another one.")


def _is_free(port: int, taken: Sequence[int]) -> bool:
    with socket.socket() as probe:
        # As servers do: what a server that just ended left behind does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return port not in taken


class Child:
    """A process whose output goes to a file; it never outlives the demo."""

    def __init__(
        self, name: str, command: Sequence[str], cwd: Path, output: Path, **env: str
    ) -> None:
        self.name, self.output = name, output
        # Settings of a real Opium on this machine must not get into the demo.
        clean = {key: value for key, value in os.environ.items() if not key.startswith("OPIUM_")}
        with output.open("wb") as written:
            self._process = subprocess.Popen(  # noqa: S603 our own programs
                [sys.executable, *command],
                cwd=cwd,
                env=clean | env,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                # Ctrl-C reaches only the demo, which reads the ends before it stops the others.
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    @property
    def ended(self) -> int | None:
        """The exit code, if it ended."""
        return self._process.poll()

    def stop(self) -> int:
        """Ask it to end, then make it end; the exit code."""
        if self.ended is None:
            self._process.terminate()
        try:
            return self._process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def last_lines(self) -> str:
        """What it said at last, without the requests, which are mostly ours."""
        lines = self.output.read_text(errors="replace").splitlines()
        said = [f"  {line}" for line in lines if "| opium.api |" not in line]
        return "\n".join(said[-LAST_LINES:]) or "  (it said nothing)"


def start_sandbox(folder: Path, port: int, steam_port: int, telegram_port: int) -> Child:
    ports = {"--port": port, "--steam-port": steam_port, "--telegram-port": telegram_port}
    command = ["-m", "sandbox", *(word for name in ports for word in (name, str(ports[name])))]
    return Child("The sandbox", command, ROOT, folder / "sandbox.out")


def start_opium(
    folder: Path, port: int, site: str, steam_port: int, telegram: str, password: str
) -> Child:
    """Opium over the sandbox; no address of the outside world is left in its settings."""
    addresses = {"OPIUM_FUNPAY_URL": site, "OPIUM_TELEGRAM_URL": telegram}
    for place, name in enumerate(STEAM_SITES):
        addresses[f"OPIUM_STEAM_{name}_URL"] = f"http://127.0.0.1:{steam_port + place}"
    settings = {
        "OPIUM_INSTANCE": str(folder),
        "OPIUM_HOST": "127.0.0.1",
        "OPIUM_PORT": str(port),
        "OPIUM_DOCS": "true",
        "OPIUM_ADMIN_PASSWORD": password,
        # The timeline asks several times a second, and knocks until Opium is up.
        "OPIUM_RATE_LIMIT_PER_MINUTE": "3000",
        "OPIUM_LOGIN_RATE_LIMIT_PER_MINUTE": "1000",
        "OPIUM_STEAM_PACE": "0.5",
    }
    # Started in its own folder, so that the `.env` of a real Opium is not read.
    command, output = [str(ROOT / "app.py")], folder / "opium.out"
    return Child("Opium", command, folder, output, **settings, **addresses)


def _die_with_parent() -> None:
    """Also if the demo is killed: PR_SET_PDEATHSIG. Nothing in its folder is worth a clean end."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)

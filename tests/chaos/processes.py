"""The processes of a trial: the marketplace, and the server on an instance folder of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import requests

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "opium.db"
QUICK = {
    "OPIUM_SETTLE_SECONDS": "2",
    "OPIUM_SETTLE_GAP_SECONDS": "0.5",
    "OPIUM_CATCHUP_SECONDS": "5",
    "OPIUM_AUTH_ENABLED": "false",
    "OPIUM_RATE_LIMIT_ENABLED": "false",
    "OPIUM_PASSWORD_ROUNDS": "1000",
    "OPIUM_TIMEZONE": "Europe/Moscow",
}
QUICK_ACCOUNT: dict[str, Any] = {
    "anti_detect": {"runner_delay_min": 1, "runner_delay_max": 1},
    "rate_limit": {
        "base_delay": 0,
        "jitter_min": 1,
        "jitter_max": 1,
        "burst_limit": 100,
        "burst_window": 1,
        "cooldown_after_burst": 0,
    },
    "reconnect": {"base_delay": 0.2, "max_delay": 2, "backoff_factor": 2},
}

STEAM_SERVICES = 5
BUSY = "The database is busy"
TURN = 4.5
"""Seconds; a write waits 5 s for its turn, so a sooner refusal means that it did not wait."""
PATIENCE = 30.0

_T = TypeVar("_T")


class TooLate(AssertionError):
    """What should have happened did not, in the time there was."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def until(ask: Callable[[], _T], seconds: float, what: str, pause: float = 0.05) -> _T:
    """Ask until the answer is true; TooLate says what was waited for."""
    end = time.monotonic() + seconds
    while True:
        found = ask()
        if found:
            return found
        if time.monotonic() >= end:
            raise TooLate(f"after {seconds:.0f} s: {what}")
        time.sleep(pause)


class Marketplace:
    """`python -m sandbox`, moved through its control API."""

    def __init__(self, seed: int = 1, folder: Path | None = None, *, steam: bool = False) -> None:
        """`steam`: with the Steam double beside it; `steam_settings` are its addresses."""
        self._http = requests.Session()
        self._http.trust_env = False
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--seed", str(seed)]
        command += ["--steam-port", "0"] if steam else []
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        told = re.search(r"http://127\.0\.0\.1:\d+", self._process.stdout.readline())
        assert told is not None, "the sandbox did not start"
        self.url = told[0]
        lines = [self._process.stdout.readline() for _ in range(STEAM_SERVICES if steam else 0)]
        self.steam_settings = dict(line.strip().split("=", 1) for line in lines)

    @classmethod
    def at(cls, url: str) -> Marketplace:
        """A second caller of a running one, for another thread; `leave` ends it."""
        other = cls.__new__(cls)
        other._http = requests.Session()
        other._http.trust_env = False
        other.url = url
        return other

    def leave(self) -> None:
        self._http.close()

    def ask(self, method: str, path: str, json: Any = None) -> Any:
        answer = self._http.request(method, f"{self.url}/__sandbox__{path}", json=json, timeout=30)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def seller(self, name: str) -> dict[str, Any]:
        return dict(self.ask("POST", "/sellers", {"name": name}))

    def buyer(self, name: str) -> None:
        self.ask("POST", "/buyers", {"name": name})

    def lot(self, seller: str, title: str, price: str = "100") -> int:
        body = {"seller": seller, "title": title, "price": price, "amount": 1_000_000}
        return int(self.ask("POST", "/lots", body)["id"])

    def buy(self, buyer: str, lot: int, amount: int = 1) -> str:
        body = {"buyer": buyer, "lot": lot, "amount": amount}
        return str(self.ask("POST", "/orders", body)["id"])

    def writes(self, author: str, other: str, text: str) -> None:
        self.ask("POST", "/messages", {"from": author, "to": other, "text": text})

    def fault(self, kind: str, **details: Any) -> int:
        return int(self.ask("POST", "/faults", {"kind": kind, **details})[0]["id"])

    def no_faults(self) -> None:
        self.ask("DELETE", "/faults")

    def log(self, since: int = 0, **which: str) -> list[dict[str, Any]]:
        more = "".join(f"&{name}={value}" for name, value in which.items())
        return list(self.ask("GET", f"/log?since={since}{more}"))

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._http.close()


class Server:
    """`python app.py`; may be started, killed and started again on the same folder."""

    def __init__(self, folder: Path, funpay_url: str, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = folder.with_suffix(".out")
        self._http = requests.Session()
        self._http.trust_env = False
        self._process: subprocess.Popen[bytes] | None = None
        self.unwaited: list[str] = []
        """Requests that were told that the database is busy before anybody had waited."""
        self._settings = {
            **QUICK,
            "OPIUM_INSTANCE": str(folder),
            "OPIUM_PORT": str(self.port),
            "OPIUM_FUNPAY_URL": funpay_url,
            **settings,
        }

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the server was never started"
        return self._process

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, **settings: str) -> None:
        """Begin; `wait_ready` tells when the API answers."""
        assert not self.alive
        with self.output.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "app.py"],
                cwd=ROOT,
                env=environment({**self._settings, **settings}),
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def wait_ready(self, seconds: float = 20) -> None:
        until(self._ready_or_dead, seconds, f"the server is not ready\n{self.printed()[-2000:]}")
        assert self.alive, f"the server ended\n{self.printed()[-2000:]}"

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        self.process.kill()
        self.process.wait()

    def end(self, number: int = signal.SIGTERM, seconds: float = 15) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TooLate(f"still running {seconds:.0f} s after signal {number}") from None

    def close(self) -> None:
        if self.alive:
            self.kill()
        self._http.close()

    def call(self, method: str, path: str, json: Any = None, seconds: float = 30) -> Any:
        return self._http.request(method, self.url + path, json=json, timeout=seconds)

    def ask(self, method: str, path: str, json: Any = None) -> Any:
        """The JSON of an answer that must be good; asked again while the server says 503."""
        end = time.monotonic() + PATIENCE
        while True:
            began = time.monotonic()
            answer = self.call(method, path, json)
            if answer.status_code != 503 or began > end:
                break
            if BUSY in answer.text and time.monotonic() - began < TURN:
                self.unwaited.append(f"{method} {path}")
            time.sleep(0.3)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def account(self, name: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/api/accounts/{name}"))

    def account_names(self) -> list[str]:
        return [account["account_id"] for account in self.ask("GET", "/api/accounts")]

    def wait_state(self, name: str, state: str, seconds: float = 20) -> dict[str, Any]:
        """Until the account is in this state; the account as it is then."""
        until(
            lambda: self.account(name)["state"] == state,
            seconds,
            f"{name} is not {state}: {self.account(name)}",
        )
        return self.account(name)

    def printed(self) -> str:
        return self.output.read_text("utf-8", "replace") if self.output.exists() else ""

    def _ready_or_dead(self) -> bool:
        if not self.alive:
            return True
        try:
            return bool(self.call("GET", "/api/status", seconds=5).status_code == 200)
        except requests.RequestException:
            return False


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Ours without anything of Opium's, plus these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPIUM_")}
    return {**kept, "PYTHONUNBUFFERED": "1", **settings}

"""A sandbox and a server as processes on free ports, for the benchmarks."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "bench password 1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(what: Callable[[], Any], seconds: float, pause: float = 0.02) -> Any:
    """The first true answer of `what`; TimeoutError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := what():
                return found
        except requests.RequestException:
            pass
        time.sleep(pause)
    raise TimeoutError(f"nothing within {seconds} s")


class Stand:
    """Both processes; `api` and `sandbox` call them and return JSON."""

    def __init__(self, **settings: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.sandbox_port, self.port = free_port(), free_port()
        self._settings = settings
        self.session = requests.Session()

    def __enter__(self) -> Stand:
        self._double = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--port", str(self.sandbox_port)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        until(lambda: self.sandbox("GET", "/state"), 20)
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.kill()
        self._double.kill()
        self.server.wait()
        self._double.wait()
        self._folder.cleanup()

    def start(self) -> None:
        """Start the server and sign in."""
        environment = {
            **os.environ,
            "OPIUM_INSTANCE": self._folder.name + "/instance",
            "OPIUM_FUNPAY_URL": f"http://127.0.0.1:{self.sandbox_port}",
            "OPIUM_PORT": str(self.port),
            "OPIUM_ADMIN_PASSWORD": PASSWORD,
            "OPIUM_RATE_LIMIT_PER_MINUTE": "100000",
            "OPIUM_LOG_LEVEL": "INFO",
            **self._settings,
        }
        self.started_at = time.monotonic()
        self.server = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
        )
        until(lambda: requests.get(self.url("/api/health"), timeout=1).ok, 20, 0.005)
        self.health_after = time.monotonic() - self.started_at
        login = {"username": "admin", "password": PASSWORD}
        token = until(
            lambda: (
                self.session.post(self.url("/api/auth/login"), json=login)
                .json()
                .get("access_token")
            ),
            20,
            0.3,
        )
        self.session.headers["Authorization"] = f"Bearer {token}"

    def stop(self) -> tuple[int, float]:
        """SIGTERM: exit code and seconds."""
        began = time.monotonic()
        self.server.send_signal(signal.SIGTERM)
        return self.server.wait(timeout=30), time.monotonic() - began

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def api(self, method: str, path: str, json: Any = None) -> Any:
        answer = self.session.request(method, self.url(path), json=json, timeout=40)
        answer.raise_for_status()
        return answer.json()

    def sandbox(self, method: str, path: str, json: Any = None) -> Any:
        url = f"http://127.0.0.1:{self.sandbox_port}/__sandbox__{path}"
        answer = requests.request(method, url, json=json, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.server.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mib(self) -> float:
        for line in Path(f"/proc/{self.server.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def shops(self, count: int, **config: Any) -> list[str]:
        """Create that many accounts with a seller each and wait until all run."""
        names = [f"shop{n:02}" for n in range(count)]
        for n, name in enumerate(names):
            key = f"key{n:029}"
            self.sandbox("POST", "/sellers", {"name": name, "golden_key": key})
            self.api("POST", "/api/accounts", {"account_id": name, "golden_key": key, **config})
        until(
            lambda: all(a["state"] == "running" for a in self.api("GET", "/api/accounts")), 60, 0.2
        )
        return names

"""Processor time of a worker's whole step: a quiet poll, and one with a new message.

python -m bench.step_cpu
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from bench.stand import ROOT, free_port, until
from opium.account_config import CreateBody
from opium.clock import Clock
from opium.config import Config
from opium.core import Opium

QUIET, WARM, MESSAGES = 400, 20, 40
QUICK = {"runner_delay_min": 1, "runner_delay_max": 1}
PACE = {"base_delay": 0, "burst_limit": 100, "cooldown_after_burst": 0}


def main() -> None:
    port = free_port()
    command = [sys.executable, "-m", "sandbox", "--port", str(port)]
    double = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        measure(f"http://127.0.0.1:{port}")
    finally:
        double.kill()
        double.wait()


def measure(url: str) -> None:
    """Print the two figures; the sandbox runs at `url`, the worker in this thread."""
    control = f"{url}/__sandbox__"
    until(lambda: requests.get(f"{control}/state", timeout=5).ok, 20)
    requests.post(f"{control}/sellers", json={"name": "shop", "golden_key": "k" * 32}, timeout=5)
    requests.post(f"{control}/buyers", json={"name": "ann"}, timeout=5)
    with tempfile.TemporaryDirectory() as folder:
        clock = Hurried()
        core = Opium(
            Config.load(instance=Path(folder), funpay_url=url, _env_file=None), clock=clock
        )
        core.boot(threads=False)
        core.accounts.create(
            CreateBody(account_id="shop", golden_key="k" * 32, rate_limit=PACE, anti_detect=QUICK)
        )
        core.attachments.attach("shop", "auto_delivery", None)
        worker = core.registry.hire_now("shop")

        def step() -> float:
            clock.ahead += 2
            began = time.thread_time()
            worker.step()
            return (time.thread_time() - began) * 1000

        def message(n: int) -> float:
            body = {"from": "ann", "to": "shop", "text": f"hi {n}"}
            requests.post(f"{control}/messages", json=body, timeout=5)
            return step()

        for n in range(WARM):
            message(n)
        gc.collect()
        gc.freeze()  # as the server does after its start
        quiet = [step() for _ in range(QUIET)]
        noisy = [message(n) for n in range(MESSAGES)]
        print(
            f"a worker's step: {statistics.mean(quiet):.2f} ms of processor for a quiet poll, "
            f"{statistics.mean(noisy):.2f} ms with a new message (median "
            f"{statistics.median(noisy):.2f})"
        )


class Hurried(Clock):
    """The real clock, put forward so that the next poll is always due."""

    ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


if __name__ == "__main__":
    main()

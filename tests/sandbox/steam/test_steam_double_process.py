"""Steam beside FunPay, as a process of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.system
def test_it_prints_five_settings_shares_the_clock_and_ends_cleanly() -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--steam-port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline().strip() for _ in range(6)]
        funpay = re.search(r"http://127\.0\.0\.1:\d+", lines[0])
        assert funpay
        settings = dict(line.split("=") for line in lines[1:])
        names = ["API", "COMMUNITY", "STORE", "HELP", "LOGIN"]
        assert list(settings) == [f"OPIUM_STEAM_{name}_URL" for name in names]
        steam = settings["OPIUM_STEAM_HELP_URL"] + "/__sandbox__"
        told = {"login": "alpha", "password": "OldPassw0rd42"}
        assert requests.post(f"{steam}/accounts", json=told, timeout=5).status_code == 201
        buyer = requests.post(f"{steam}/buyers", json=told, timeout=5).json()
        assert buyer["works"]
        ahead = {"frozen": True, "advance": 1_000_000}
        requests.post(f"{funpay[0]}/__sandbox__/clock", json=ahead, timeout=5)
        clocks = [requests.get(f"{b}/clock", timeout=5).json()["now"]
                  for b in (steam, f"{funpay[0]}/__sandbox__")]  # fmt: skip
        assert clocks[0] == clocks[1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

"""Telegram beside FunPay, as a process of its own."""

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
def test_it_prints_its_setting_shares_the_clock_and_ends_in_the_middle_of_a_poll() -> None:
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        "0",
        "--telegram-port",
        "0",
        "--demo-data",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline().strip() for _ in range(2)]
        funpay = re.search(r"http://127\.0\.0\.1:\d+", lines[0])
        assert funpay
        name, _, url = lines[1].partition("=")
        assert name == "OPIUM_TELEGRAM_URL"
        (demo,) = requests.get(f"{url}/__sandbox__/bots", timeout=5).json()
        assert demo["username"] == "opium_demo_bot"
        told = {"username": "shop_bot"}
        bot = requests.post(f"{url}/__sandbox__/bots", json=told, timeout=5).json()
        me = requests.get(f"{url}/bot{bot['token']}/getMe", timeout=5).json()
        assert me["result"]["username"] == "shop_bot"
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{url}/bot{bot['token']}/getUpdates?timeout=50", timeout=0.1)
        ahead = {"frozen": True, "advance": 1_000_000}
        requests.post(f"{funpay[0]}/__sandbox__/clock", json=ahead, timeout=5)
        clocks = [
            requests.get(f"{base}/__sandbox__/clock", timeout=5).json()["now"]
            for base in (url, funpay[0])
        ]
        assert clocks[0] == clocks[1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

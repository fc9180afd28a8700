"""The sandbox as a process of its own."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.system
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_prints_its_address_and_ends_cleanly(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--demo-data"]
    command += ["--base-url", "https://funpay.com/"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        told = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert told
        people = requests.get(told[0] + "/__sandbox__/people", timeout=5).json()
        assert {p["name"] for p in people} == {"shop", "ann", "bob"}
        front = requests.get(told[0], timeout=5).text
        assert 'href="https://funpay.com/lots/1008/"' in front
        process.send_signal(number)
        assert process.wait(10) == 0

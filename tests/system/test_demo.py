"""The demo as a person starts it: it delivers, ends cleanly, and can be started again."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opium.demo import phone
from opium.demo.calls import OpiumApi, Sandbox
from opium.demo.phone_facts import PhoneFacts
from opium.demo.rental import PASSWORD
from opium.demo.sales import Sale, Sales
from opium.demo.shop import STEAM
from opium.demo.steam_facts import SteamFacts
from sandbox.steam import SteamDouble
from sandbox.telegram import TelegramDouble

ROOT = Path(__file__).resolve().parents[2]
START = "import sys; from pathlib import Path; from opium.demo import run; sys.exit(run({}))"
NOTHING_WRONG = "doubled 0, lost 0"
PORT = 18000 + 40 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""Tests run side by side; each worker has ports of its own."""


class Demo:
    """The demo in a process of its own."""

    def __init__(self, folder: Path, seconds: float | None = None) -> None:
        given = f"{PORT}, {PORT + 10}, {seconds}, Path({str(folder)!r})"
        self.process = subprocess.Popen(
            [sys.executable, "-c", START.format(given)],
            cwd=ROOT,
            env={**os.environ, "OPIUM_AUTH_ENABLED": "no"},  # of a real Opium; not for the demo
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.told = ""

    def __enter__(self) -> Demo:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def until(self, word: str) -> None:
        """Read up to the first line with `word`."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.told += line
            if word in line:
                return
        raise AssertionError(f"{word!r} never came:\n{self.told}")

    def ends(self) -> int:
        """The exit code; all that it printed is in `told`."""
        self.told += self.process.communicate(timeout=60)[0]
        return self.process.returncode


@pytest.mark.system
def test_it_delivers_for_as_long_as_it_was_told_and_ends_well(tmp_path: Path) -> None:
    with Demo(tmp_path / "demo", seconds=14) as demo:
        assert demo.ends() == 0, demo.told
    told = demo.told
    assert re.search(r"paid +#\w{8} Ключ Steam, случайный ×1  by ann", told)
    assert re.search(r"delivered +#\w{8} in \d+\.\d s; the first, \d+\.\d s after the start", told)
    assert re.search(r"waiting +#\w{8} for stock", told)
    assert re.search(r"sign in with +admin / demo-\w{8}\n", told)
    assert re.search(r"API document +http://127\.0\.0\.1:\d+/docs\n", told)
    assert NOTHING_WRONG in told
    assert "\033" not in told


@pytest.mark.system
def test_a_rental_ends_and_the_next_one_gets_the_account(tmp_path: Path) -> None:
    """A minute of rent, and what comes after it: the one test that has to wait for it."""
    with Demo(tmp_path / "demo") as demo:
        demo.until("emma came back with the old password")
        demo.process.send_signal(signal.SIGINT)
        assert demo.ends() == 0, demo.told
    told = demo.told
    story = [
        r"opened     Аренда CS2",
        r"rented     #\w{8} emma got cs2_alpha and its password, in",
        r"signed in  cs2_alpha: emma, with password and code",
        r"waiting    #\w{8} for an account",
        r"signed out cs2_alpha: emma, by Opium",
        r"confirmed  cs2_alpha: the new password",
        r"password   cs2_alpha: a new one",
        r"signed in  cs2_alpha: Opium, so the new password works",
        r"rented     #\w{8} gleb got cs2_alpha and its password, after a wait",
    ]
    at = [[found.start() for found in re.finditer(line, told)] for line in story]
    assert [len(places) for places in at] == [1] * len(story), told
    assert at == sorted(at), told
    assert told.count("to emma: «Аренда cs2 (логин cs2_alpha) закончилась") == 1
    assert NOTHING_WRONG in told
    assert "tenants still signed in after their end 0" in told


@pytest.mark.system
def test_the_owner_is_told_on_his_phone_and_acts_from_it(tmp_path: Path) -> None:
    with Demo(tmp_path / "demo") as demo:
        demo.until("«Вернуть деньги», «Да»: carl has it")
        demo.process.send_signal(signal.SIGINT)
        assert demo.ends() == 0, demo.told
    told = demo.told
    story = [
        r"your phone +http://127\.0\.0\.1:\d+/\n",
        r"told       #\w{8} that it is sold, \d+\.\d s after the payment\n",
        r"answered   the buyer reads it (?:\d+ ms|\d+\.\d s) later\n",
        r"told       «Order \w{8} waits:",
        r"pressed    «Принято»: Opium knows (?:\d+ ms|\d+\.\d s) later\n",
        r"refunded   #\w{8} carl has the money back\n",
        r"pressed    «Вернуть деньги», «Да»: carl has it (?:\d+ ms|\d+\.\d s) later\n",
    ]
    at = [[found.start() for found in re.finditer(line, told)] for line in story]
    assert [len(places) for places in at] == [1] * len(story), told
    assert at == sorted(at), told
    assert re.search(r"sales told to the phone [1-9]\d*, twice 0: says Telegram", told)
    assert "trouble" not in told


@pytest.mark.system
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_it_can_be_started_again_however_it_ended(tmp_path: Path, number: signal.Signals) -> None:
    killed = number is signal.SIGKILL
    with Demo(tmp_path / "demo") as first:
        first.until("delivered")
        first.process.send_signal(number)
        assert first.ends() == (-number if killed else 0), first.told
    assert killed or NOTHING_WRONG in first.told
    with Demo(tmp_path / "demo", seconds=5) as second:
        assert second.ends() == 0, second.told
    assert "delivered" in second.told


@pytest.mark.system
def test_a_taken_port_is_stepped_over_with_a_word(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        busy.bind(("127.0.0.1", PORT))
        busy.listen()
        with Demo(tmp_path / "demo") as demo:
            demo.until("play a buyer")
            demo.process.send_signal(signal.SIGTERM)
            assert demo.ends() == 0
    assert f"Port {PORT} is in use, so Opium takes" in demo.told
    assert "Ended before the first order." in demo.told


@pytest.mark.system
def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    with Demo(tmp_path) as demo:
        assert demo.ends() == 1
    assert "holds something that no demo made" in demo.told
    assert (tmp_path / "precious").exists()


@pytest.mark.system
def test_only_one_demo_runs_on_a_folder(tmp_path: Path) -> None:
    with Demo(tmp_path / "demo") as first:
        first.until("play a buyer")
        with Demo(tmp_path / "demo") as second:
            assert second.ends() == 1
        assert "Another demo runs on" in second.told
        first.process.send_signal(signal.SIGINT)
        assert first.ends() == 0


def test_the_count_sees_what_came_twice_and_what_never_came() -> None:
    long_ago, now = time.monotonic() - 60, datetime.now(UTC)
    sales = Sales({name: Sale(name, STEAM, "ann", 2, long_ago, now) for name in ("A", "B", "C")})
    assert [sale.order for sale in sales.lost()] == ["A", "B", "C"]
    assert not sales["A"].got("#A-D1/1", 1, ["KEY1"], long_ago + 2)
    assert len(sales.lost()) == 3
    assert sales["B"].got("#B-D1/1", 1, ["KEY1", "KEY2"], long_ago + 2)
    assert sales.doubled() == 1
    assert not sales["B"].got("#B-D1/1", 1, [], long_ago + 3)
    assert sales.doubled() == 2
    sales["C"].status = "waiting_stock"
    assert [sale.order for sale in sales.lost()] == ["A"]
    assert sales.median() == pytest.approx(2)
    assert "doubled 2, lost 1" in sales.summary()


@pytest.mark.parametrize("times", [1, 2])
def test_the_demo_sees_a_sale_that_the_phone_was_told_twice(times: int) -> None:
    double = TelegramDouble()
    telegram = Sandbox(double.url)
    double.mount(telegram._session)
    token = phone.furnish(telegram)
    telegram.post(f"/users/{phone.OWNER}/write", {"bot": phone.BOT, "text": "/start"})
    said = {"chat_id": phone.OWNER, "text": "[keyshop] 🛒 Новый заказ #ABCD1234"}
    for _ in range(times):
        assert telegram._session.post(f"{double.url}/bot{token}/sendMessage", json=said).ok
    facts = PhoneFacts(telegram, Sales())
    assert [(line.what, line.order) for line in facts.site()] == [("told", "ABCD1234")]
    assert facts.wrong() == ["ABCD1234"] * (times - 1)
    assert f"told to the phone 1, twice {times - 1}:" in facts.summary()


class Panel(OpiumApi):
    """Opium says how far the release of cs2_alpha is."""

    state = "releasing"

    def get(self, path: str, **query: object) -> list[dict[str, object]]:
        return [{"login": "cs2_alpha", "release_state": self.state, "last_error": None}]


@pytest.mark.parametrize("stays", [True, False])
def test_the_demo_sees_a_tenant_who_was_not_signed_out(stays: bool) -> None:
    double = SteamDouble()
    double.add_account("cs2_alpha", PASSWORD)
    steam, panel = Sandbox(double.endpoints.api), Panel("", "")
    double.mount(steam._session)
    facts = SteamFacts(steam, panel)
    emma = double.buyer_login("cs2_alpha", PASSWORD, ip="emma")
    double.log.happened("login", "cs2_alpha", of_buyer=False)
    told = [line.text for line in facts.site() + facts.opium()]
    assert told == ["cs2_alpha: emma, with password and code", "cs2_alpha: Opium"]
    if not stays:
        emma.deauthorize()
    panel.state = "idle"
    assert [line.what for line in facts.opium()] == ["free"]
    assert facts.wrong() == (["emma"] if stays else [])
    assert f"still signed in after their end {int(stays)}:" in facts.summary()

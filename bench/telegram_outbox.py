"""How much slower deliveries are while a seller is told of each through Telegram.

python -m bench.telegram_outbox [--orders 80]

Two shops take turns: one has a bot, which tells of payment, messages and delivery; the other has
not. What is compared is the time that the account's worker needs from the payment to the goods.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import text

from bench.stand import ROOT, free_port, until
from bench.step_cpu import PACE, QUICK, Hurried
from opium import create_app
from opium.account_config import CreateBody
from opium.config import Config
from opium.core import Opium
from opium.job import Job

TOLD = ["new_order", "new_message", "order_status_changed", "delivery_succeeded"]
WARM = 8
POLL = 3.0
"""Seconds between two looks, less than by default: they are not waited for, but counted."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=80, help="of each shop")
    orders = parser.parse_args().orders
    funpay, telegram = free_port(), free_port()
    ports = ["--port", str(funpay), "--telegram-port", str(telegram)]
    command = [sys.executable, "-m", "sandbox", *ports]
    double = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        measure(f"http://127.0.0.1:{funpay}", f"http://127.0.0.1:{telegram}", orders)
    finally:
        double.kill()
        double.wait()


class Shops:
    """Two shops in this process; the doubles run in another."""

    def __init__(self, funpay: str, telegram: str, folder: Path) -> None:
        self.funpay, self.telegram = f"{funpay}/__sandbox__", f"{telegram}/__sandbox__"
        self.clock = Hurried()
        self.polls = 0
        config = Config.load(
            instance=folder,
            funpay_url=funpay,
            telegram_url=telegram,
            auth_enabled=False,
            rate_limit_enabled=False,
            _env_file=None,
        )
        self.core = Opium(config, clock=self.clock)
        self.core.boot(threads=False)
        self.api = create_app(self.core).test_client()
        self.lots: dict[str, int] = {}
        self._post(self.funpay, "/buyers", name="ann")

    def opens(self, name: str) -> None:
        """A shop that sells one thing without end."""
        key = name.ljust(32, "k")
        self._post(self.funpay, "/sellers", name=name, golden_key=key)
        self.core.accounts.create(
            CreateBody(account_id=name, golden_key=key, rate_limit=PACE, anti_detect=QUICK)
        )
        self.core.attachments.attach(name, "auto_delivery", None)
        base = f"/api/accounts/{name}/modules/auto_delivery"
        product = self._ask(
            "POST", f"{base}/products", {"name": "Key", "kind": "static", "static_text": "GOODS"}
        )
        mapping = {"product_id": product["product_id"], "match": "exact", "pattern": "Key"}
        self._ask("POST", f"{base}/lot-mappings", mapping)
        self.lots[name] = self._post(self.funpay, "/lots", seller=name, title="Key", amount=9999)[
            "id"
        ]
        worker = self.core.registry.hire_now(name)
        for _ in range(5):  # signs in: what was paid before is old
            self.clock.ahead += 2
            worker.step()

    def gets_a_bot(self, name: str) -> None:
        """Its owner is told of everything that a delivery brings."""
        self.core.attachments.attach(name, "telegram_bot", None)
        made = self._post(self.telegram, "/bots", username="shop_bot", name="Shop")
        self._post(self.telegram, "/users", id=501, name="Kim")
        self._post(self.telegram, "/users/501/write", bot="shop_bot", text="/start")
        base = f"/api/accounts/{name}/modules/telegram_bot"
        self._ask("PATCH", f"{base}/config", {"bot_token": made["token"], "notify_events": TOLD})
        self._ask("POST", f"{base}/whitelist", {"telegram_id": 501})
        from opium.modules.telegram_bot.postman import Postman

        self.postman = Postman()
        self.postman.attend(Job(self.core.tools, self.core.attachments.ready["telegram_bot"]))

    def delivers(self, name: str) -> float:
        """Milliseconds from the payment to the goods: what the worker needs, and the waits for
        its polls; `polls` tells the waits apart."""
        worker = self.core.registry.worker(name)
        assert worker is not None
        order = self._post(self.funpay, "/orders", buyer="ann", lot=self.lots[name])["id"]
        spent = 0.0
        while not self._delivered(order):
            self.clock.ahead += POLL
            spent += POLL
            self.polls += 1
            began = time.perf_counter()
            worker.step()
            spent += time.perf_counter() - began
        return spent * 1000

    def told(self) -> int:
        """Notices that arrived on the phone."""
        with self.core.db.read() as db:
            sql = "SELECT count(*) FROM telegram_bot_notices WHERE state = 'sent'"
            return int(db.scalar(text(sql)) or 0)

    def _delivered(self, order: str) -> bool:
        with self.core.db.read() as db:
            sql = text("SELECT state FROM handouts WHERE order_id = :order")
            return bool(db.scalar(sql, {"order": order}) == "delivered")

    def _post(self, base: str, path: str, **body: Any) -> Any:
        answer = requests.post(base + path, json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def _ask(self, method: str, path: str, body: Any) -> Any:
        answer = self.api.open(path, method=method, json=body)
        assert answer.status_code < 400, answer.get_data(as_text=True)
        return answer.get_json()


def measure(funpay: str, telegram: str, orders: int) -> None:
    """Print the ratio of the medians."""
    until(lambda: requests.get(f"{funpay}/__sandbox__/state", timeout=5).ok, 20)
    with tempfile.TemporaryDirectory() as folder:
        shops = Shops(funpay, telegram, Path(folder))
        for name in ("alone", "told"):
            shops.opens(name)
        shops.gets_a_bot("told")
        for name in ("alone", "told") * WARM:
            shops.delivers(name)
        gc.collect()
        gc.freeze()
        times: dict[str, list[float]] = {"alone": [], "told": []}
        for n in range(orders):
            for name in ("alone", "told") if n % 2 else ("told", "alone"):
                times[name].append(shops.delivers(name))
        shops.postman.stop()
        alone, told = (statistics.mean(times[name]) for name in ("alone", "told"))
        print(
            f"payment to goods: {alone:.0f} ms without a bot, {told:.0f} ms with one "
            f"({100 * (told / alone - 1):+.1f} %); {shops.polls / 2 / (orders + WARM):.1f} polls "
            f"of {POLL:.0f} s each are counted in; {shops.told()} notices sent meanwhile"
        )


if __name__ == "__main__":
    main()

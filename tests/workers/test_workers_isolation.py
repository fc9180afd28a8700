"""Nobody's trouble is anybody else's: accounts, modules, events (D16, architecture 5)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from driver import Driver
from workers_cast import Live, MakeLive, eventually, greeter

from opium import module as modules
from opium.events import MessageReceived, OrderPaid
from opium.module import Found, Module, find
from opium.work import Work
from sandbox.world import Buyer, World


@pytest.fixture
def ann(live: Live) -> Buyer:
    return live.world.buyer("ann")


def polls(live: Live, account: str) -> int:
    found = live.world.log.requests(account, "/runner/")
    return sum(entry.facts["action"] == "poll" for entry in found)


# --- accounts


def test_an_account_that_hangs_delays_no_other(live: Live, ann: Buyer) -> None:
    """While one waits for an answer that does not come, another delivers within two polls."""
    slow, quick = live.world.seller("slow"), live.world.seller("quick")
    live.open(slow, "greeter")
    live.open(quick, "greeter")
    live.wire.hold(slow)
    live.jump(2)
    eventually(lambda: live.wire.held)
    before = polls(live, "quick")
    ann.buys(quick.lot("Ключ"))
    live.jump(2)
    eventually(lambda: ann.messages_from(quick))
    assert polls(live, "quick") <= before + 2
    assert live.info("slow")["state"] == "running"


def test_an_account_in_the_middle_of_a_send_delays_no_other(live: Live, ann: Buyer) -> None:
    slow, quick = live.world.seller("slow"), live.world.seller("quick")
    live.open(slow, "greeter")
    live.open(quick, "greeter")
    live.wire.hold(slow, "chat_message")
    ann.buys(slow.lot("Ключ"))
    live.jump(2)
    eventually(lambda: live.wire.held)
    ann.buys(quick.lot("Ключ"))
    live.jump(2)
    eventually(lambda: ann.messages_from(quick))
    assert ann.messages_from(slow) == []


@pytest.mark.parametrize("fault", ["429", "502", "cut", "login", "maintenance", "blocked"])
def test_an_account_in_trouble_delays_no_other(live: Live, ann: Buyer, fault: str) -> None:
    """They have different outgoing addresses: a pause after 429 holds for all of one address."""
    bad, good = live.world.seller("bad"), live.world.seller("good")
    live.open(bad, "greeter", proxy="http://127.0.0.1:3128")
    live.open(good, "greeter")
    live.world.faults.add(fault, account="bad", count=None)
    live.jump(2)
    eventually(lambda: live.info("bad")["state"] in ("reconnecting", "error"))
    before = polls(live, "good")
    ann.buys(good.lot("Ключ"))
    live.jump(2)
    eventually(lambda: ann.messages_from(good))
    assert polls(live, "good") <= before + 2
    assert (live.info("good")["state"], live.info("good")["last_error"]) == ("running", None)


def test_an_address_that_is_limited_rests_for_all_its_accounts(live: Live) -> None:
    one, two = live.world.seller("one"), live.world.seller("two")
    live.open(one)
    live.open(two)
    live.world.faults.add("429", account="one", retry_after=600)
    live.jump(2)
    live.comes_to("one", "reconnecting")
    before = len(live.world.log.requests())
    live.jump(2)
    live.comes_to("two", "reconnecting")
    assert len(live.world.log.requests()) - before <= 1
    live.jump(601)
    live.comes_to("one", "running")
    live.comes_to("two", "running")


# --- modules


class Grumpy:
    """A module that fails with every event, and a good one beside it."""

    def __init__(self) -> None:
        self.tried: list[datetime] = []
        self.heard: list[str | None] = []
        self.bad, self.good = Module("bad", title="Bad"), Module("good", title="Good")
        self.bad.on(MessageReceived)(self._fail)
        self.good.on(MessageReceived)(self._hear)

    @property
    def tries(self) -> int:
        return len(self.tried)

    def _fail(self, event: MessageReceived, work: Work) -> None:
        self.tried.append(work.now)
        work.alert("never", "never", "This is rolled back")
        raise RuntimeError("no")

    def _hear(self, event: MessageReceived, work: Work) -> None:
        self.heard.append(event.message.text)


@pytest.fixture
def grumpy() -> Grumpy:
    return Grumpy()


@pytest.fixture
def opium(world: World, tmp_path: Path, grumpy: Grumpy) -> Iterator[Driver]:
    found = {"bad": grumpy.bad, "good": grumpy.good, "greeter": greeter()}
    driver = Driver(world, tmp_path / "instance", found)
    yield driver
    driver.core.db.close()


def alerts(opium: Driver) -> dict[str, str]:
    return {item["kind"]: item["text"] for item in opium.get("/api/alerts?open=true")["items"]}


def test_a_module_that_always_fails_is_held_after_five_tries(
    opium: Driver, world: World, grumpy: Grumpy
) -> None:
    seller, ann = world.seller("shop"), world.buyer("ann")
    opium.watch(seller, "bad", "good", "greeter", rate_limit={"base_delay": 0})
    opium.poll(seller, 2)
    ann.writes(seller, "one")
    opium.poll(seller)
    assert (grumpy.tries, grumpy.heard, alerts(opium)) == (1, ["one"], {})
    opium.poll(seller, 12)
    assert grumpy.tries == 5
    assert list(alerts(opium)) == ["held"]
    assert "bad failed 5 times" in alerts(opium)["held"]
    ann.writes(seller, "two")
    opium.poll(seller, 12)
    assert (grumpy.tries, grumpy.heard) == (10, ["one", "two"])
    ann.buys(seller.lot("Ключ"))
    opium.poll(seller, 3)
    assert any("WORD" in message for message in ann.messages_from(seller))
    assert opium.get("/api/accounts/shop")["state"] == "running"


def test_later_tries_come_later_each_time(opium: Driver, world: World, grumpy: Grumpy) -> None:
    seller = world.seller("shop")
    opium.watch(seller, "bad", rate_limit={"base_delay": 0})
    opium.poll(seller, 2)
    world.buyer("ann").writes(seller, "one")
    opium.poll(seller)
    while grumpy.tries < 5:
        world.travel(max(opium.step(seller), 0.01))
    waited = [(two - one).total_seconds() for one, two in pairwise(grumpy.tried)]
    assert waited == [pytest.approx(seconds, abs=1.5) for seconds in (2, 4, 8, 16)]


def test_what_a_failing_handler_wrote_is_gone(opium: Driver, world: World, grumpy: Grumpy) -> None:
    seller = world.seller("shop")
    opium.watch(seller, "bad", rate_limit={"base_delay": 0})
    opium.poll(seller, 2)
    world.buyer("ann").writes(seller, "one")
    opium.poll(seller, 12)
    assert "never" not in alerts(opium)


def test_a_module_that_hangs_its_account_s_thread_stops_no_other_account(
    make_live: MakeLive,
) -> None:
    """It waits outside of a transaction, as a handler must not, in a task or a library."""
    live = make_live(modules={"greeter": greeter()})
    slow, quick, ann = (
        live.world.seller("slow"),
        live.world.seller("quick"),
        live.world.buyer("ann"),
    )
    live.open(slow)
    live.open(quick, "greeter")
    live.wire.hold(slow)
    live.jump(140)
    eventually(lambda: live.wire.held)
    live.jump(140)
    live.core.registry.reconcile()
    assert len(live.open_alerts("stuck")) == 1
    ann.buys(quick.lot("Ключ"))
    live.jump(2)
    eventually(lambda: ann.messages_from(quick))


# --- loading


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of modules: one is fine, the others are broken in their ways."""
    root = tmp_path / "shelf"
    texts = {
        "fine": "from opium.module import Module\nmodule = Module('fine', title='Fine')\n",
        "syntax": "def (:\n",
        "raises": "raise RuntimeError('no luck')\n",
        "empty": "",
        "wrong": "module = 5\n",
        "needy": (
            "from opium.module import Module\n"
            "module = Module('needy', title='Needy', needs=['raises'])\n"
        ),
        "exits": "raise ImportError('libsomething is missing')\n",
    }
    for name, code in texts.items():
        (root / name).mkdir(parents=True)
        (root / name / "__init__.py").write_text(code)
    (root / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    for known in [known for known in sys.modules if known.split(".")[0] == "shelf"]:
        monkeypatch.delitem(sys.modules, known)
    return "shelf"


def test_a_broken_folder_is_reported_and_the_others_are_loaded(package: str) -> None:
    found = find(package)
    assert list(found.ready) == ["fine"]
    assert set(found.broken) == {"syntax", "raises", "empty", "wrong", "needy", "exits"}
    assert found.broken["raises"] == "RuntimeError: no luck"
    assert found.broken["needy"] == "it needs raises"
    assert all("\n" not in reason for reason in found.broken.values())


def test_a_broken_module_is_an_alert_until_it_is_mended(
    world: World, tmp_path: Path, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opium = Driver(world, tmp_path / "instance")
    broken = find(package)
    monkeypatch.setattr("driver.find", lambda: Found(dict(broken.ready), dict(broken.broken)))
    opium.restart()
    assert opium.get("/api/modules/available")["modules"] == ["fine"]
    texts = [item["text"] for item in opium.get("/api/alerts?open=true")["items"]]
    assert len(texts) == len(broken.broken)
    assert "Module raises cannot be used: RuntimeError: no luck." in texts
    opium.restart()
    assert opium.get("/api/alerts?open=true")["total"] == len(broken.broken)
    monkeypatch.setattr("driver.find", lambda: Found(dict(broken.ready), {}))
    opium.restart()
    assert opium.get("/api/alerts?open=true")["total"] == 0
    opium.core.db.close()


def test_an_account_runs_on_without_its_broken_module(world: World, tmp_path: Path) -> None:
    seller, ann = world.seller("shop"), world.buyer("ann")
    both = {"greeter": greeter(), "other": Module("other", title="Other")}
    opium = Driver(world, tmp_path / "instance", both)
    opium.watch(seller, "other", "greeter")
    opium._modules = {"greeter": greeter()}
    opium.restart()
    assert opium.get("/api/accounts/shop")["modules"] == ["other", "greeter"]
    ann.buys(seller.lot("Ключ"))
    opium.poll(seller, 2)
    assert len(ann.messages_from(seller)) == 1
    assert OrderPaid.kind in both["greeter"].handlers
    assert modules.find().broken == {}
    opium.core.db.close()

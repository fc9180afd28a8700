"""Every member of an account's configuration acts without a restart (contract 4.2, 4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from driver import POLL, Driver
from workers_cast import QUICK, Live, eventually, greeter

from opium.events import MessageReceived, OrderPaid
from opium.module import Module
from opium.work import Work
from sandbox.world import Seller, World

PLAIN = {"runner_delay_min": 4, "runner_delay_max": 4}


class Heard:
    """A module that notes what it is told."""

    def __init__(self) -> None:
        self.messages: list[str | None] = []
        self.orders: list[tuple[str, bool]] = []
        self.module = Module("heard", title="Heard")
        self.module.on(MessageReceived)(self._message)
        self.module.on(OrderPaid)(self._order)

    def _message(self, event: MessageReceived, work: Work) -> None:
        self.messages.append(event.message.text)

    def _order(self, event: OrderPaid, work: Work) -> None:
        self.orders.append((event.order_id, event.missed))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def opium(world: World, tmp_path: Path, heard: Heard) -> Iterator[Driver]:
    driver = Driver(world, tmp_path / "instance", {"heard": heard.module})
    yield driver
    driver.core.db.close()


@pytest.fixture
def seller(world: World) -> Seller:
    return world.seller("shop")


def patch(opium: Driver, **changes: Any) -> None:
    opium.ok("PATCH", "/api/accounts/shop/config", changes)


def state(opium: Driver) -> str:
    return str(opium.get("/api/accounts/shop")["state"])


def asked(opium: Driver, path: str | None = None) -> int:
    return len(opium.world.log.requests("shop", path))


def after(opium: Driver, seller: Seller, seconds: float) -> int:
    """How many requests the step makes that comes after so long."""
    before = asked(opium)
    opium.world.travel(seconds)
    opium.step(seller)
    return asked(opium) - before


def lives(opium: Driver, seller: Seller, seconds: float) -> None:
    """Steps as the thread makes them: each as long after the last one as that one said."""
    end = opium.clock.monotonic() + seconds
    while opium.clock.monotonic() < end:
        opium.world.travel(max(opium.step(seller), 0.01))


# --- at once


def test_shorter_pauses_between_polls_cut_the_present_one(opium: Driver, seller: Seller) -> None:
    opium.watch(seller, anti_detect={"runner_delay_min": 300, "runner_delay_max": 300})
    opium.poll(seller)
    assert after(opium, seller, 10) == 0
    patch(opium, anti_detect={"runner_delay_min": 10, "runner_delay_max": 10})
    assert after(opium, seller, 1) == 1


def test_longer_pauses_between_polls_stretch_the_present_one(opium: Driver, seller: Seller) -> None:
    opium.watch(seller, anti_detect=PLAIN)
    opium.poll(seller)
    patch(opium, anti_detect={"runner_delay_min": 200, "runner_delay_max": 200})
    assert after(opium, seller, 199) == 0
    assert after(opium, seller, 2) == 1


def test_the_pace_changes_for_the_next_request(opium: Driver, seller: Seller) -> None:
    opium.watch(seller, anti_detect=PLAIN, rate_limit={"base_delay": 60})
    assert after(opium, seller, 15) == 0
    patch(opium, rate_limit={"base_delay": 0})
    assert after(opium, seller, 0) > 0


def test_a_burst_s_cool_down_changes_too(opium: Driver, seller: Seller) -> None:
    rate = {"base_delay": 0, "burst_limit": 1, "cooldown_after_burst": 600}
    opium.watch(seller, anti_detect=PLAIN, rate_limit=rate)
    assert after(opium, seller, 60) == 0
    patch(opium, rate_limit={**rate, "burst_limit": 50})
    assert after(opium, seller, 0) > 0


def test_a_shorter_back_off_ends_the_present_one(opium: Driver, seller: Seller) -> None:
    opium.watch(seller, reconnect={"base_delay": 3600, "max_delay": 3600})
    opium.world.faults.add("502", count=1)
    opium.poll(seller)
    assert (state(opium), after(opium, seller, 60)) == ("reconnecting", 0)
    patch(opium, reconnect={"base_delay": 1})
    opium.step(seller)
    assert state(opium) == "running"


def test_reconnecting_switched_on_brings_the_account_back(opium: Driver, seller: Seller) -> None:
    opium.watch(seller, reconnect={"enabled": False})
    opium.world.faults.add("502", count=1)
    opium.poll(seller)
    assert (state(opium), after(opium, seller, 3600)) == ("error", 0)
    patch(opium, reconnect=None)
    opium.step(seller)
    assert state(opium) == "running"


def test_other_changes_do_not_end_a_back_off(opium: Driver, seller: Seller) -> None:
    opium.watch(seller, reconnect={"base_delay": 3600, "max_delay": 3600})
    opium.world.faults.add("502", count=1)
    opium.poll(seller)
    patch(opium, anti_detect=PLAIN, rate_limit={"base_delay": 0}, disable_messages=True)
    assert (state(opium), after(opium, seller, 60)) == ("reconnecting", 0)


def test_the_age_of_a_session_changes(opium: Driver, seller: Seller) -> None:
    opium.watch(seller, anti_detect=PLAIN)
    opium.pass_time(seller, 400)
    assert asked(opium, "/") == 1
    patch(
        opium,
        anti_detect={**PLAIN, "session_refresh_interval": 300, "session_refresh_jitter": 0},
    )
    opium.poll(seller)
    assert asked(opium, "/") == 2


def test_messages_are_heard_or_not(opium: Driver, seller: Seller, heard: Heard) -> None:
    ann = opium.world.buyer("ann")
    opium.watch(seller, "heard")
    opium.poll(seller, 2)
    for text, disabled in (("one", False), ("two", True), ("three", False)):
        patch(opium, disable_messages=disabled)
        read = asked(opium, "/chat/history")
        ann.writes(seller, text)
        lives(opium, seller, 20)
        assert (asked(opium, "/chat/history") > read) is not disabled
    assert heard.messages == ["one", "three"]


@pytest.mark.parametrize("seconds", [1, 8])
def test_messages_are_read_however_short_the_pauses_between_polls(
    opium: Driver, seller: Seller, heard: Heard, seconds: int
) -> None:
    ann = opium.world.buyer("ann")
    opium.watch(
        seller, "heard", anti_detect={"runner_delay_min": seconds, "runner_delay_max": seconds}
    )
    opium.poll(seller, 2)
    ann.writes(seller, "one")
    lives(opium, seller, 30)
    assert heard.messages == ["one"]


def test_orders_are_looked_for_or_not(opium: Driver, seller: Seller, heard: Heard) -> None:
    ann, lot = opium.world.buyer("ann"), seller.lot("Ключ", amount=10)
    opium.watch(seller, "heard")
    opium.poll(seller, 2)
    first = ann.buys(lot)
    opium.poll(seller, 2)
    patch(opium, disable_orders=True)
    pages = asked(opium, "/orders/trade")
    second = ann.buys(lot)
    opium.poll(seller, 40)
    assert asked(opium, "/orders/trade") == pages
    assert heard.orders == [(first.id, False)]
    patch(opium, disable_orders=False)
    opium.poll(seller, 2)
    assert heard.orders == [(first.id, False), (second.id, True)]


def test_a_start_that_is_being_delayed_obeys_a_new_delay(live: Live) -> None:
    delays = {"startup_delay_min": 3000, "startup_delay_max": 3000}
    shop = live.create(live.world.seller("shop"), anti_detect=delays)
    eventually(lambda: live.core.registry.worker(shop) is not None)
    worker = live.hired(shop)
    eventually(lambda: worker.resting)
    live.patch(shop, anti_detect=QUICK["anti_detect"])
    live.comes_to(shop, "running")
    assert live.hired(shop) is worker


def test_what_acts_at_once_keeps_session_and_worker(live: Live) -> None:
    shop = live.open(live.world.seller("shop"))
    worker = live.hired(shop)
    live.patch(
        shop,
        anti_detect=PLAIN,
        rate_limit=None,
        reconnect=None,
        disable_messages=True,
        disable_orders=True,
    )
    live.patch(shop, golden_key=live.world.seller("shop").golden_key, user_agent="", proxy=None)
    live.core.registry.reconcile()
    assert live.hired(shop) is worker
    assert live.generation(shop) == 1
    assert len(live.world.log.requests(shop, "/")) == 1


# --- a new session


@pytest.mark.parametrize("member", ["golden_key", "user_agent", "proxy"])
def test_what_makes_the_session_makes_a_new_one(live: Live, member: str) -> None:
    seller = live.world.seller("shop")
    shop = live.open(seller)
    before = live.hired(shop)
    values = {"user_agent": "Mozilla/5.0 (shop)", "proxy": "http://user:pw@127.0.0.1:3128"}
    live.patch(shop, **{member: values.get(member) or seller.gets_key()})
    assert live.info(shop)["is_running"] is True
    eventually(lambda: live.core.registry.worker(shop) not in (None, before))
    live.comes_to(shop, "running")
    eventually(lambda: not before.is_alive())
    assert live.generation(shop) == 2
    live.polls(shop)
    assert ("Mozilla/5.0 (shop)" in live.wire.agents[-1]) is (member == "user_agent")
    assert ("3128" in live.hired(shop).desk.client.gate.address) is (member == "proxy")


def test_a_message_under_way_arrives_once_when_the_session_is_made_anew(live: Live) -> None:
    """Its outcome is unknown to the new session, which looks before anything is sent again."""
    seller, ann = live.world.seller("shop"), live.world.buyer("ann")
    shop = live.open(seller, "greeter")
    live.wire.hold(seller, "chat_message")
    ann.buys(seller.lot("Ключ"))
    live.jump(2)
    eventually(lambda: live.wire.held)
    live.patch(shop, user_agent="Mozilla/5.0 (shop)")
    eventually(lambda: live.commands() == ["unknown"])
    live.wire.let_go()
    live.comes_to(shop, "running")
    eventually(lambda: ann.messages_from(seller))
    live.jump(46)
    eventually(lambda: live.commands() == ["done"])
    assert len(ann.messages_from(seller)) == len(live.sends()) == 1


def test_a_message_not_yet_begun_is_sent_by_the_new_session(live: Live) -> None:
    seller, ann = live.world.seller("shop"), live.world.buyer("ann")
    shop = live.open(seller, "greeter", reconnect={"base_delay": 3600, "max_delay": 3600})
    live.world.faults.add("429", path="/runner/", action="send", retry_after=5)
    ann.buys(seller.lot("Ключ"))
    live.jump(2)
    live.comes_to(shop, "reconnecting")
    assert live.commands() == ["waiting"]
    live.jump(6)
    live.patch(shop, user_agent="Mozilla/5.0 (shop)")
    live.comes_to(shop, "running")
    eventually(lambda: live.commands() == ["done"], live.commands)
    assert len(ann.messages_from(seller)) == 1


def test_the_cast_s_settings_are_those_it_says(live: Live) -> None:
    shop = live.open(live.world.seller("shop"))
    settings = live.hired(shop).desk.settings
    assert settings.anti_detect.runner_delay_max == QUICK["anti_detect"]["runner_delay_max"]
    assert greeter().takes_orders
    assert PLAIN["runner_delay_max"] < POLL

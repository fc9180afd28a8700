"""docs/modules/writing.md holds its promise: its example is complete, and it works."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import Driver

from opium import modules
from opium.config import ROOT
from opium.module import find
from sandbox.world import World

PAGE = ROOT / "docs" / "modules" / "writing.md"
EXAMPLE = ROOT / "docs" / "modules" / "example"
BLOCK = re.compile(r"^`(?P<name>[\w/.]+\.py)`[^\n]*\n\n```python\n(?P<code>.*?)^```$", re.M | re.S)


@pytest.fixture
def opium(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """Opium as if the example lay in opium/modules."""
    monkeypatch.setattr(modules, "__path__", [*modules.__path__, str(EXAMPLE)])
    thanks = find().ready["thanks"]
    driver = Driver(world, tmp_path / "instance", {"thanks": thanks})
    yield driver
    driver.core.db.close()


def test_a_buyer_is_thanked_once(world: World, opium: Driver) -> None:
    shop, ann = world.seller("shop"), world.buyer("ann")
    lot = shop.lot("Ключ Steam")
    opium.watch(shop, "thanks")
    order = ann.buys(lot)
    opium.poll(shop, 2)
    assert ann.messages_from(shop) == []
    ann.confirms(order)
    opium.poll(shop, 2)
    opium.restart()
    opium.poll(shop, 2)
    assert ann.messages_from(shop) == ["Спасибо за покупку!"]
    assert opium.get("/api/accounts/shop/modules/thanks/count") == {"thanked": 1}
    tags = opium.get("/api/accounts/shop/order-tags")["tags"]
    assert tags[order.id] == {"module": "thanks", "thanked": "yes"}


def test_the_page_shows_the_example_and_its_test() -> None:
    shown = {match["name"]: match["code"] for match in BLOCK.finditer(PAGE.read_text("utf-8"))}
    assert shown.pop("test_thanks.py").endswith(inspect.getsource(test_a_buyer_is_thanked_once))
    assert shown == {
        str(path.relative_to(EXAMPLE)): path.read_text("utf-8") for path in EXAMPLE.rglob("*.py")
    }


def test_the_settings_of_the_example_change_without_a_restart(world: World, opium: Driver) -> None:
    shop, ann = world.seller("shop"), world.buyer("ann")
    order = ann.buys(shop.lot("Ключ Steam"))
    opium.watch(shop, "thanks")
    path = "/api/accounts/shop/modules/thanks"
    opium.ok("PUT", path, {"config": {"text": ""}}, status=400)
    opium.ok("PUT", path, {"config": {"text": "Заходите ещё!"}})
    ann.confirms(order)
    opium.poll(shop, 2)
    assert ann.messages_from(shop) == ["Заходите ещё!"]


def test_the_example_imports_of_ours_only_what_a_module_may() -> None:
    code = (EXAMPLE / "thanks" / "__init__.py").read_text("utf-8")
    assert set(re.findall(r"^(?:from|import) (opium[\w.]*)", code, re.M)) == {
        "opium.kit",
        "opium.schema",
    }

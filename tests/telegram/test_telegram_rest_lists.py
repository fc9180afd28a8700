"""Whitelist, event log and log watchers of telegram_bot through the API (contract 11)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram_rest_cast import Panel

from opium.modules.telegram_bot import event_log, watcher_rows, whitelist
from opium.modules.telegram_bot.models import Listed, Watcher


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    made = Panel(tmp_path / "instance")
    yield made
    made.opium.core.db.close()


# --- whitelist


def test_users_come_are_renamed_and_go(panel: Panel) -> None:
    assert panel.ask("GET", "/whitelist") == []
    added = panel.ask("POST", "/whitelist", {"telegram_id": 20, "label": " Admin "})
    assert added == {"ok": True, "telegram_id": 20}
    panel.ask("POST", "/whitelist", {"telegram_id": 10})
    two = [{"telegram_id": 20, "label": "Admin"}, {"telegram_id": 10, "label": ""}]
    assert panel.ask("GET", "/whitelist") == two
    assert panel.ask("PATCH", "/whitelist/20", {"label": "Аня"}) == {"ok": True}
    assert panel.ask("DELETE", "/whitelist/10") == {"ok": True}
    assert panel.ask("GET", "/whitelist") == [{"telegram_id": 20, "label": "Аня"}]
    panel.lets_in(10)
    assert [user["telegram_id"] for user in panel.ask("GET", "/whitelist")] == [20, 10]
    assert {"TELEGRAM_USER_ADDED", "TELEGRAM_USER_REMOVED"} <= set(panel.audit())


def test_a_user_is_listed_once_and_per_account(panel: Panel) -> None:
    panel.lets_in(5)
    assert panel.refused("POST", "/whitelist", {"telegram_id": 5})[0] == 409
    panel.open("second")
    panel.account_id = "second"
    assert panel.ask("GET", "/whitelist") == []
    assert panel.status("PATCH", "/whitelist/5", {"label": "x"}) == 404
    assert panel.status("DELETE", "/whitelist/5") == 404
    panel.lets_in(5)
    with panel.opium.core.db.read() as db:
        assert whitelist.is_listed(db, "shop", 5)
        assert not whitelist.is_listed(db, "shop", 6)


@pytest.mark.parametrize(
    "body",
    [
        {},
        *({"telegram_id": number} for number in (0, -5, "5", 2**60, True, 5.0, None)),
        *({"telegram_id": 5, "label": label} for label in ("x" * 65, None, 1)),
    ],
)
def test_what_is_no_user_is_refused(panel: Panel, body: dict[str, Any]) -> None:
    assert panel.status("POST", "/whitelist", body) == 400
    assert panel.ask("GET", "/whitelist") == []


def test_a_label_and_an_id_are_checked_before_the_user_is_looked_for(panel: Panel) -> None:
    for path in ("/whitelist/abc", "/whitelist/0", "/whitelist/1.5"):
        assert panel.status("PATCH", path, {"label": "x"}) == 400
        assert panel.status("DELETE", path) == 400
    assert panel.status("PATCH", "/whitelist/5", {}) == 400
    assert panel.status("PATCH", "/whitelist/5", {"label": "x"}) == 404


def test_the_whitelist_has_an_end(panel: Panel) -> None:
    with panel.opium.core.db.write() as db:
        for number in range(1, whitelist.MOST + 1):
            db.add(Listed(account_id="shop", telegram_id=number, label="", position=number))
    assert panel.refused("POST", "/whitelist", {"telegram_id": 5000})[0] == 400


# --- events


def test_events_are_the_last_ones_oldest_first(panel: Panel) -> None:
    assert panel.ask("GET", "/events") == []
    panel.open("second")
    for number in range(60):
        panel.told(f"kind{number}")
    panel.told("theirs", account_id="second")
    shown = panel.ask("GET", "/events")
    assert [entry["event_type"] for entry in shown] == [f"kind{n}" for n in range(10, 60)]
    assert [e["event_type"] for e in panel.ask("GET", "/events?limit=2")] == ["kind58", "kind59"]
    assert len(panel.ask("GET", "/events?limit=200")) == 60
    assert panel.ask("DELETE", "/events") == {"ok": True}
    assert panel.ask("GET", "/events") == []
    panel.account_id = "second"
    assert len(panel.ask("GET", "/events")) == 1


def test_an_event_has_the_members_of_the_contract(panel: Panel) -> None:
    panel.told("new_order", "[shop] <b>Новый заказ</b>")
    (entry,) = panel.ask("GET", "/events")
    stamp = entry.pop("timestamp")
    assert entry == {
        "event_type": "new_order",
        "text_preview": "[shop] <b>Новый заказ</b>",
        "sent_to": 1,
        "total": 2,
    }
    assert stamp.endswith("+03:00")
    assert datetime.fromisoformat(stamp) == panel.opium.clock.now().replace(microsecond=0)


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5", ""])
def test_the_number_of_events_has_bounds(panel: Panel, limit: str) -> None:
    assert panel.status("GET", f"/events?limit={limit}") == 400


def test_a_preview_is_cut_outside_of_tags_and_entities() -> None:
    assert event_log.preview("x" * 300) == "x" * 200
    assert event_log.preview("x" * 198 + "<b>bold</b>") == "x" * 198
    assert event_log.preview("x" * 197 + "&amp;y") == "x" * 197
    assert event_log.preview("a < b & c") == "a < b & c"


@given(st.text(alphabet="<>/b &;amplt#4x", max_size=400))
def test_any_preview_is_short_and_a_beginning(html: str) -> None:
    cut = event_log.preview(html)
    assert len(cut) <= 200
    assert html.startswith(cut)
    assert event_log.preview(cut) == cut
    if len(html) > 200 and len(cut) < 200:
        # It ends early only before something that is one piece.
        assert re.match(r"<[^<>]*>|&#?[A-Za-z0-9]+;", html[len(cut) :])


# --- log watchers


def test_watchers_are_made_changed_and_deleted(panel: Panel) -> None:
    assert panel.ask("GET", "/log-watchers") == []
    made = panel.ask("POST", "/log-watchers", {"pattern": " | ERROR "})
    assert re.fullmatch("[0-9a-f]{8}", made["id"])
    assert made == {
        "id": made["id"],
        "pattern": " | ERROR ",
        "custom_message": "",
        "enabled": True,
    }
    full = {"pattern": "[auto_raise] Raised", "custom_message": "Поднято", "enabled": False}
    second = panel.ask("POST", "/log-watchers", full)
    assert second == full | {"id": second["id"]}
    assert panel.ask("GET", "/log-watchers") == [made, second]
    path = f"/log-watchers/{made['id']}"
    assert panel.ask("PATCH", path, {"enabled": False}) == {"ok": True}
    assert panel.ask("PATCH", path, {}) == {"ok": True}
    panel.ask("PATCH", path, {"custom_message": "x", "pattern": "y"})
    changed = {"id": made["id"], "pattern": "y", "custom_message": "x", "enabled": False}
    assert panel.ask("GET", "/log-watchers") == [changed, second]
    assert panel.ask("DELETE", path) == {"ok": True}
    assert panel.ask("GET", "/log-watchers") == [second]
    assert panel.status("DELETE", path) == 404
    assert panel.status("PATCH", path, {"enabled": True}) == 404


def test_a_watcher_belongs_to_one_account(panel: Panel) -> None:
    made = panel.ask("POST", "/log-watchers", {"pattern": "x"})
    panel.open("second")
    panel.account_id = "second"
    assert panel.ask("GET", "/log-watchers") == []
    assert panel.status("PATCH", f"/log-watchers/{made['id']}", {"enabled": False}) == 404
    assert panel.status("DELETE", f"/log-watchers/{made['id']}") == 404


@pytest.mark.parametrize(
    "body",
    [
        *({"pattern": pattern} for pattern in ("", "  \t", "x" * 201, None)),
        *({"pattern": "x", "custom_message": text} for text in ("y" * 501, None)),
        {"pattern": "x", "enabled": 1},
    ],
)
def test_what_is_no_watcher_is_refused(panel: Panel, body: dict[str, Any]) -> None:
    assert panel.status("POST", "/log-watchers", body) == 400
    made = panel.ask("POST", "/log-watchers", {"pattern": "x"})
    assert panel.status("PATCH", f"/log-watchers/{made['id']}", body) == 400
    assert panel.ask("GET", "/log-watchers") == [made]
    assert panel.status("POST", "/log-watchers", {}) == 400


def test_there_is_an_end_to_watchers(panel: Panel) -> None:
    with panel.opium.core.db.write() as db:
        for number in range(watcher_rows.MOST):
            row = Watcher(account_id="shop", watcher_id=f"{number:08x}", pattern="x")
            row.custom_message = ""
            db.add(row)
    assert panel.refused("POST", "/log-watchers", {"pattern": "x"})[0] == 400

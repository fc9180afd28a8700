"""Rentals from the phone: seen, made longer, ended; their passwords stay where they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from telegram_cast import Phone

BASE = "/api/accounts/shop/modules/steam_rent"
PASSWORD = "OldPassw0rd42"


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Phone]:
    """A shop that rents out one Steam account, which Ann has rented."""
    made = Phone(tmp_path / "instance", "steam_rent")
    made.opium.ok("POST", f"{BASE}/games", {"game_id": "cs2"})
    account = made.steam.add_account("alpha", PASSWORD)
    body = {"login": "alpha", "password": PASSWORD, "game_ids": ["cs2"]}
    made.opium.ok("POST", f"{BASE}/steam-accounts", body)
    path = f"{BASE}/steam-accounts/alpha/import-mafile"
    made.opium.ok("POST", path, data=account.mafile, content_type="text/plain")
    lot = made.seller.lot("Аренда CS2 1 час")
    mapping = {"lot_pattern": "Аренда CS2", "game_id": "cs2", "rent_minutes": 60}
    made.opium.ok("POST", f"{BASE}/lot-mappings", mapping)
    made.buyer.buys(lot)
    made.opium.poll(made.seller, 3)
    yield made
    assert made.telegram.wrongdoings == []
    made.opium.core.db.close()


def rental(phone: Phone) -> Any:
    [found] = phone.opium.get(f"{BASE}/rentals/active")
    return found


def opened(phone: Phone) -> None:
    """The card of the rental."""
    phone.says("/menu")
    phone.presses("🎮 Аренды")
    assert "cs2 · alpha · ann" in phone.last().text
    phone.presses("cs2 · ann")


def test_a_rental_is_shown_without_its_password(phone: Phone) -> None:
    opened(phone)
    assert "Покупатель: ann" in phone.last().text
    assert phone.buttons() == ["➕ Время", "⛔ Завершить", "✍️ Ответить"]
    assert PASSWORD not in "".join(phone.owner.texts(phone.bot))


def test_time_is_added_at_a_press(phone: Phone) -> None:
    before = rental(phone)["end_time"]
    opened(phone)
    phone.presses("➕ Время")
    phone.presses("1 ч")
    assert "Время добавлено" in phone.last().text
    assert rental(phone)["end_time"] > before
    [line] = [r for r in phone.opium.get("/api/audit")["items"] if r["action"] == "RENTAL_TIME"]
    assert line["actor"] == "telegram:501"


def test_a_rental_is_ended_after_a_yes(phone: Phone) -> None:
    opened(phone)
    phone.presses("⛔ Завершить")
    assert "cs2 · alpha · ann" in phone.last().text
    assert rental(phone)["status"] == "active"
    phone.presses("Да")
    assert "завершена" in phone.last().text
    assert phone.opium.get(f"{BASE}/rentals/active") == []


def test_one_that_is_over_has_no_buttons(phone: Phone) -> None:
    opened(phone)
    card = phone.last()
    phone.opium.ok("POST", f"{BASE}/rentals/{rental(phone)['rental_id']}/terminate")
    phone.presses("⛔ Завершить", card)
    assert phone.last().text == "Такой аренды сейчас нет."
    phone.presses("➕ Время", card)
    phone.presses("1 ч")
    assert phone.last().text.startswith("❌ Время аренды: 400")

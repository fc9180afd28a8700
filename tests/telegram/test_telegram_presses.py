"""What happens when a button is pressed: by whom, once, and with a yes where it matters."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update
from telegram_cast import STRANGER, Phone

from opium.modules.telegram_bot.callback import data, read, tag
from opium.modules.telegram_bot.models import Button

SHOP = "/api/accounts/{account_id}"


def own(phone: Phone, endpoint: str = SHOP, **more: object) -> str:
    """A button of the menu; its id."""
    body = {"label": "Моя", "api_endpoint": endpoint, **more}
    return str(phone.ask("POST", "/bot-buttons", body)["id"])


def test_what_a_button_carries_is_small_and_read_back() -> None:
    rental = "0b5c1c2e-9f5b-4f0e-8a6b-0123456789ab"
    text = data("a" * 64, "addtime", rental, 1440)
    assert len(text.encode()) <= 64
    pressed = read(text)
    assert pressed is not None
    assert (pressed.verb, pressed.args, pressed.tag) == (
        "addtime", (rental, "1440"), tag("a" * 64),
    )  # fmt: skip
    for forged in ("", "x", "refund:../x", "refund:a/b", "refund:a@shop", "a" * 65, "order:\n"):
        assert read(forged) is None
    with pytest.raises(ValueError, match="cannot carry"):
        data("shop", "order", "x" * 60)


def test_the_order_card_shows_what_can_be_done(phone: Phone) -> None:
    order = phone.order("Ключ <b>")
    phone.notice({"order": order.id})
    phone.presses(f"order:{order.id}", forged=True)
    assert "Ключ <b>" in phone.last().text
    assert "оплачен" in phone.last().text
    assert phone.buttons() == ["✍️ Ответить", "↩️ Вернуть деньги"]


def test_a_refund_needs_a_yes(phone: Phone) -> None:
    order = phone.order()
    phone.notice({"order": order.id})
    phone.presses(f"refund:{order.id}", forged=True)
    assert order.status == "paid"
    assert "Вернуть деньги за заказ" in phone.last().text
    phone.presses("Да")
    assert order.status == "refunded"
    assert "возвращены" in phone.last().text
    refunds = [row for row in phone.opium.get("/api/audit")["items"] if "REFUND" in row["action"]]
    assert {row["actor"] for row in refunds} == {"telegram:501"}


def test_a_no_changes_nothing_and_takes_the_buttons_away(phone: Phone) -> None:
    order = phone.order()
    phone.notice({})
    phone.presses(data("shop", "refund", order.id), forged=True)
    question = phone.last()
    assert phone.presses("Нет").answer == "Отменено."
    assert question.buttons == []
    assert order.status == "paid"


def test_a_yes_counts_once(phone: Phone) -> None:
    phone.notice({})
    phone.presses(data("shop", "stop"), forged=True)
    question, yes = phone.last(), phone.last().buttons[0].data
    assert yes is not None
    phone.presses("Да")
    assert phone.opium.get("/api/accounts/shop")["state"] in ("stopping", "stopped")
    again = phone.presses(yes, question, forged=True)
    assert "Время вышло" in str(again.answer)
    assert len(phone.audit("ACCOUNT_STOPPED")) == 1


def test_a_yes_after_a_minute_is_too_late(phone: Phone) -> None:
    phone.notice({})
    phone.presses(data("shop", "stop"), forged=True)
    phone.travel(61)
    phone.presses("Да")
    assert phone.opium.get("/api/accounts/shop")["state"] == "running"
    assert phone.audit("TELEGRAM_REFUSED") == [("telegram:501", "shop: stop", "expired")]


def test_a_yes_of_somebody_else_does_not_count(phone: Phone) -> None:
    bob = phone.telegram.add_user(777, "Боб")
    bob.starts(phone.bot)
    phone.admits(bob)
    phone.hears()
    phone.notice({})
    phone.presses(data("shop", "stop"), forged=True)
    yes = phone.last().buttons[0].data
    assert yes is not None
    phone.presses(yes, who=bob, forged=True)
    assert phone.opium.get("/api/accounts/shop")["state"] == "running"
    phone.presses("Да")
    assert phone.opium.get("/api/accounts/shop")["state"] != "running"


def test_an_account_is_started_and_stopped_from_the_menu(phone: Phone) -> None:
    phone.says("/menu")
    phone.presses("⏹ Остановить")
    phone.presses("Да")
    phone.says("/menu")
    phone.presses("▶️ Запустить")
    assert "запускается" in phone.last().text
    assert phone.audit("ACCOUNT_STARTED")[-1][0] == "telegram:501"


def test_the_balance_is_shown(phone: Phone) -> None:
    phone.says("/menu")
    phone.presses("💰 Баланс")
    assert "Рубли" in phone.last().text


def test_alerts_are_seen_by_a_press(phone: Phone) -> None:
    with phone.job.work("shop") as work:
        work.alert("test", "one", "Что-то <случилось>")
    phone.says("/menu")
    phone.presses("🚨 Ждёт решения")
    assert "Что-то <случилось>" in phone.last().text
    phone.presses("✅ Принято 1")
    [alert] = phone.opium.get("/api/alerts?open=true")["items"]
    assert alert["acked_at"] is not None
    phone.says("/menu")
    phone.presses("🚨 Ждёт решения")
    assert phone.buttons() == []


def test_an_alert_of_a_shop_that_is_not_his_is_refused(phone: Phone) -> None:
    other = phone.opium.watch(phone.world.seller("other"), "telegram_bot")
    with phone.job.work(other) as work:
        work.alert("test", "one", "чужое")
    [alert] = phone.opium.get("/api/alerts?open=true")["items"]
    phone.notice({})
    phone.presses(data("shop", "ack", alert["id"]), forged=True)
    phone.presses(data(other, "ack", alert["id"]), forged=True)
    [alert] = phone.opium.get("/api/alerts?open=true")["items"]
    assert alert["acked_at"] is None
    assert len(phone.audit("TELEGRAM_REFUSED")) == 2


# --- buttons of the seller


def test_an_own_button_calls_its_endpoint_and_shows_the_answer(phone: Phone) -> None:
    own(phone)
    phone.says("/menu")
    phone.presses("Моя")
    assert phone.last().text.startswith("Моя\naccount_id: shop")
    [line] = phone.audit("TELEGRAM_BUTTON")
    assert line == ("telegram:501", "shop: GET /api/accounts/shop", "200")


def test_one_that_wants_a_yes_cannot_be_pressed_without(phone: Phone) -> None:
    button = own(phone, f"{SHOP}/stop", api_method="POST", confirm=True)
    phone.says("/menu")
    phone.presses(f"btn:{button}", forged=True)
    assert phone.opium.get("/api/accounts/shop")["state"] == "running"
    phone.presses("Да")
    assert phone.opium.get("/api/accounts/shop")["state"] != "running"


def test_a_failure_is_told_in_the_words_of_the_route(phone: Phone) -> None:
    own(phone, f"{SHOP}/modules/steam_rent/guard/login")
    phone.says("/menu")
    phone.presses("Моя")
    assert phone.last().text.startswith("❌ Моя: 404")


def test_a_button_that_is_off_or_gone_is_refused(phone: Phone) -> None:
    button = own(phone)
    phone.says("/menu")
    menu = phone.last()
    phone.ask("PATCH", f"/bot-buttons/{button}", {"enabled": False})
    assert "выключена" in str(phone.presses("Моя", menu).answer)
    phone.ask("DELETE", f"/bot-buttons/{button}")
    assert "удалена" in str(phone.presses("Моя", menu).answer)
    assert phone.audit("TELEGRAM_BUTTON") == []
    assert len(phone.audit("TELEGRAM_REFUSED")) == 2


@pytest.mark.parametrize(
    "endpoint",
    ["@evil.example/", "//evil.example/x", "/api/accounts/shop/../other", "http://evil.example/"],
)
def test_a_row_with_a_foreign_endpoint_calls_nothing(phone: Phone, endpoint: str) -> None:
    button = own(phone)
    with phone.opium.core.db.write() as db:
        db.execute(update(Button).values(api_endpoint=endpoint))
    phone.says("/menu")
    phone.presses(f"btn:{button}", forged=True)
    assert "❌" in phone.last().text
    assert phone.audit("TELEGRAM_BUTTON") == []
    assert len(phone.audit("TELEGRAM_REFUSED")) == 1


def test_secrets_in_an_answer_are_masked(phone: Phone) -> None:
    own(phone)
    with phone.opium.core.db.write() as db:
        db.execute(update(Button).values(api_endpoint=f"{SHOP}/config"))
    phone.says("/menu")
    phone.presses("Моя")
    assert str(phone.seller.golden_key) not in "".join(phone.owner.texts(phone.bot))


# --- who may not


def test_a_stranger_s_press_is_silent_and_noted(phone: Phone) -> None:
    eve = phone.telegram.add_user(STRANGER, "Ева")
    phone.says("/start", eve)
    asked = len(phone.telegram.requests())
    pressed = phone.presses(data("shop", "stop"), who=eve, forged=True)
    assert pressed.answer is None
    assert {r["method"] for r in phone.telegram.requests()[asked:]} == {"getUpdates"}
    assert len(phone.audit("TELEGRAM_REFUSED")) == 1


def test_who_was_removed_can_press_nothing(phone: Phone) -> None:
    phone.says("/menu")
    phone.dismisses(phone.owner)
    assert phone.presses("⏹ Остановить").answer is None
    assert phone.audit("TELEGRAM_REFUSED") == [("telegram:501", f"bot {phone.bot.id}", "stranger")]


@pytest.mark.parametrize("forged", ["x", "refund:", "fly:1", "yes:0000000000000000", "btn:zzz",
                                    "refund:A1@00000000", "addtime:x:999999999"])  # fmt: skip
def test_what_no_button_of_ours_carries_is_refused_and_noted(phone: Phone, forged: str) -> None:
    phone.notice({})
    before = len(phone.owner.messages(phone.bot))
    pressed = phone.presses(forged, forged=True)
    if forged == "refund:":
        phone.presses("Да")
        assert "❌" in phone.last().text
        return
    assert pressed.answer
    assert pressed.alert
    assert len(phone.owner.messages(phone.bot)) == before
    assert len(phone.audit("TELEGRAM_REFUSED")) == 1


def test_a_press_in_one_shop_reaches_no_other(phone: Phone) -> None:
    """The same bot serves two shops; Bob is admitted to one of them."""
    phone.opens(phone.world.seller("second"))
    bob = phone.telegram.add_user(777, "Боб")
    bob.starts(phone.bot)
    phone.admits(bob, "second")
    phone.hears()
    phone.presses(data("shop", "start"), who=bob, forged=True)
    assert phone.audit("TELEGRAM_REFUSED")[-1][2] == "stale"
    phone.says("/menu", bob)
    assert phone.last(bob).text.startswith("🎛 second")


# --- modules


def test_stock_is_shown_scarcest_first(tmp_path: Path) -> None:
    phone = Phone(tmp_path / "i", "auto_delivery")
    base = "/api/accounts/shop/modules/auto_delivery/products"
    for name, stock in (("Много", ["a", "b"]), ("Мало <", ["c"])):
        phone.opium.ok("POST", base, {"name": name, "stock": stock})
    phone.says("/menu")
    phone.presses("📦 Склад")
    assert phone.last().text.splitlines()[1:] == ["Мало <: 1", "Много: 2"]
    phone.opium.core.db.close()


def test_lots_are_raised_now(tmp_path: Path) -> None:
    phone = Phone(tmp_path / "i", "auto_raise")
    phone.seller.lot("Ключ")
    phone.says("/menu")
    phone.presses("⬆️ Поднять лоты")
    assert "поднятие лотов\n✅" in phone.last().text
    phone.opium.core.db.close()

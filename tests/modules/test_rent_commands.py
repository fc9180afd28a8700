"""What buyers write and what they are answered (contract 10.2)."""

from __future__ import annotations

import re

import pytest
from rent_cast import PASSWORD, RentShop
from sqlalchemy import text

from opium.modules.steam_rent.commands import ALIASES
from sandbox.world import Buyer

ZERO_WIDTH = "\u200b\u2063\ufeff"


@pytest.mark.parametrize("word", sorted(ALIASES))
def test_every_word_of_the_list_is_answered(shop: RentShop, ann: Buyer, word: str) -> None:
    assert shop.says(ann, f"!{word}") != ""


@pytest.mark.parametrize(
    "written",
    [
        "!КОД",
        "!Код",
        f"{ZERO_WIDTH}!ко{ZERO_WIDTH}д{ZERO_WIDTH}",
        "  !код  ",
        "!код\u3164",
        "!GUARD",
    ],
)
def test_case_and_what_cannot_be_seen_do_not_matter(
    shop: RentShop, ann: Buyer, written: str
) -> None:
    assert "нет активной аренды" in shop.says(ann, written)


@pytest.mark.parametrize(
    "written", ["код", "! код", "!", "!!код", "!кот", "!кодик", "напишите !код", "!привет"]
)
def test_other_words_get_no_answer(shop: RentShop, ann: Buyer, written: str) -> None:
    assert shop.says(ann, written) == ""


def test_what_the_seller_writes_is_no_command(shop: RentShop, ann: Buyer) -> None:
    ann.writes(shop.seller, "Как получить код?")
    shop.seller.writes(ann, "!код")
    shop.poll(3)
    assert shop.told(ann) == ["!код"]


def test_what_funpay_writes_is_no_command(shop: RentShop, ann: Buyer) -> None:
    """A buyer's name or an order's title may look like one."""
    shop.game()
    shop.rents(ann, shop.seller.lot("!код"))
    shop.world.says(shop.seller, ann, "dear_vendors")
    shop.poll(3)
    assert shop.told(ann) == []


def test_the_same_command_at_once_again_is_answered_once(shop: RentShop, ann: Buyer) -> None:
    shop.sets(command_cooldown_sec=60)
    for _ in range(3):
        ann.writes(shop.seller, "!помощь")
    ann.writes(shop.seller, "!код")
    shop.poll(3)
    assert len(shop.told(ann)) == 2
    shop.pass_minutes(1)
    assert "!продлить" in shop.says(ann, "!помощь")


def test_one_buyers_pause_is_not_anothers(shop: RentShop, ann: Buyer, bob: Buyer) -> None:
    shop.sets(command_cooldown_sec=60)
    ann.writes(shop.seller, "!помощь")
    bob.writes(shop.seller, "!помощь")
    shop.poll(3)
    assert len(shop.told(ann)) == len(shop.told(bob)) == 1


def test_status_counts_what_can_be_handed_out(shop: RentShop, ann: Buyer, bob: Buyer) -> None:
    assert "Напишите игру" in shop.says(ann, "!статус")
    assert "«дота 3»" in shop.says(ann, "!статус  дота  3")
    shop.game("cs2", aliases=["кс", "Контра"])
    assert "нет аккаунтов" in shop.says(ann, "!статус cs2")
    for n in range(3):
        shop.account(f"alpha{n}")
    assert "свободно 3 из 3" in shop.says(ann, "!STATUS Кс")
    shop.freezes("steam-accounts/alpha2")
    assert "свободно 2 из 3" in shop.says(ann, "!статус контра")
    lot = shop.lot()
    shop.poll()
    shop.rents(bob, lot)
    assert "свободно 1 из 3" in shop.says(ann, "!статус cs2")
    shop.freezes("games/cs2")
    answer = shop.says(ann, "!статус cs2")
    assert "все аккаунты заняты" in answer


def test_when_all_are_rented_status_tells_when_one_comes_back(
    shop: RentShop, ann: Buyer, bob: Buyer
) -> None:
    lot = shop.ready()
    shop.rents(bob, lot)
    shop.pass_minutes(20)
    assert "через 40м" in shop.says(ann, "!статус cs2")


def test_an_account_that_is_being_released_is_not_counted(
    shop: RentShop, ann: Buyer, bob: Buyer
) -> None:
    lot = shop.ready()
    shop.rents(bob, lot)
    shop.pass_minutes(61)
    shop.opium.run_task("steam_rent", "tick")
    answer = shop.says(ann, "!статус cs2")
    assert "заняты" in answer
    assert "через" not in answer


def test_data_shows_the_password_of_now(shop: RentShop, ann: Buyer) -> None:
    assert "нет активной аренды" in shop.says(ann, "!данные")
    lot = shop.ready()
    order = shop.rents(ann, lot)
    answer = shop.says(ann, "!аккаунт")
    assert f"cs2, заказ #{order.id}\nЛогин: alpha0\nПароль: {PASSWORD}" in answer
    (code,) = re.findall(r"Код Steam Guard: (\S{5})\n", answer)
    assert shop.steam.buyer_login("alpha0", PASSWORD, code).works()
    changed = shop.opium.ok("POST", f"{shop.base}/steam-accounts/alpha0/change-password", {})
    answer = shop.says(ann, "!данные")
    assert f"Пароль: {changed['new_password']}" in answer
    assert shop.steam.account("alpha0").password == changed["new_password"]


def test_data_has_a_block_for_each_rental(shop: RentShop, ann: Buyer) -> None:
    shop.ready()
    shop.game("rust")
    shop.account("beta", "rust")
    rust = shop.lot("Rust аренда", "rust")
    first = shop.rents(ann, shop.seller.lots[0])
    second = shop.rents(ann, rust)
    answer = shop.says(ann, "!account")
    assert [part.splitlines()[0] for part in answer.split("\n\n")] == [
        f"cs2, заказ #{first.id}",
        f"rust, заказ #{second.id}",
    ]
    assert len(shop.says(ann, "!код").splitlines()) == 4


def test_the_end_is_told_in_the_sellers_zone(shop: RentShop, ann: Buyer) -> None:
    """Noon in Moscow is nine o'clock in UTC."""
    lot = shop.ready()
    shop.rents(ann, lot)
    assert re.search(r"\(до 20\.11\.2026 13:0\d\)", shop.last(ann))
    assert shop.rental()["end_time"].endswith("+03:00")


def test_an_account_without_a_secret_needs_no_code(shop: RentShop, ann: Buyer) -> None:
    shop.game()
    shop.steam.add_account("plain", PASSWORD)
    body = {"login": "plain", "password": PASSWORD, "game_ids": ["cs2"]}
    shop.opium.ok("POST", f"{shop.base}/steam-accounts", body)
    lot = shop.lot()
    shop.poll()
    shop.rents(ann, lot)
    assert "не требуется" in shop.says(ann, "!код")
    assert "Guard" not in shop.says(ann, "!данные")


def test_rent_and_extend_say_what_is_missing(shop: RentShop, ann: Buyer, bob: Buyer) -> None:
    lot = shop.ready()
    assert "Напишите игру" in shop.says(ann, "!аренда")
    assert "Не нашли игру" in shop.says(ann, "!rent дота")
    assert "Не нашли оплаченного заказа на cs2" in shop.says(ann, "!аренда cs2")
    assert "Напишите логин" in shop.says(ann, "!продлить")
    assert "нет активной аренды с логином alpha0" in shop.says(ann, "!extend alpha0")
    shop.rents(bob, lot)
    assert "нет активной аренды" in shop.says(ann, "!продлить alpha0")
    assert "Нет оплаченного заказа" in shop.says(bob, "!продлить alpha0")
    assert "Нет заказов" in shop.says(bob, "!возврат")
    order = shop.rents(ann, lot)
    assert "пока нет свободного" in shop.says(ann, "!аренда cs2")
    assert shop.waits() == [(order.id, "no_account")]


def test_an_order_of_another_game_lengthens_nothing(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.game("rust")
    rust = shop.lot("Rust аренда", "rust")
    shop.rents(ann, lot)
    order = shop.rents(ann, rust)
    assert "Нет оплаченного заказа" in shop.says(ann, "!продлить alpha0")
    assert shop.waits() == [(order.id, "no_account")]


def test_anothers_waiting_order_is_not_his(shop: RentShop, ann: Buyer, bob: Buyer) -> None:
    lot = shop.ready()
    shop.freezes("steam-accounts/alpha0")
    order = shop.rents(ann, lot)
    shop.freezes("steam-accounts/alpha0", frozen=False)
    assert "Не нашли оплаченного заказа" in shop.says(bob, "!аренда cs2")
    assert "Нет заказов" in shop.says(bob, "!возврат")
    assert order.status == "paid"


def test_who_cannot_wait_for_the_tick_asks_for_his_account(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    shop.freezes("steam-accounts/alpha0")
    order = shop.rents(ann, lot)
    shop.freezes("steam-accounts/alpha0", frozen=False)
    assert "Логин: alpha0" in shop.says(ann, "!аренда cs2")
    assert shop.rental()["order_id"] == order.id
    assert len(shop.told(ann)) == 2
    assert shop.alerts() == []


def test_a_command_never_pays_back_what_was_rented_out(shop: RentShop, ann: Buyer) -> None:
    lot = shop.ready()
    order = shop.rents(ann, lot)
    assert "Нет заказов" in shop.says(ann, "!возврат")
    assert order.status == "paid"
    assert len(shop.rentals()) == 1


def test_texts_of_the_seller_are_filled_and_never_looked_through_again(
    shop: RentShop, ann: Buyer
) -> None:
    own = {"game_not_found": "Нет такой: {game_query} {login}", "help": "Пишите мне"}
    shop.opium.ok("PUT", f"{shop.base}/messages", own)
    assert shop.says(ann, "!помощь") == "Пишите мне"
    assert shop.says(ann, "!статус {password}") == "Нет такой: {password} {login}"


def test_old_questions_are_forgotten(shop: RentShop, ann: Buyer) -> None:
    shop.says(ann, "!помощь")
    shop.pass_minutes(61)
    shop.opium.run_task("steam_rent", "tidy")
    with shop.opium.core.db.read() as db:
        assert db.execute(text("SELECT * FROM steam_rent_asked")).all() == []

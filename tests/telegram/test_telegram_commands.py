"""What somebody writes to the bot, and what it says."""

from __future__ import annotations

from telegram_cast import STRANGER, Phone


def test_start_greets_and_names_the_commands(phone: Phone) -> None:
    [text] = phone.says("/start")
    assert "shop" in text
    for command in ("/status", "/events", "/menu", "/help"):
        assert command in text


def test_status_tells_state_seller_balance_and_what_is_told(phone: Phone) -> None:
    [text] = phone.says("/status")
    assert "shop: работает" in text
    assert "@shop_bot" in text
    assert "Новый заказ" in text
    assert "Допущено: 1" in text


def test_help_says_how_to_answer_a_buyer(phone: Phone) -> None:
    [text] = phone.says("/help")
    assert "Ответить" in text


def test_events_are_empty_at_first(phone: Phone) -> None:
    [text] = phone.says("/events")
    assert "ещё не было" in text


def test_english_is_the_second_language(phone: Phone) -> None:
    phone.sets(language="en")
    [text] = phone.says("/status")
    assert "running" in text


def test_the_menu_without_own_buttons_hints_at_them(phone: Phone) -> None:
    [text] = phone.says("/menu")
    assert "Своих кнопок нет" in text
    assert "💰 Баланс" in phone.buttons()
    assert "⏹ Остановить" in phone.buttons()


def test_own_buttons_come_two_in_a_row_without_those_that_are_off(phone: Phone) -> None:
    for label, enabled in (("А", True), ("Б", True), ("В", True), ("Г", False)):
        body = {"label": label, "api_endpoint": "/api/status", "enabled": enabled}
        phone.ask("POST", "/bot-buttons", body)
    phone.says("/menu")
    assert phone.buttons()[:3] == ["А", "Б", "В"]
    assert "Г" not in phone.buttons()
    assert phone.rows()[:2] == [2, 1]


def test_plain_words_are_ignored_and_unknown_commands_explained(phone: Phone) -> None:
    assert phone.says("привет") == []
    [text] = phone.says("/nonsense")
    assert "/menu" in text


def test_a_stranger_learns_his_id_once_and_nothing_else(phone: Phone) -> None:
    eve = phone.telegram.add_user(STRANGER, "Ева")
    [text] = phone.says("/start", eve)
    assert "666" in text
    assert "shop" not in text
    assert phone.says("/start", eve) == []
    assert phone.says("/status", eve) == []
    assert phone.says("/menu", eve) == []
    assert phone.audit("TELEGRAM_REFUSED") == [("telegram:666", f"bot {phone.bot.id}", "stranger")]
    assert len(phone.updates()) == 1, "what is not carried out leaves no row"


def test_a_stranger_may_fill_neither_memory_nor_database(phone: Phone) -> None:
    eve = phone.telegram.add_user(STRANGER, "Ева")
    for _ in range(30):
        eve.writes(phone.bot, "x" * 4000)
    phone.hears(3)
    assert phone.updates() == []
    assert eve.messages(phone.bot) == []


def test_groups_are_ignored(phone: Phone) -> None:
    forum = phone.group()
    phone.owner.writes(forum, "/status")
    phone.hears()
    assert [m for m in forum.visible() if m.sender is phone.bot] == []
    assert phone.audit("TELEGRAM_REFUSED") == []


def test_the_one_forum_is_served_for_those_who_are_admitted(phone: Phone) -> None:
    forum = phone.group()
    topic = forum.opens("Заказы")
    phone.sets(forum_chat_id=forum.id, topic_id=topic.id)
    eve = phone.telegram.add_user(STRANGER, "Ева")
    forum.adds(eve)
    eve.writes(topic, "/status")
    phone.hears()
    assert [m for m in topic.messages() if m.sender is phone.bot] == []
    phone.owner.writes(topic, "/status@shop_bot")
    phone.hears()
    [answer] = [m for m in topic.messages() if m.sender is phone.bot]
    assert "shop: работает" in answer.text


def test_another_topic_or_another_bot_s_command_is_not_ours(phone: Phone) -> None:
    forum = phone.group()
    ours, other = forum.opens("Заказы"), forum.opens("Болтовня")
    phone.sets(forum_chat_id=forum.id, topic_id=ours.id)
    phone.owner.writes(other, "/status")
    phone.owner.writes(ours, "/status@another_bot")
    phone.hears()
    written = [*ours.messages(), *other.messages()]
    assert [m for m in written if m.sender is phone.bot] == []


def test_one_bot_of_two_shops_asks_which_menu(phone: Phone) -> None:
    phone.opens(phone.world.seller("second"))
    assert len(phone.says("/status")) == 2
    [text] = phone.says("/menu")
    assert text == "Какой аккаунт?"
    phone.presses("second")
    assert phone.last().text.startswith("🎛 second")

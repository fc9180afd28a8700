"""Answers to buyers from the phone: as a reply to a notice, or where the bot asks for the text."""

from __future__ import annotations

from telegram_cast import Phone

from opium.modules.telegram_bot.callback import data


def test_a_reply_to_a_notice_reaches_the_buyer_once(phone: Phone) -> None:
    phone.order()
    notice = phone.notice({"chat": phone.chat})
    [said] = phone.replies(notice, "Сейчас <b>отвечу</b>")
    assert "Отправлено" in said
    assert phone.bought() == ["Сейчас <b>отвечу</b>"]


def test_a_notice_about_no_chat_answers_nothing(phone: Phone) -> None:
    notice = phone.notice({})
    assert phone.replies(notice, "куда?") == []


def test_the_button_asks_for_the_text(phone: Phone) -> None:
    phone.order()
    phone.notice({"chat": phone.chat})
    phone.presses(data("shop", "reply", phone.chat), forged=True)
    question = phone.last()
    assert question.keyboard == {"force_reply": True}
    [said] = phone.replies(question, "Готово")
    assert "Отправлено" in said
    assert phone.bought() == ["Готово"]


def test_a_question_is_answered_once_and_within_a_quarter_of_an_hour(phone: Phone) -> None:
    phone.order()
    phone.notice({})
    phone.presses(data("shop", "reply", phone.chat), forged=True)
    question = phone.last()
    phone.replies(question, "раз")
    [said] = phone.replies(question, "два")
    assert "Время вышло" in said
    phone.presses(data("shop", "reply", phone.chat), question, forged=True)
    late = phone.last()
    phone.travel(16 * 60)
    [said] = phone.replies(late, "поздно")
    assert "Время вышло" in said
    assert phone.bought() == ["раз"]


def test_a_text_that_funpay_s_limit_refuses_is_told(phone: Phone) -> None:
    phone.order()
    notice = phone.notice({"chat": phone.chat})
    [said] = phone.replies(notice, "x" * 2500)
    assert said.startswith("❌ Ответ покупателю: 400")
    assert phone.bought() == []


def test_a_reply_cannot_go_to_a_notice_of_a_shop_that_is_not_his(phone: Phone) -> None:
    phone.opens(phone.world.seller("second"))
    bob = phone.telegram.add_user(777, "Боб")
    bob.starts(phone.bot)
    phone.admits(bob, "second")
    phone.hears()
    phone.order()
    notice = phone.notice({"chat": phone.chat})
    phone.replies(phone.last(bob), "не туда", bob)
    assert notice.text == "…"
    assert phone.bought() == []


def test_what_he_wrote_is_forgotten_when_it_is_done(phone: Phone) -> None:
    phone.order()
    notice = phone.notice({"chat": phone.chat})
    phone.replies(notice, "секрет-42")
    [row] = phone.updates()
    assert (row.action, row.result) == (None, "ok")

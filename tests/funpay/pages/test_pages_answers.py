"""Answers of the actions: done, refused, or nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pages_own as own
import pytest
from pages_cast import NOW

from opium.funpay.errors import FunPayError, Limited, PageChanged, Refused, Stale, Unanswered
from opium.funpay.models import RaiseAnswer, SaveAnswer
from opium.funpay.pages import answers

STALE = {"msg": "Обновите страницу и повторите попытку.", "error": 1}


@pytest.mark.parametrize("answer", [{"error": False, "msg": "ok"}, {"error": 0}, {"url": "/x"}])
def test_a_refund_that_was_made(answer: object) -> None:
    answers.refund(answer)


@pytest.mark.parametrize("error", [True, 1])
def test_a_refund_that_was_refused(error: object) -> None:
    with pytest.raises(Refused, match="уже"):
        answers.refund({"error": error, "msg": "Деньги уже возвращены."})


def test_a_stale_refund_is_told_by_its_message() -> None:
    with pytest.raises(Stale):
        answers.refund(STALE | {"error": True})


@pytest.mark.parametrize("answer", [{}, None, [], "x", {"msg": "?"}])
def test_a_refund_that_may_have_been_made(answer: object) -> None:
    with pytest.raises(Unanswered):
        answers.refund(answer)


def test_a_reply_that_was_written() -> None:
    review = answers.review({"content": own.REVIEW})
    assert review
    assert (review.stars, review.reply) == (4, "Спасибо")


def test_a_reply_that_was_refused() -> None:
    with pytest.raises(Refused, match="Слишком длинный"):
        answers.review({"error": 1, "msg": "Слишком длинный текст."})


def test_a_reply_without_an_answer() -> None:
    with pytest.raises(Unanswered):
        answers.review({})


def test_the_last_review_is_gone() -> None:
    empty = '<div class="order-review"><span class="review-empty-text">нет</span></div>'
    assert answers.review({"content": empty}) is None


RAISES: list[tuple[dict[str, Any], RaiseAnswer]] = [
    (
        {"error": False, "msg": "Поднято.", "wait": 14400},
        RaiseAnswer(True, "Поднято.", 14400),
    ),
    ({"error": False, "msg": "Поднято."}, RaiseAnswer(True, "Поднято.", None)),
    (
        {"error": True, "msg": "Рано.", "wait": "10790", "unlock_at": "2026-08-19T13:00:00Z"},
        RaiseAnswer(False, "Рано.", 10790),
    ),
    (
        {"error": True, "msg": "Рано.", "unlock_at": "2026-08-19T13:00:00Z"},
        RaiseAnswer(False, "Рано.", 3600),
    ),
    (
        {"error": True, "msg": "Рано.", "unlock_at": "2026-08-19T11:00:00Z"},
        RaiseAnswer(False, "Рано.", 0),
    ),
    (
        {"error": True, "msg": "Подождите 3 часа.", "unlock_at": "2026-08-19T13:00:00"},
        RaiseAnswer(False, "Подождите 3 часа.", 3 * 3600 + 30),
    ),
    ({"url": "https://funpay.com/premium"}, RaiseAnswer(False, "", None, upsell=True)),
]


@pytest.mark.parametrize(("answer", "wanted"), RAISES)
def test_raising(answer: dict[str, Any], wanted: RaiseAnswer) -> None:
    assert answers.raise_answer(answer, NOW) == wanted


WAITS = [
    ("Подождите 3 часа.", 10830),
    ("Подождите 5 часов.", 18030),
    ("Подождите час.", 3630),
    ("Подождите 21 минуту.", 1290),
    ("Подождите минуту.", 90),
    ("Подождите 40 секунд.", 70),
    ("Подождите секунду.", 31),
    ("Please wait 3 hours.", 10830),
    ("Please wait an hour.", 3630),
    ("Please wait 2 minutes.", 150),
    ("Please wait a minute.", 90),
    ("Please wait 1 second.", 31),
    ("Зачекайте 4 години.", 14430),
    ("Зачекайте 1 годину.", 3630),
    ("Зачекайте 12 хвилин.", 750),
    ("Зачекайте 12 секунд.", 42),
    ("Подождите 1 час 20 минут.", 4830),
    ("Вы поднимаете слишком часто.", 600),
    ("", 600),
]


@pytest.mark.parametrize(("text", "seconds"), WAITS)
def test_how_long_to_wait(text: str, seconds: int) -> None:
    assert answers.raise_answer({"error": True, "msg": text}, NOW).wait == seconds


def test_raising_asks_which_sections() -> None:
    modal = (
        '<div class="raise-box" data-game="41" data-node="81">'
        '<input type="checkbox" value="81"><input type="checkbox" value="210">'
        '<input type="text" value="5"></div>'
    )
    assert answers.raise_answer({"modal": modal}, NOW).nodes == (81, 210)


def test_a_question_without_sections_is_not_understood() -> None:
    with pytest.raises(PageChanged, match="sections"):
        answers.raise_answer({"modal": "<p>?</p>"}, NOW)


def test_a_stale_raise() -> None:
    with pytest.raises(Stale):
        answers.raise_answer(STALE, NOW)


@pytest.mark.parametrize("answer", [{}, [], {"msg": "?"}])
def test_a_raise_without_an_answer(answer: object) -> None:
    with pytest.raises(Unanswered):
        answers.raise_answer(answer, datetime.now(UTC))


def test_a_lot_that_was_saved() -> None:
    answer = {"done": True, "error": False, "errors": [], "url": "https://funpay.com/lots/81/trade"}
    assert answers.save(answer) == SaveAnswer(True, ())


@pytest.mark.parametrize("errors", [[["price", "Мало."]], {"price": "Мало."}])
def test_a_lot_with_wrong_fields(errors: object) -> None:
    answer = {"done": False, "error": False, "errors": errors}
    assert answers.save(answer) == SaveAnswer(False, (("price", "Мало."),))


def test_a_lot_with_wrong_fields_and_a_reason() -> None:
    answer = {"done": False, "error": "Ошибка.", "errors": [["price", "Мало."]]}
    assert answers.save(answer).errors == (("price", "Мало."), ("", "Ошибка."))


def test_a_save_that_was_refused() -> None:
    with pytest.raises(Refused, match="Нельзя"):
        answers.save({"done": False, "error": "Нельзя.", "errors": []})


def test_a_stale_save() -> None:
    with pytest.raises(Stale):
        answers.save({"msg": "?", "error": 1})


def test_a_save_that_was_refused_is_not_stale() -> None:
    with pytest.raises(Refused, match="Нельзя"):
        answers.save({"msg": "Нельзя.", "error": True})


@pytest.mark.parametrize("answer", [{}, [], {"done": False, "error": False, "errors": []}])
def test_a_save_without_an_answer(answer: object) -> None:
    with pytest.raises(Unanswered):
        answers.save(answer)


def test_errors_of_a_save_that_are_no_pairs() -> None:
    with pytest.raises(PageChanged, match="errors"):
        answers.save({"errors": [1]})


def test_a_picture_that_was_uploaded() -> None:
    assert answers.upload({"fileId": 123456}) == 123456


def test_a_picture_that_was_refused() -> None:
    with pytest.raises(Refused, match="Слишком большой"):
        answers.upload({"msg": "Слишком большой файл.", "error": True})


def test_a_picture_without_an_id() -> None:
    with pytest.raises(PageChanged, match="fileId"):
        answers.upload({"fileId": None})


REFUSALS: list[tuple[object, type[FunPayError]]] = [
    ({"msg": "Обновите страницу и повторите попытку."}, Stale),
    ({"msg": "Нельзя отправлять сообщения слишком часто."}, Limited),
    ({"msg": "Нет."}, Refused),
    ({"error": "Нет."}, Refused),
    ({}, Refused),
    (None, Refused),
]


@pytest.mark.parametrize(("body", "kind"), REFUSALS)
def test_the_body_of_a_400(body: object, kind: type[FunPayError]) -> None:
    assert type(answers.refusal(body)) is kind

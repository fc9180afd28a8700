"""Decoded JSON answers of the actions: what happened, or why not (1.8, 1.9).

An answer that says neither yes nor no is `Unanswered`: the action may have had its effect.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from opium.funpay import models
from opium.funpay.errors import FunPayError, Limited, PageChanged, Refused, Stale, Unanswered
from opium.funpay.pages.common import fragment
from opium.funpay.pages.reviews import order_review
from opium.funpay.pages.text import fold
from opium.funpay.pages.tree import attr, parse
from opium.funpay.pages.values import LARGEST, maybe_int, maybe_text

__all__ = [
    "many_people",
    "raise_answer",
    "refund",
    "refusal",
    "refuse",
    "review",
    "save",
    "upload",
]

_STALE = (
    "обновите страницу",
    "оновіть сторінку",
    "refresh the page",
    "reload the page",
    "update the page",
)
_TOO_FAST = (
    "нельзя отправлять сообщения слишком часто",
    "you cannot send messages too frequently",
    "не можна надсилати повідомлення занадто часто",
)
_MANY_PEOPLE = (
    "нельзя слишком часто отправлять сообщения разным пользователям",
    "you cannot message multiple users too frequently",
    "не можна надто часто надсилати повідомлення різним користувачам",
)
_UNKNOWN_WAIT = 600
_SLACK = 30
_UNITS = (
    (re.compile(r"(?:([0-9]{1,6})\s+)?(?:секунд|second)"), 1),
    (re.compile(r"(?:([0-9]{1,6})\s+)?(?:минут|хвилин|minute)"), 60),
    (re.compile(r"(?:([0-9]{1,6})\s+)?(?:\bчас(?:а|ов)?\b|\bгодин|\bhour)"), 3600),
)


def refund(data: object) -> None:
    """POST /orders/refund (6.4): returns if the money went back."""
    answer = _answer(data)
    refuse(answer)
    if "error" not in answer and not answer.get("url"):
        raise Unanswered("FunPay did not say whether it refunded.")


def review(data: object) -> models.Review | None:
    """POST /orders/review and /orders/reviewDelete (6.4): the review as it is now."""
    answer = _answer(data)
    refuse(answer)
    content = answer.get("content")
    if not isinstance(content, str):
        raise Unanswered("FunPay did not show the review after changing it.")
    return order_review(fragment(content, "review", "order-review", "review-container"))


def raise_answer(data: object, now: datetime) -> models.RaiseAnswer:
    """POST /lots/raise (13): raised or not, and the seconds until it is possible again."""
    answer = _answer(data)
    message = _message(answer)
    if _is_stale(message):
        raise Stale(message)
    if modal := maybe_text(answer.get("modal")):
        return models.RaiseAnswer(False, message, None, nodes=_nodes(modal))
    if answer.get("url"):
        return models.RaiseAnswer(False, message, None, upsell=True)
    if "error" not in answer:
        raise Unanswered("FunPay did not say whether it raised the lots.")
    wait = _stated_wait(answer, now)
    if not answer["error"]:
        return models.RaiseAnswer(True, message, wait)
    return models.RaiseAnswer(False, message, _wait_in(message) if wait is None else wait)


def _stated_wait(answer: dict[str, Any], now: datetime) -> int | None:
    seconds = maybe_int(answer.get("wait"))
    if seconds is not None:
        return max(0, seconds)
    try:
        unlock = datetime.fromisoformat(str(answer.get("unlock_at"))[:40])
        return max(0, int((unlock - now).total_seconds()))
    except (ValueError, TypeError, OverflowError):  # no moment, or one without a time zone
        return None


def _wait_in(text: str) -> int:
    """Seconds out of «Подождите 3 часа.» with some slack; ten minutes if it says none."""
    text = fold(text[:200]).lower()
    found = [(match, size) for unit, size in _UNITS for match in unit.finditer(text)]
    seconds = sum(int(match[1] or 1) * size for match, size in found)
    return seconds + _SLACK if found else _UNKNOWN_WAIT


def _nodes(modal: str) -> tuple[int, ...]:
    boxes = [tag for tag in parse(modal).named("input") if attr(tag, "type") == "checkbox"]
    nodes = tuple(found for box in boxes if (found := maybe_int(attr(box, "value"))))
    if not nodes:
        raise PageChanged("raise", "sections")
    return nodes


def save(data: object) -> models.SaveAnswer:
    """POST /lots/offerSave (12.3): done, or the fields that FunPay does not like."""
    answer = _answer(data)
    errors = tuple(_field_error(item) for item in _field_errors(answer.get("errors")))
    if errors:
        text = maybe_text(answer.get("error"))
        return models.SaveAnswer(False, (*errors, ("", text)) if text else errors)
    refuse(answer, stale_on_one=True)
    if answer.get("done") is not True:
        raise Unanswered("FunPay did not say whether it saved the lot.")
    return models.SaveAnswer(True, ())


def _field_errors(value: object) -> list[object]:
    if isinstance(value, dict):
        return [[name, text] for name, text in value.items()]
    return value if isinstance(value, list) else []


def _field_error(item: object) -> tuple[str, str]:
    match item:
        case [str(name), str(text), *_]:
            return name, text
    raise PageChanged("save", "errors")


def upload(data: object) -> int:
    """POST /file/addChatImage and the like (3.8): the id of the file."""
    answer = _answer(data)
    refuse(answer)
    file_id = maybe_int(answer.get("fileId"))
    if not file_id or not 0 < file_id < LARGEST:
        raise PageChanged("upload", "fileId")
    return file_id


def refuse(answer: dict[str, Any], *, stale_on_one: bool = False) -> None:
    """Raise what an answer with an `error` means. The message decides; then the number 1 is
    a stale session where the endpoint says it so (1.8)."""
    error = answer.get("error")
    if stale_on_one and error == 1 and error is not True:
        raise Stale(_message(answer) or "FunPay no longer accepts the session's token.")
    if error or _is_stale(_message(answer)):
        raise refusal(answer)


def refusal(data: object) -> FunPayError:
    """The error that a JSON body means, of a 400 as well: stale, too often or a plain no."""
    text = _message(data) or "FunPay refused without a reason."
    if _is_stale(text):
        return Stale(text)
    if many_people(text) or _starts(text, _TOO_FAST):
        return Limited(text)
    return Refused(text)


def many_people(text: str) -> bool:
    """Whether FunPay minds the number of different people written to (2.5), not the pace."""
    return _starts(text, _MANY_PEOPLE)


def _answer(data: object) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Unanswered("FunPay's answer to the action was no object.")
    return data


def _message(data: object) -> str:
    """`msg`, or `error` where that is the text."""
    found = data if isinstance(data, dict) else {}
    return fold(maybe_text(found.get("msg")) or maybe_text(found.get("error")) or "")


def _is_stale(text: str) -> bool:
    return any(sign in text.lower() for sign in _STALE)


def _starts(text: str, known: tuple[str, ...]) -> bool:
    return fold(text).lower().startswith(known)

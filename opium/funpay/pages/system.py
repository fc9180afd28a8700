"""What FunPay's own messages say (4, Appendix A).

Only the structure of a message tells that FunPay wrote it (3.3): call these for such messages,
a buyer can type every one of the sentences.
"""

from __future__ import annotations

import re

from opium.funpay.models import MessageType
from opium.funpay.pages.text import fold

__all__ = ["message_type", "order_in", "preview_type"]

_N = r"[^\s,.«»#]{1,40}"
_O = r"#[A-Z0-9]{8}"
_BUYER = rf"(?:Покупатель|The buyer) {_N} "
_SELLER = rf"(?:Продавец|The seller) {_N} "
_ORDER = re.compile(r"(?<![A-Z0-9])#(?P<order>[A-Z0-9]{8})(?![A-Z0-9])")
_PREVIEW = re.compile(rf"{_BUYER}(?:оплатил заказ|has paid for order) {_O}\.")

_SENTENCES = (
    (
        MessageType.ORDER_PAID,
        rf"Покупатель (?P<buyer>{_N}) оплатил заказ {_O}\.(?: .+?)? (?P=buyer), "
        r"не забудьте потом нажать кнопку «[^»]+»\.?",
    ),
    (
        MessageType.ORDER_PAID,
        rf"The buyer (?P<buyer>{_N}) has paid for order {_O}\.(?: .+?)? (?P=buyer), "
        r"do not forget to press the «[^»]+» button once you finish\.?",
    ),
    (
        MessageType.ORDER_CONFIRMED_BY_ADMIN,
        rf"Администратор {_N} подтвердил успешное выполнение заказа {_O} "
        rf"и отправил деньги продавцу {_N}\.",
    ),
    (
        MessageType.ORDER_CONFIRMED_BY_ADMIN,
        rf"The administrator {_N} has confirmed that order {_O} has been fulfilled "
        rf"successfully and that the seller {_N} has been paid\.",
    ),
    (
        MessageType.ORDER_CONFIRMED,
        rf"Покупатель {_N} подтвердил успешное выполнение заказа {_O} "
        rf"и отправил деньги продавцу {_N}\.",
    ),
    (
        MessageType.ORDER_CONFIRMED,
        rf"The buyer {_N} has confirmed that order {_O} has been fulfilled "
        rf"successfully and that the seller {_N} has been paid\.",
    ),
    (
        MessageType.ORDER_REOPENED,
        rf"(?:Заказ|Order) {_O} (?:открыт повторно|has been reopened)\.",
    ),
    (
        MessageType.REFUND_BY_ADMIN,
        rf"Администратор {_N} вернул деньги покупателю {_N} по заказу {_O}\.",
    ),
    (
        MessageType.REFUND_BY_ADMIN,
        rf"The administrator {_N} has refunded the buyer {_N} on order {_O}\.",
    ),
    (MessageType.REFUND, rf"Продавец {_N} вернул деньги покупателю {_N} по заказу {_O}\."),
    (MessageType.REFUND, rf"The seller {_N} has refunded the buyer {_N} on order {_O}\."),
    (MessageType.PARTIAL_REFUND, rf"Часть средств по заказу {_O} возвращена покупателю\."),
    (
        MessageType.PARTIAL_REFUND,
        rf"A part of the funds pertaining to the order {_O} has been refunded\.",
    ),
    (
        MessageType.REVIEW_NEW,
        rf"{_BUYER}(?:написал отзыв к заказу|has given feedback to the order) {_O}\.",
    ),
    (
        MessageType.REVIEW_CHANGED,
        rf"{_BUYER}(?:изменил отзыв к заказу|has edited their feedback to the order) {_O}\.",
    ),
    (
        MessageType.REVIEW_DELETED,
        rf"{_BUYER}(?:удалил отзыв к заказу|has deleted their feedback to the order) {_O}\.",
    ),
    (
        MessageType.REPLY_NEW,
        rf"{_SELLER}(?:ответил на отзыв к заказу"
        rf"|has replied to their feedback to the order) {_O}\.",
    ),
    (
        MessageType.REPLY_CHANGED,
        rf"{_SELLER}(?:изменил ответ на отзыв к заказу"
        rf"|has edited a reply to their feedback to the order) {_O}\.",
    ),
    (
        MessageType.REPLY_DELETED,
        rf"{_SELLER}(?:удалил ответ на отзыв к заказу"
        rf"|has deleted a reply to their feedback to the order) {_O}\.",
    ),
    (MessageType.DISCORD, r"(?:Вы можете перейти в|You can switch to) Discord\b.*"),
    (
        MessageType.DEAR_VENDORS,
        r"(?:Уважаемые продавцы|Dear vendors), "
        r"(?:не доверяйте сообщениям в чате|do not rely on chat messages)!.*",
    ),
)
_TYPES = tuple((kind, re.compile(sentence)) for kind, sentence in _SENTENCES)


def message_type(text: str) -> MessageType:
    """What a system message announces; `OTHER` if we do not know the sentence."""
    text = fold(text)
    for kind, sentence in _TYPES:
        if sentence.fullmatch(text):
            return kind
    return MessageType.OTHER


def preview_type(text: str) -> MessageType:
    """A hint from a chat's preview, which is cut at 250 characters and may be a buyer's text:
    good for showing and for loading the chat, never for acting."""
    kind = message_type(text)
    if kind is MessageType.OTHER:
        paid = _PREVIEW.match(fold(text))
        return MessageType.ORDER_PAID if paid else MessageType.PLAIN
    return kind


def order_in(text: str) -> str | None:
    """The first order id in a text; prefer a link."""
    match = _ORDER.search(text)
    return match["order"] if match else None

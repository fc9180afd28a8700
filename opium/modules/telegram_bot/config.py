"""The bot of an account: its token, and what it tells (contract 11, "Config rules").

Telegram knows one token of a bot at a time: a new one holds for all accounts that share the bot.
"""

from __future__ import annotations

import re
from typing import Literal, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium.kit import Refused, Work
from opium.modules.telegram_bot import whitelist
from opium.modules.telegram_bot.models import BotSetup
from opium.modules.telegram_bot.telegram import Me

EventKey = Literal[
    "new_message",
    "new_order",
    "order_status_changed",
    "orders_list_changed",
    "initial_chat",
    "initial_order",
    "chats_list_changed",
    "last_message_changed",
    "rental_created",
    "rental_expired",
    "rental_release_failed",
    "pending_order_created",
    "delivery_succeeded",
    "delivery_failed",
    "stock_low",
    "raise_failed",
    "account_error",
]

EVENTS: dict[EventKey, str] = {
    "new_message": "Новое сообщение",
    "new_order": "Новый заказ",
    "order_status_changed": "Изменился статус заказа",
    "orders_list_changed": "Изменился список заказов",
    "initial_chat": "Чат при первом запуске",
    "initial_order": "Заказ при первом запуске",
    "chats_list_changed": "Изменился список чатов",
    "last_message_changed": "Изменилось последнее сообщение в чате",
    "rental_created": "Аренда началась",
    "rental_expired": "Аренда закончилась",
    "rental_release_failed": "Не удалось вернуть аккаунт после аренды",
    "pending_order_created": "Заказ ждёт свободного аккаунта",
    "delivery_succeeded": "Товар выдан",
    "delivery_failed": "Не удалось выдать товар",
    "stock_low": "Товар заканчивается",
    "raise_failed": "Не удалось поднять лоты",
    "account_error": "Ошибка аккаунта FunPay",
}
"""What can be told, as the page of settings names it."""

DEFAULT_EVENTS: tuple[EventKey, ...] = ("new_order", "new_message", "order_status_changed")
MASK = "***"
"""A token that holds this is the masked one coming back: the stored one stays."""

_TOKEN = re.compile(r"[1-9][0-9]{4,19}:[A-Za-z0-9_-]{20,64}")


class Opener(Protocol):
    """The vault, as far as a token needs it."""

    def open(self, sealed: bytes, context: str) -> str: ...


def setup(db: Session, account_id: str) -> BotSetup:
    """The account's bot as it is stored; or as it is at first, which is not."""
    stored = db.get(BotSetup, account_id)
    return stored or BotSetup(account_id=account_id, notify_events=list(DEFAULT_EVENTS))


def masked(row: BotSetup) -> str:
    """The token as answers show it; its first digits are the bot's id."""
    return f"{str(row.bot_id)[:4]}:{'*' * 20}" if row.token_sealed else ""


def context(account_id: str) -> str:
    """What a token is sealed for."""
    return f"telegram_bot_setups:{account_id}:token"


def token(vault: Opener, row: BotSetup) -> str:
    """The token of a bot that has one."""
    if row.token_sealed is None:
        raise Refused("The bot has no token.")
    return vault.open(row.token_sealed, context(row.account_id))


def check_form(text: str) -> None:
    """Refused if this cannot be a token; without a word of it."""
    if not _TOKEN.fullmatch(text):
        raise Refused("bot_token must be the text that @BotFather gives: digits, a colon, a key.")


def put_in_force(work: Work, new: str, me: Me) -> None:
    """Telegram knows this token: it holds for the account, and wherever else the bot serves."""
    own = _stored(work, work.account.id)
    if own.bot_id != me.id:
        whitelist.forget_blocks(work.db, own.account_id)
    for row in {own, *_sharing(work.db, me.id)}:
        row.token_sealed = work.vault.seal(new, context(row.account_id))
        learn(row, me)
    work.hear_anew()


def learn(row: BotSetup, me: Me) -> None:
    """What Telegram says of the bot now."""
    row.bot_id, row.username, row.first_name = me.id, me.username, me.first_name


def remove_token(work: Work) -> None:
    """The account has no bot any more; other accounts keep theirs."""
    row = _stored(work, work.account.id)
    row.token_sealed = row.bot_id = row.username = row.first_name = None
    work.hear_anew()


def choose_events(work: Work, keys: list[EventKey]) -> None:
    """Tell these events only, each once; none of them is silence."""
    _stored(work, work.account.id).notify_events = list(dict.fromkeys(keys))
    work.hear_anew()


def _stored(work: Work, account_id: str) -> BotSetup:
    row = setup(work.db, account_id)
    work.db.add(row)
    return row


def _sharing(db: Session, bot_id: int) -> list[BotSetup]:
    return list(db.scalars(select(BotSetup).where(BotSetup.bot_id == bot_id)))

"""Texts to buyers, in Russian; the seller may change each of them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from opium.modules.auto_delivery.models import Delivery, OwnText
from opium.text import Catalogue, Template, apart, goods

_ORDER = ("order_id", "order_title")
_SUCCESS = (
    "buyer",
    "order_id",
    "order_link",
    "order_title",
    "product",
    "quantity",
    "game",
    "category",
    "date",
    "time",
)

CATALOGUE = Catalogue(
    templates={
        "delivery_success": Template(
            "Заказ выдан",
            "Спасибо за покупку! Ваш заказ готов:\n\n{product}\n\n"
            "Если всё в порядке, подтвердите получение: {order_link}\n"
            "Прислать ещё раз: !товар",
            _SUCCESS,
            needs=("product",),
        ),
        "delivery_partial": Template(
            "Выдана часть заказа",
            "Спасибо за покупку! Вот первая часть заказа:\n\n{product}\n\n"
            "Осталось выдать: {missing} шт. Пришлём сами, как только появятся.",
            (*_SUCCESS, "missing"),
            needs=("product",),
        ),
        "delivery_out_of_stock": Template(
            "Товар закончился",
            "Спасибо за заказ! «{order_title}» как раз закончился, скоро пополним.\n"
            "Пришлём всё сюда сами, ждать у экрана не нужно.",
            _ORDER,
        ),
        "delivery_refunded": Template(
            "Деньги возвращены",
            "К сожалению, товара сейчас нет. Деньги за заказ #{order_id} уже вернулись к вам.",
            ("order_id",),
        ),
        "redelivery": Template(
            "Отправлено ещё раз",
            "Ваш заказ #{order_id} ещё раз:\n\n{product}",
            ("order_id", "product"),
            needs=("product",),
        ),
        "no_deliveries": Template(
            "Нечего отправить",
            "У вас нет открытых заказов, по которым товар уже выдан.",
        ),
    },
    groups=[
        {
            "id": "delivery",
            "label": "Выдача",
            "description": "Что получает покупатель после оплаты",
            "keys": ["delivery_success", "delivery_partial"],
        },
        {
            "id": "stock",
            "label": "Нет в наличии",
            "description": "Когда товара не хватает",
            "keys": ["delivery_out_of_stock", "delivery_refunded"],
        },
        {
            "id": "redelivery",
            "label": "!товар",
            "description": "Команда покупателя: прислать купленное ещё раз",
            "keys": ["redelivery", "no_deliveries"],
        },
    ],
    docs={
        "buyer": "Ник покупателя",
        "order_id": "Номер заказа без #",
        "order_link": "Ссылка на заказ",
        "order_title": "Краткое описание лота",
        "product": "Сам товар; без него шаблон не принимается",
        "quantity": "Сколько штук выдано",
        "game": "Игра",
        "category": "Раздел игры",
        "date": "Дата выдачи",
        "time": "Время выдачи",
        "missing": "Сколько штук ещё не выдано",
    },
    examples={
        "buyer": "Покупатель",
        "order_id": "ABCD1234",
        "order_link": "https://funpay.com/orders/ABCD1234/",
        "order_title": "Ключ Steam",
        "product": "AAAAA-BBBBB-CCCCC",
        "quantity": "1",
        "game": "Steam",
        "category": "Ключи",
        "date": "15.02.2026",
        "time": "12:00",
        "missing": "2",
    },
)

PRODUCT_TOKENS = (*_SUCCESS, "missing")
"""Placeholders of a product's own delivery text."""


def overrides(db: Session, account_id: str) -> dict[str, str]:
    """The texts that the seller changed."""
    rows = db.scalars(select(OwnText).where(OwnText.account_id == account_id))
    return {row.key: row.text for row in rows if row.key in CATALOGUE.templates}


def change(db: Session, account_id: str, key: str, text: str | None) -> None:
    """Store a text; None or "" brings the default back."""
    db.execute(delete(OwnText).where(OwnText.account_id == account_id, OwnText.key == key))
    if text and text != CATALOGUE.templates[key].default:
        db.add(OwnText(account_id=account_id, key=key, text=text))


def values(
    delivery: Delivery,
    items: list[str],
    now: datetime,
    zone: ZoneInfo,
    *,
    pieces: int | None = None,
    missing: int = 0,
) -> dict[str, str]:
    """What the placeholders of this delivery stand for."""
    game, _, category = delivery.section.rpartition(", ")
    local = now.astimezone(zone)
    return {
        "buyer": apart(delivery.buyer),
        "order_id": delivery.order_id,
        "order_link": f"https://funpay.com/orders/{delivery.order_id}/",
        "order_title": delivery.title,
        "product": goods(items),
        "quantity": str(len(items) if pieces is None else pieces),
        "game": game or delivery.section,
        "category": category,
        "date": local.strftime("%d.%m.%Y"),
        "time": local.strftime("%H:%M"),
        "missing": str(missing) if missing else "",
    }

"""What FunPay itself writes into chats, in both languages, with its links."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from string import Formatter


@dataclass(frozen=True)
class Link:
    """A piece of a notice that leads somewhere; `href` has no host."""

    href: str
    text: str


@dataclass(frozen=True)
class Notice:
    """One system message: its kind and whom and what it names."""

    kind: str
    order: str = ""
    people: dict[str, tuple[int, str]] = field(default_factory=dict)
    title: dict[str, str] = field(default_factory=dict)
    chips: bool = False

    def parts(self, locale: str) -> Iterator[str | Link]:
        """The text in pieces, so that a page can make links of some."""
        for literal, name, spec, _ in Formatter().parse(TEXTS[self.kind][locale]):
            yield literal
            if name == "order":
                yield Link(f"/orders/{self.order}/", f"{spec} #{self.order}".strip())
            elif name == "link":
                href, _, text = (spec or "").partition("|")
                yield Link(href, text)
            elif name == "title":
                yield self.title.get(locale, "")
            elif name == "button":
                yield BUTTONS["chip" if self.chips else "lot"][locale]
            elif name:
                user, shown = self.people[name]
                yield Link(f"/users/{user}/", shown)

    def text(self, locale: str) -> str:
        return "".join(p.text if isinstance(p, Link) else p for p in self.parts(locale))


BUTTONS = {
    "lot": {"ru": "Подтвердить выполнение заказа", "en": "Confirm order fulfilment"},
    "chip": {"ru": "Подтвердить получение валюты", "en": "Confirm currency receipt"},
}

TEXTS: dict[str, dict[str, str]] = {
    "order_paid": {
        "ru": "Покупатель {buyer} оплатил {order:заказ}. {title}\n"
        "{buyer}, не забудьте потом нажать кнопку «{button}».",
        "en": "The buyer {buyer} has paid for {order:order}. {title}\n"
        "{buyer}, do not forget to press the «{button}» button once you finish.",
    },
    "order_confirmed": {
        "ru": "Покупатель {buyer} подтвердил успешное выполнение {order:заказа}"
        " и отправил деньги продавцу {seller}.",
        "en": "The buyer {buyer} has confirmed that {order:order} has been fulfilled"
        " successfully and that the seller {seller} has been paid.",
    },
    "order_confirmed_by_admin": {
        "ru": "Администратор {admin} подтвердил успешное выполнение {order:заказа}"
        " и отправил деньги продавцу {seller}.",
        "en": "The administrator {admin} has confirmed that {order:order} has been fulfilled"
        " successfully and that the seller {seller} has been paid.",
    },
    "order_reopened": {
        "ru": "{order:Заказ} открыт повторно.",
        "en": "{order:Order} has been reopened.",
    },
    "refund_by_seller": {
        "ru": "Продавец {seller} вернул деньги покупателю {buyer} по {order:заказу}.",
        "en": "The seller {seller} has refunded the buyer {buyer} on {order:order}.",
    },
    "refund_by_admin": {
        "ru": "Администратор {admin} вернул деньги покупателю {buyer} по {order:заказу}.",
        "en": "The administrator {admin} has refunded the buyer {buyer} on {order:order}.",
    },
    "partial_refund": {
        "ru": "Часть средств по {order:заказу} возвращена покупателю.",
        "en": "A part of the funds pertaining to the {order:order} has been refunded.",
    },
    "review_new": {
        "ru": "Покупатель {buyer} написал отзыв к {order:заказу}.",
        "en": "The buyer {buyer} has given feedback to the {order:order}.",
    },
    "review_changed": {
        "ru": "Покупатель {buyer} изменил отзыв к {order:заказу}.",
        "en": "The buyer {buyer} has edited their feedback to the {order:order}.",
    },
    "review_deleted": {
        "ru": "Покупатель {buyer} удалил отзыв к {order:заказу}.",
        "en": "The buyer {buyer} has deleted their feedback to the {order:order}.",
    },
    "reply_new": {
        "ru": "Продавец {seller} ответил на отзыв к {order:заказу}.",
        "en": "The seller {seller} has replied to their feedback to the {order:order}.",
    },
    "reply_changed": {
        "ru": "Продавец {seller} изменил ответ на отзыв к {order:заказу}.",
        "en": "The seller {seller} has edited a reply to their feedback to the {order:order}.",
    },
    "reply_deleted": {
        "ru": "Продавец {seller} удалил ответ на отзыв к {order:заказу}.",
        "en": "The seller {seller} has deleted a reply to their feedback to the {order:order}.",
    },
    "discord_hint": {
        "ru": "Вы можете перейти в Discord: {link:/discord/channel?id=1|голосовой чат},"
        " чтобы быстрее договориться. Правила {link:/trade/info|здесь}.",
        "en": "You can switch to Discord: {link:/discord/channel?id=1|voice chat}."
        " The rules are {link:/trade/info|here}.",
    },
    "dear_vendors": {
        "ru": "Уважаемые продавцы, не доверяйте сообщениям в чате! Перед выполнением заказа всегда"
        " проверяйте наличие оплаты в разделе {link:/orders/trade|«Мои продажи»}.",
        "en": "Dear vendors, do not rely on chat messages! Before you process an order, always"
        " check whether it has been paid in the {link:/orders/trade|«My sales»} section.",
    },
    "unknown": {
        "ru": "Мы обновили правила сделок, подробности {link:/trade/info|на этой странице}.",
        "en": "We have updated the trade rules, see {link:/trade/info|this page}.",
    },
}

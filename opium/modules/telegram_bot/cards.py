"""Texts and keyboards of cards, from what the API answers; plain functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from opium.modules.telegram_bot.callback import data
from opium.modules.telegram_bot.html import esc, line, short
from opium.modules.telegram_bot.models import Button
from opium.modules.telegram_bot.words import Html, Words, lines

Rows = list[list[tuple[str, str]]]
Card = tuple[Html, Rows]
Told = dict[str, Any]

MOST = 10
MINUTES = (30, 60, 180, 720, 1440)
"""What can be added to a rental at one press."""


def order(words: Words, account: str, told: Told) -> Card:
    """An order, with what can be done about it."""
    status = words.word(f"order_{told['status']}", str(told["status"]))
    text = words(
        "order",
        id=told["order_id"],
        description=short(told["description"], 500),
        buyer=line(told["buyer"], 100),
        price=told["price"],
        status=status,
        date=told["date"],
    )
    review = told.get("review")
    if review:
        stars = "⭐" * (review["stars"] or 0)
        text = lines(text, words("review", stars=stars, text=short(review["text"], 500)))
    row: list[tuple[str, str]] = []
    if told.get("chat_id"):
        row.append(_button(words, "button_reply", account, "reply", told["chat_id"]))
    if told["status"] != "refunded":
        row.append(_button(words, "button_refund", account, "refund", told["order_id"]))
    return text, [row] if row else []


def balance(words: Words, account: str, told: Told) -> Html:
    return words(
        "balance",
        account=account,
        **{name: _money(told[f"total_{name}"]) for name in ("rub", "usd", "eur")},
        **{f"{name}_free": _money(told[f"available_{name}"]) for name in ("rub", "usd", "eur")},
    )


def stock(words: Words, account: str, products: Sequence[Told]) -> Html:
    """Each product and what is left of it, the scarcest first."""
    if not products:
        return words("stock_none", account=account)
    endless = 2**62
    scarce = sorted(
        products, key=lambda p: endless if p["stock_count"] is None else p["stock_count"]
    )
    return lines(
        words("stock", account=account),
        *(_product(words, product) for product in scarce[: MOST * 3]),
        _more(words, len(scarce) - MOST * 3),
    )


def rentals(words: Words, account: str, running: Sequence[Told], wanted: str = "") -> Card:
    """All running rentals, or the one that is wanted with its buttons."""
    if wanted:
        found = next((r for r in running if r["rental_id"] == wanted), None)
        return rental(words, account, found) if found else (words("rental_gone"), [])
    if not running:
        return words("rentals_none", account=account), []
    rows = [
        [
            (
                short(f"{_game(r)} · {r['buyer_username']}", 40),
                data(account, "rental", r["rental_id"]),
            )
        ]
        for r in running[:MOST]
    ]
    text = lines(
        words("rentals", account=account),
        *(
            words(
                "rental_line",
                game=_game(r),
                login=r["delivered_login"],
                buyer=line(r["buyer_username"], 100),
                until=when(r["end_time"]),
            )
            for r in running[:MOST]
        ),
        _more(words, len(running) - MOST),
    )
    return text, rows


def rental(words: Words, account: str, told: Told) -> Card:
    """One running rental; its password stays where it is."""
    text = words(
        "rental",
        game=_game(told),
        login=told["delivered_login"],
        buyer=line(told["buyer_username"], 100),
        order=told["order_id"],
        since=when(told["start_time"]),
        until=when(told["end_time"]),
    )
    rental_id = told["rental_id"]
    return text, [
        [
            _button(words, "button_addtime", account, "addtime", rental_id),
            _button(words, "button_endrent", account, "endrent", rental_id),
        ],
        [_button(words, "button_reply", account, "reply", told["chat_id"])],
    ]


def rental_title(told: Told) -> str:
    """A rental in a few words."""
    return f"{_game(told)} · {told['delivered_login']} · {line(told['buyer_username'], 60)}"


def how_long(words: Words, account: str, rental_id: str) -> Card:
    """The choice of minutes."""
    buttons = [(str(span(words, n * 60)), data(account, "addtime", rental_id, n)) for n in MINUTES]
    return words("how_long"), [buttons[:3], buttons[3:]]


def alerts(words: Words, account: str, items: Sequence[Told]) -> Card:
    """What waits for a person; what was seen has no button."""
    if not items:
        return words("alerts_none", account=account), []
    shown = items[:MOST]
    numbered = [f"{n}. {esc(line(item['text'], 300))}" for n, item in enumerate(shown, start=1)]
    buttons = [
        (f"{words('button_ack')} {n}", data(account, "ack", item["id"]))
        for n, item in enumerate(shown, start=1)
        if item["acked_at"] is None
    ]
    text = lines(words("alerts", account=account), *numbered, _more(words, len(items) - MOST))
    return text, [buttons[at : at + 3] for at in range(0, len(buttons), 3)]


def raised(words: Words, account: str, told: Told) -> Html:
    """FunPay's answer for each category."""
    rows = []
    for result in list(told["results"].values())[: MOST * 2]:
        name = result["category_name"]
        if result["success"]:
            rows.append(words("raised_ok", name=name))
        elif result.get("error"):
            rows.append(words("raised_failed", name=name, error=short(result["error"], 200)))
        else:
            wait = span(words, result.get("wait_seconds") or 0)
            rows.append(words("raised_wait", name=name, wait=wait))
    if told.get("pending"):
        rows.append(words("raised_pending"))
    return lines(words("raised", account=account), *(rows or [words("raised_none")]))


def menu(words: Words, account: str, own: Sequence[Button], info: Told) -> Card:
    """The seller's buttons, two in a row; below them what the account's modules offer."""
    mine = [
        (short(b.label, 64), data(None, "confirm" if b.confirm else "btn", b.button_id))
        for b in own
    ]
    modules = info.get("modules") or []
    ours = [_button(words, "button_balance", account, "balance")]
    for module, word, verb in (
        ("auto_delivery", "button_stock", "stock"),
        ("steam_rent", "button_rentals", "rental"),
        ("auto_raise", "button_raise", "raise"),
    ):
        if module in modules:
            ours.append(_button(words, word, account, verb))
    ours.append(_button(words, "button_alerts", account, "alerts"))
    runs = info.get("state") in ("starting", "running", "reconnecting", "initializing")
    word, verb = ("button_stop", "stop") if runs else ("button_start", "start")
    ours.append(_button(words, word, account, verb))
    text = words("menu" if own else "menu_hint", account=account)
    return text, [*_pairs(mine), *_pairs(ours)]


def choice(words: Words, accounts: Sequence[str], verb: str) -> Card:
    """Which of his accounts is meant?"""
    rows = [[(short(account, 64), data(account, verb))] for account in accounts[:50]]
    return words("menu_which"), rows


def when(iso: str | None) -> str:
    """A moment of an answer, as a person reads it: the zone is the server's."""
    if not iso:
        return "—"
    return datetime.fromisoformat(iso).strftime("%d.%m %H:%M")


def span(words: Words, seconds: int) -> Html:
    """A length of time in its largest whole unit."""
    minutes = max(1, round(seconds / 60))
    if minutes % 1440 == 0:
        return words("days", n=minutes // 1440)
    if minutes % 60 == 0:
        return words("hours", n=minutes // 60)
    return words("minutes", n=minutes)


def _button(words: Words, word: str, account: str, verb: str, *args: object) -> tuple[str, str]:
    return str(words(word)), data(account, verb, *args)


def _product(words: Words, product: Told) -> Html:
    count = product["stock_count"]
    shown = words("stock_endless") if count is None else str(count)
    off = Html("") if product["enabled"] else words("stock_off")
    return Html(words("stock_line", name=line(product["name"], 80), count=shown) + off)


def _more(words: Words, left: int) -> Html:
    return words("more", n=left) if left > 0 else Html("")


def _game(told: Told) -> str:
    return line(str(told["game_id"]), 60)


def _money(value: float) -> str:
    return f"{value:,.2f}".replace(",", "\u00a0")


def _pairs(buttons: list[tuple[str, str]]) -> Rows:
    return [buttons[at : at + 2] for at in range(0, len(buttons), 2)]

"""What a press or an answer changes: each by one route of the API, in the presser's name.

An effect is a dictionary: `do` names it, `account` says whose, the rest are its arguments. Refund,
answer and raise carry the update's key, so that asking twice does them once; start, stop and ack
reach a state; all others are marked as begun and never repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from opium.kit import Refused
from opium.modules.telegram_bot import buttons, cards
from opium.modules.telegram_bot.models import Button
from opium.modules.telegram_bot.scene import Scene
from opium.modules.telegram_bot.shown import failure, readable

Effect = dict[str, Any]
WITH_BODY = ("POST", "PUT", "PATCH")


def run(scene: Scene, effect: Effect) -> None:
    """Carry it out and say how it ended; refused if the account is not (any more) his."""
    if effect["account"] not in scene.accounts:
        scene.refuse(None, "stale", str(effect["do"]))
        return
    scene.toast(scene.words(effect["account"])("working") if effect["do"] in SLOW else "")
    EFFECTS[effect["do"]](scene, effect["account"], effect)


def reply(scene: Scene, account: str, effect: Effect) -> None:
    """Send the text to the buyer."""
    path, body = f"/chats/{effect['chat']}/send", {"text": effect["text"]}
    if scene.act(account, "reply", "POST", path, body, repeatable=True) is not None:
        scene.say(scene.words(account)("sent"))


def refund(scene: Scene, account: str, effect: Effect) -> None:
    """Give the buyer the money back."""
    path = f"/orders/{effect['order']}/refund"
    if scene.act(account, "refund", "POST", path, repeatable=True) is not None:
        scene.say(scene.words(account)("refunded", order=effect["order"]))


def start(scene: Scene, account: str, effect: Effect) -> None:
    if scene.act(account, "start", "POST", "/start", repeatable=True) is not None:
        scene.say(scene.words(account)("started", account=account))


def stop(scene: Scene, account: str, effect: Effect) -> None:
    if scene.act(account, "stop", "POST", "/stop", repeatable=True) is not None:
        scene.say(scene.words(account)("stopped", account=account))


def ack(scene: Scene, account: str, effect: Effect) -> None:
    """Mark an alert of this account, or of the whole server, as seen."""
    found = scene.get("/api/alerts?open=true&limit=100") or {"items": []}
    known = {str(item["id"]): item for item in found["items"]}
    alert = known.get(str(effect["alert"]))
    if alert is None or alert["account_id"] not in (None, account):
        scene.refuse(account, "stale", f"alert {effect['alert']}")
        return
    path = f"/api/alerts/{alert['id']}/ack"
    if scene.act(account, "ack", "POST", path, repeatable=True) is not None:
        scene.toast(scene.words(account)("acked"))


def raise_now(scene: Scene, account: str, effect: Effect) -> None:
    """Raise all categories; FunPay's answers that come within 20 s are shown."""
    path = "/modules/auto_raise/raise"
    told = scene.act(account, "raise", "POST", path, repeatable=True)
    if told is not None:
        scene.say(cards.raised(scene.words(account), account, told))


def add_time(scene: Scene, account: str, effect: Effect) -> None:
    path = f"/modules/steam_rent/rentals/{effect['rental']}/time"
    told = scene.act(account, "addtime", "PATCH", path, {"minutes": effect["minutes"]})
    if told is not None:
        scene.say(scene.words(account)("added", until=cards.when(told.get("end_time"))))


def end_rental(scene: Scene, account: str, effect: Effect) -> None:
    path = f"/modules/steam_rent/rentals/{effect['rental']}/terminate"
    if scene.act(account, "endrent", "POST", path) is not None:
        scene.say(scene.words(account)("ended"))


def press_button(scene: Scene, account: str, effect: Effect) -> None:
    """Call the endpoint of a button of the menu, if it still exists, is on and may be called."""
    button = button_of(scene, str(effect["button"]))
    if button is None or button.account_id != account or not button.enabled:
        scene.refuse(account, "disabled", f"button {effect['button']}")
        return
    words = scene.words(account)
    try:
        path = buttons.resolved(button, account)
    except Refused as exc:
        scene.refuse(account, "disabled", f"button {button.button_id} to a forbidden endpoint")
        scene.say(failure(words, button.label, exc.status, {"detail": str(exc)}))
        return
    body = (button.api_body or {}) if button.api_method in WITH_BODY else None
    if button.api_method != "GET":
        scene.begin(account, button.label)
    told = scene.job.inside.call(button.api_method, path, body, actor=scene.actor, key=scene.key)
    with scene.job.work(account) as work:
        target = f"{account}: {button.api_method} {path}"
        work.audit(scene.actor, "TELEGRAM_BUTTON", target[:300], str(told.status))
    if told.ok:
        scene.say(readable(button.label, told.data, words))
    else:
        scene.failed(account, button.label, told.status, told.data)


def button_of(scene: Scene, button_id: str) -> Button | None:
    """A button of an account that he may steer."""
    with scene.job.read() as db:
        row = db.scalar(select(Button).where(Button.button_id == button_id))
    return row if row is not None and row.account_id in scene.accounts else None


EFFECTS: dict[str, Callable[[Scene, str, Effect], None]] = {
    "reply": reply,
    "refund": refund,
    "start": start,
    "stop": stop,
    "ack": ack,
    "raise": raise_now,
    "addtime": add_time,
    "endrent": end_rental,
    "btn": press_button,
}
SLOW = frozenset({"refund", "raise", "btn", "endrent"})

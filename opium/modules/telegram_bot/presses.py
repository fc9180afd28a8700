"""What happens when a button is pressed.

`callback.data(account_id, verb, *args)` makes the data of each button, at most 64 bytes:

verb                        effect
order:<order id>            shows the order's card
reply:<chat id>             asks for the text (ForceReply); what is answered goes to the buyer
refund:<order id>           asks first, then gives the money back
start:                      the account runs
stop:                       asks first, then the account stops
ack:<alert id>              the alert is seen
alerts:                     open alerts, each with `ack`
balance:                    the balance
stock:                      products and how many pieces are left
rental:[<rental id>]        a running rental, or all
addtime:<rental id>         asks how much; addtime:<rental id>:<minutes> adds it
endrent:<rental id>         asks first, then ends the rental
raise:                      raises all categories
menu:                       the menu of the account
btn:<button id>             calls the endpoint of a button of the menu
confirm:<button id>         asks first (a button with `confirm`)
yes:<nonce>, no:<nonce>     the answer to a question: once, within a minute, by whom it was put to

The account is the one that `@…` names; without it, that of the notice below which the button is
(`Notice` of this bot, chat and message), or the only one that the presser may steer.
"""

from __future__ import annotations

from collections.abc import Callable

from opium.modules.telegram_bot import buttons, callback, cards, effects, questions
from opium.modules.telegram_bot.callback import Pressed
from opium.modules.telegram_bot.scene import Scene
from opium.modules.telegram_bot.words import Html

RENT = "/modules/steam_rent/rentals"


def press(scene: Scene) -> None:
    """Carry out one press; what no button of ours carries is refused and noted."""
    pressed = callback.read(scene.asked.text)
    verb = VERBS.get(pressed.verb) if pressed else None
    if pressed is None or verb is None:
        scene.refuse(None, "stale", "an unknown button")
        return
    if pressed.verb in ("yes", "no"):
        settle(scene, pressed)
        return
    if pressed.verb in ("btn", "confirm"):
        press_button(scene, pressed)
        return
    account = account_of(scene, pressed)
    if account is None:
        scene.refuse(None, "stale", f"{pressed.verb} of an unknown account")
        return
    verb(scene, account, pressed)


def account_of(scene: Scene, pressed: Pressed) -> str | None:
    """Whose button it is: never an account that the presser may not steer."""
    if pressed.tag is not None:
        return next((a for a in scene.accounts if callback.tag(a) == pressed.tag), None)
    notice = questions.notice_of(scene)
    if notice is not None:
        return notice.account_id
    return scene.accounts[0] if len(scene.accounts) == 1 else None


def settle(scene: Scene, pressed: Pressed) -> None:
    effect = questions.settle(scene, pressed)
    if effect is not None:
        effects.run(scene, effect)


def press_button(scene: Scene, pressed: Pressed) -> None:
    """A button of the menu; one that wants a confirmation cannot be pressed without."""
    button = effects.button_of(scene, pressed.arg)
    if button is None or not button.enabled:
        scene.refuse(button.account_id if button else None, "disabled", f"button {pressed.arg}")
        return
    account = button.account_id
    effect = {"do": "btn", "account": account, "button": button.button_id}
    if button.confirm or pressed.verb == "confirm":
        words = scene.words(account)
        question = words("ask_button", label=button.label, account=account)
        questions.ask(scene, account, effect, question)
    else:
        effects.run(scene, effect)


def order(scene: Scene, account: str, pressed: Pressed) -> None:
    told = scene.shown(account, "order", f"/orders/{pressed.arg}")
    if told is not None:
        _card(scene, cards.order(scene.words(account), account, told))


def balance(scene: Scene, account: str, pressed: Pressed) -> None:
    told = scene.shown(account, "balance", "/balance")
    if told is not None:
        _card(scene, (cards.balance(scene.words(account), account, told), []))


def stock(scene: Scene, account: str, pressed: Pressed) -> None:
    told = scene.shown(account, "stock", "/modules/auto_delivery/products")
    if told is not None:
        _card(scene, (cards.stock(scene.words(account), account, told), []))


def rental(scene: Scene, account: str, pressed: Pressed) -> None:
    """One running rental, or all."""
    told = scene.shown(account, "rental", f"{RENT}/active")
    if told is not None:
        _card(scene, cards.rentals(scene.words(account), account, told, pressed.arg))


def alerts(scene: Scene, account: str, pressed: Pressed) -> None:
    told = scene.get("/api/alerts?open=true&limit=100")
    items = [i for i in (told or {"items": []})["items"] if i["account_id"] in (None, account)]
    _card(scene, cards.alerts(scene.words(account), account, items))


def menu(scene: Scene, account: str, pressed: Pressed) -> None:
    scene.toast()
    show_menu(scene, account)


def show_menu(scene: Scene, account: str) -> None:
    """The account's own buttons, two in a row, and ours below."""
    with scene.job.read() as db:
        own = [row for row in buttons.of_account(db, account) if row.enabled]
    info = scene.get(scene.path(account, "")) or {}
    scene.say(*cards.menu(scene.words(account), account, own, info))


def ask_reply(scene: Scene, account: str, pressed: Pressed) -> None:
    words = scene.words(account)
    effect = {"do": "reply", "chat": pressed.arg}
    questions.ask_text(scene, account, effect, words("ask_reply", account=account))


def ask_refund(scene: Scene, account: str, pressed: Pressed) -> None:
    question = scene.words(account)("ask_refund", order=pressed.arg, account=account)
    questions.ask(scene, account, {"do": "refund", "order": pressed.arg}, question)


def ask_stop(scene: Scene, account: str, pressed: Pressed) -> None:
    question = scene.words(account)("ask_stop", account=account)
    questions.ask(scene, account, {"do": "stop"}, question)


def ask_end(scene: Scene, account: str, pressed: Pressed) -> None:
    """Name the rental in the question; one that is over is said to be."""
    running = scene.shown(account, "rental", f"{RENT}/active")
    if running is None:
        return
    words = scene.words(account)
    found = next((r for r in running if r["rental_id"] == pressed.arg), None)
    if found is None:
        _card(scene, (words("rental_gone"), []))
        return
    question = words("ask_endrent", rental=cards.rental_title(found))
    questions.ask(scene, account, {"do": "endrent", "rental": pressed.arg}, question)


def add_time(scene: Scene, account: str, pressed: Pressed) -> None:
    """Ask how much; with minutes: add them."""
    if len(pressed.args) == 1:
        _card(scene, cards.how_long(scene.words(account), account, pressed.arg))
        return
    minutes = pressed.args[-1]
    if not minutes.isdigit() or int(minutes) not in cards.MINUTES:
        scene.refuse(account, "stale", "a forged time")
        return
    effect = {"do": "addtime", "account": account, "rental": pressed.arg, "minutes": int(minutes)}
    effects.run(scene, effect)


def start(scene: Scene, account: str, pressed: Pressed) -> None:
    effects.run(scene, {"do": "start", "account": account})


def ack(scene: Scene, account: str, pressed: Pressed) -> None:
    effects.run(scene, {"do": "ack", "account": account, "alert": pressed.arg})


def raise_now(scene: Scene, account: str, pressed: Pressed) -> None:
    effects.run(scene, {"do": "raise", "account": account})


def _card(scene: Scene, card: tuple[Html, cards.Rows]) -> None:
    scene.toast()
    scene.say(*card)


def _elsewhere(scene: Scene, account: str, pressed: Pressed) -> None:
    """Those that name their account otherwise; `press` knows them."""


Verb = Callable[[Scene, str, Pressed], None]
VERBS: dict[str, Verb] = {
    "order": order,
    "reply": ask_reply,
    "refund": ask_refund,
    "start": start,
    "stop": ask_stop,
    "ack": ack,
    "alerts": alerts,
    "balance": balance,
    "stock": stock,
    "rental": rental,
    "addtime": add_time,
    "endrent": ask_end,
    "raise": raise_now,
    "menu": menu,
    **dict.fromkeys(("btn", "confirm", "yes", "no"), _elsewhere),
}

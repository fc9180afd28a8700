"""The owner's phone: a made-up Telegram with one bot for both shops, set up as by a seller."""

from __future__ import annotations

from opium.demo.calls import OpiumApi, Sandbox
from opium.demo.shop import SELLERS, module

BOT = "opium_demo_bot"
OWNER = 100500
PHONE = "phone"
"""How the timeline calls it."""
TOLD = ["new_order", "new_message", "order_status_changed", "stock_low", "delivery_failed"]


def furnish(telegram: Sandbox) -> str:
    """The bot and its owner; the token that @BotFather would give."""
    made = telegram.post("/bots", {"username": BOT, "name": "Opium"})
    telegram.post("/users", {"id": OWNER, "name": "Продавец"})
    return str(made["token"])


def connect(api: OpiumApi, telegram: Sandbox, token: str) -> None:
    """As docs/modules/telegram_bot.md tells a seller to do it; then he presses "Start"."""
    for name in SELLERS:
        api.post(f"/api/accounts/{name}/modules", {"module_name": "telegram_bot"})
        here = module(name, "telegram_bot")
        api.patch(f"{here}/config", {"bot_token": token, "notify_events": TOLD})
        api.post(f"{here}/whitelist", {"telegram_id": OWNER, "label": "Продавец"})
    telegram.post(f"/users/{OWNER}/write", {"bot": BOT, "text": "/start"})

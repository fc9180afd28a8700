"""What a bot asks about itself and tells about itself: getMe, its commands, its webhook."""

import json
import re
from typing import Any

from sandbox.telegram.bots import Webhook
from sandbox.telegram.call import Call, bad, method
from sandbox.telegram.updates import KINDS, TERMINATED_BY_WEBHOOK

MOST_COMMANDS = 100


@method("getMe")
def get_me(call: Call) -> Any:
    return call.bot.as_me()


@method("setMyCommands", "commands", "scope", "language_code")
def set_my_commands(call: Call) -> bool:
    """The list that a phone shows behind the button `/`."""
    told = call.json("commands", "can't parse commands JSON object")
    if not isinstance(told, list):
        raise bad("expected an Array of BotCommand")
    if len(told) > MOST_COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    call.bot.commands[_scope(call)] = [_command(one) for one in told]
    call.state.log.happened("commands", call.bot.username, commands=told)
    return True


@method("getMyCommands", "scope", "language_code")
def get_my_commands(call: Call) -> Any:
    return call.bot.commands.get(_scope(call), [])


@method("deleteMyCommands", "scope", "language_code")
def delete_my_commands(call: Call) -> bool:
    call.bot.commands.pop(_scope(call), None)
    return True


@method(
    "setWebhook", "url", "certificate", "ip_address", "max_connections", "allowed_updates",
    "drop_pending_updates", "secret_token",
)  # fmt: skip
def set_webhook(call: Call) -> bool:
    """Kept, and getUpdates is refused from now on; nobody ever calls it here."""
    url = call.text("url")
    if url and not re.match(r"https://[^\s/]+", url):
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if not url:
        return delete_webhook(call)
    allow_updates(call)
    _drop_pending(call)
    call.bot.webhook = Webhook(url)
    call.bot.updates.end_poll(TERMINATED_BY_WEBHOOK)
    call.described = "Webhook was set"
    return True


@method("deleteWebhook", "drop_pending_updates")
def delete_webhook(call: Call) -> bool:
    """getUpdates works again."""
    _drop_pending(call)
    had = call.bot.webhook.url
    call.bot.webhook = Webhook()
    call.described = "Webhook was deleted" if had else "Webhook is already deleted"
    return True


@method("getWebhookInfo")
def get_webhook_info(call: Call) -> Any:
    """Also how many updates wait."""
    told: dict[str, Any] = {
        "url": call.bot.webhook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(call.bot.updates.waiting()),
    }
    if call.bot.webhook.url:
        told["max_connections"] = 40
    if call.bot.updates.allowed:
        told["allowed_updates"] = list(call.bot.updates.allowed)
    return told


def allow_updates(call: Call) -> None:
    """`allowed_updates` stays as it was if the request does not name it."""
    told = call.json("allowed_updates", "can't parse allowed_updates JSON object")
    if told is None:
        return
    if not isinstance(told, list) or not all(isinstance(kind, str) for kind in told):
        raise bad("expected an Array of String as allowed_updates")
    for kind in sorted(set(told) - set(KINDS)):
        call.state.wrong(f"{call.bot.username}: no updates are called {kind!r}")
    call.bot.updates.allow(told)


def _drop_pending(call: Call) -> None:
    if call.flag("drop_pending_updates"):
        call.bot.updates.drop()


def _scope(call: Call) -> tuple[str, str]:
    scope = call.json("scope", "can't parse BotCommandScope JSON object") or {"type": "default"}
    if not isinstance(scope, dict) or not isinstance(scope.get("type"), str):
        raise bad("can't parse BotCommandScope: Can't find field \"type\"")
    return json.dumps(scope, sort_keys=True), call.text("language_code")


def _command(told: object) -> dict[str, str]:
    if not isinstance(told, dict):
        raise bad("can't parse BotCommand: expected an Object")
    name, text = told.get("command"), told.get("description")
    if not isinstance(name, str) or not isinstance(text, str):
        raise bad('can\'t parse BotCommand: Can\'t find field "command" or "description"')
    if not re.fullmatch("[a-z0-9_]{1,32}", name.removeprefix("/")):
        raise bad("BOT_COMMAND_INVALID")
    if not 1 <= len(text) <= 256:
        raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name.removeprefix("/"), "description": text}

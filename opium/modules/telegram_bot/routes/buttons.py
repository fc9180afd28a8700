"""`/bot-buttons`: what the seller may press in `/menu`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from typing_extensions import TypedDict

from opium.kit import visit
from opium.modules.telegram_bot import buttons, module
from opium.modules.telegram_bot.models import Button
from opium.modules.telegram_bot.routes.answers import Ok
from opium.modules.telegram_bot.routes.bodies import ButtonPatch, NewButton
from opium.schema import closed, typed


@closed
class ButtonView(TypedDict):
    id: str
    label: str
    api_endpoint: str
    api_method: str
    api_body: dict[str, Any] | None
    description: str
    confirm: bool
    enabled: bool


@typed
def list_buttons() -> list[ButtonView]:
    """All buttons, oldest first; the menu shows those that are enabled."""
    here = visit(module)
    with here.read() as db:
        return [view(row) for row in buttons.of_account(db, here.account_id)]


@typed
def create_button(body: NewButton) -> ButtonView:
    """A new button; its endpoint is one of this account, and shows no secrets."""
    here = visit(module)
    with here.work() as work:
        made = view(buttons.add(work, body.model_dump()))
    here.audit("BUTTON_ADDED", _target(here.account_id, made["id"]))
    return made


@typed
def change_button(button_id: str, body: ButtonPatch) -> Ok:
    """Change what is given."""
    here = visit(module)
    with here.work() as work:
        row = buttons.find(work.db, here.account_id, button_id)
        buttons.change(row, body.model_dump(exclude_unset=True))
    here.audit("BUTTON_CHANGED", _target(here.account_id, button_id))
    return {"ok": True}


@typed
def delete_button(button_id: str) -> Ok:
    """The button is gone; pressing it in an old message does nothing."""
    here = visit(module)
    with here.work() as work:
        work.db.delete(buttons.find(work.db, here.account_id, button_id))
    here.audit("BUTTON_REMOVED", _target(here.account_id, button_id))
    return {"ok": True}


def register(routes: Blueprint) -> None:
    routes.get("/bot-buttons")(list_buttons)
    routes.post("/bot-buttons")(create_button)
    routes.patch("/bot-buttons/<button_id>")(change_button)
    routes.delete("/bot-buttons/<button_id>")(delete_button)


def view(row: Button) -> ButtonView:
    return {
        "id": row.button_id,
        "label": row.label,
        "api_endpoint": row.api_endpoint,
        "api_method": row.api_method,
        "api_body": row.api_body,
        "description": row.description,
        "confirm": row.confirm,
        "enabled": row.enabled,
    }


def _target(account_id: str, button_id: str) -> str:
    return f"telegram_bot button {button_id} of {account_id}"

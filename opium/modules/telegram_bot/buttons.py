"""Buttons of `/menu`: which endpoints of the API they may call (contract 11, "Button rules").

A button acts in the seller's name without his token, so it is held to plain paths of its own
account, and never to what shows or changes secrets or the bot itself. The rules are asked again
at each press: a row may be older than they are.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opium.kit import Invalid, NotFound, Refused, Work
from opium.modules.telegram_bot.models import Button

MOST = 50
MAX_BODY = 4096
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PLACE = "{account_id}"
"""Stands for the account's id in an endpoint."""

_WITHOUT_ACCOUNT = ("/api/status", "/api/health")
_SEGMENT = r"(?!\.(?:/|$))[\w.~+,!:-]+(?: +[\w.~+,!:-]+)*"
_PATH = re.compile(rf"(?:/{_SEGMENT})+")
_QUERY = re.compile(r"[A-Za-z0-9_=&.,:+-]*")


def resolved(button: Button, account_id: str) -> str:
    """The path that the button calls now, with its query; Refused if it may not call it."""
    return checked(button.api_method, button.api_endpoint, account_id)


def checked(method: str, endpoint: str, account_id: str) -> str:
    """The endpoint for this account; Refused if no button may call it."""
    if method not in METHODS:
        raise Refused(f"api_method must be one of {', '.join(METHODS)}.")
    target = endpoint.replace(PLACE, account_id)
    path, _, query = target.partition("?")
    if ".." in target or not _PATH.fullmatch(path) or not _QUERY.fullmatch(query):
        raise Refused("api_endpoint must be a plain path such as /api/accounts/{account_id}/chats.")
    if path not in _WITHOUT_ACCOUNT:
        _check_place(method, path.split("/")[1:], account_id)
    if "reveal" in query.casefold():
        raise Refused("A button may not reveal secrets.")
    return target


def check_body(body: dict[str, Any] | None) -> None:
    """Invalid if a body is too large to be kept for a button."""
    if body is not None and len(json.dumps(body, ensure_ascii=False).encode()) > MAX_BODY:
        raise Invalid(f"api_body must have at most {MAX_BODY} bytes.")


def of_account(db: Session, account_id: str) -> list[Button]:
    """All of an account, oldest first."""
    rows = select(Button).where(Button.account_id == account_id)
    return list(db.scalars(rows.order_by(Button.id)))


def find(db: Session, account_id: str, button_id: str) -> Button:
    row = db.scalar(
        select(Button).where(Button.account_id == account_id, Button.button_id == button_id)
    )
    if row is None:
        raise NotFound("Button not found")
    return row


def add(work: Work, values: dict[str, Any]) -> Button:
    """One more, whose endpoint and body are checked; `values` are its columns."""
    checked(values["api_method"], values["api_endpoint"], work.account.id)
    check_body(values["api_body"])
    count = select(func.count()).where(Button.account_id == work.account.id)
    if (work.db.scalar(count) or 0) >= MOST:
        raise Refused(f"There are too many buttons: at most {MOST}.")
    row = Button(account_id=work.account.id, button_id=secrets.token_hex(4), **values)
    work.db.add(row)
    return row


def change(row: Button, values: dict[str, Any]) -> None:
    """Set what is given; method and endpoint are judged together."""
    if "api_method" in values or "api_endpoint" in values:
        method = values.get("api_method", row.api_method)
        checked(method, values.get("api_endpoint", row.api_endpoint), row.account_id)
    check_body(values.get("api_body"))
    for name, value in values.items():
        setattr(row, name, value)


def _check_place(method: str, segments: list[str], account_id: str) -> None:
    """Refused if a path leads out of the account, or to what buttons may not touch."""
    if segments[:3] != ["api", "accounts", account_id]:
        raise Refused("A button may only call endpoints of its own account.")
    rest = [segment.casefold() for segment in segments[3:]]
    if not rest and method == "DELETE":
        raise Refused("A button may not delete its account.")
    if rest[:1] == ["config"]:
        raise Refused("A button may not touch the account's config: it holds the golden_key.")
    if rest[:2] == ["modules", "telegram_bot"]:
        raise Refused("A button may not touch the settings of its own bot.")
    if rest[-1:] == ["password"]:
        raise Refused("A button may not show passwords.")

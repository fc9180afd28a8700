"""`/log-watchers`: which log lines are told."""

from __future__ import annotations

from flask import Blueprint
from typing_extensions import TypedDict

from opium.kit import visit
from opium.modules.telegram_bot import module, watcher_rows
from opium.modules.telegram_bot.models import Watcher
from opium.modules.telegram_bot.routes.answers import Ok
from opium.modules.telegram_bot.routes.bodies import NewWatcher, WatcherPatch
from opium.schema import closed, typed


@closed
class WatcherView(TypedDict):
    id: str
    pattern: str
    custom_message: str
    enabled: bool


@typed
def list_watchers() -> list[WatcherView]:
    """In the order in which they are tried: the first that fits tells the line."""
    here = visit(module)
    with here.read() as db:
        return [view(row) for row in watcher_rows.of_account(db, here.account_id)]


@typed
def create_watcher(body: NewWatcher) -> WatcherView:
    """Tell log lines that hold a text."""
    here = visit(module)
    with here.work() as work:
        made = view(watcher_rows.add(work, body.model_dump()))
    here.audit("LOG_WATCHER_ADDED", f"{here.account_id}: {made['id']}")
    return made


@typed
def change_watcher(watcher_id: str, body: WatcherPatch) -> Ok:
    """Change what is given."""
    here = visit(module)
    with here.work() as work:
        row = watcher_rows.find(work.db, here.account_id, watcher_id)
        for name, value in body.model_dump(exclude_unset=True).items():
            setattr(row, name, value)
    return {"ok": True}


@typed
def delete_watcher(watcher_id: str) -> Ok:
    """Tell such lines no more."""
    here = visit(module)
    with here.work() as work:
        work.db.delete(watcher_rows.find(work.db, here.account_id, watcher_id))
    return {"ok": True}


def register(routes: Blueprint) -> None:
    routes.get("/log-watchers")(list_watchers)
    routes.post("/log-watchers")(create_watcher)
    routes.patch("/log-watchers/<watcher_id>")(change_watcher)
    routes.delete("/log-watchers/<watcher_id>")(delete_watcher)


def view(row: Watcher) -> WatcherView:
    return {
        "id": row.watcher_id,
        "pattern": row.pattern,
        "custom_message": row.custom_message,
        "enabled": row.enabled,
    }

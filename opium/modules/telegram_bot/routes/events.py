"""`/events`: what the bot has told."""

from __future__ import annotations

from flask import Blueprint
from typing_extensions import TypedDict

from opium.kit import visit
from opium.modules.telegram_bot import event_log, module
from opium.modules.telegram_bot.routes.answers import Ok
from opium.modules.telegram_bot.routes.bodies import Latest
from opium.schema import closed, typed


@closed
class EventView(TypedDict):
    event_type: str
    text_preview: str
    sent_to: int
    total: int
    timestamp: str | None


@typed
def list_events(query: Latest) -> list[EventView]:
    """The last notices, oldest first."""
    here = visit(module)
    with here.read() as db:
        found = event_log.latest(db, here.account_id, query.limit)
    return [
        {
            "event_type": row.event_type,
            "text_preview": event_log.preview(row.text_preview),
            "sent_to": row.sent_to,
            "total": row.total,
            "timestamp": here.iso(row.at),
        }
        for row in found
    ]


@typed
def clear_events() -> Ok:
    """Forget what was told."""
    here = visit(module)
    with here.work() as work:
        event_log.clear(work.db, here.account_id)
    return {"ok": True}


def register(routes: Blueprint) -> None:
    routes.get("/events")(list_events)
    routes.delete("/events")(clear_events)

"""What waits for a person: held commands, alerts; and the audit log (decisions, "for a person")."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask import Blueprint
from pydantic import Field
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from opium.backup.mode import KIND as RECONCILE
from opium.blueprints.audited import audited
from opium.blueprints.parts import Core
from opium.blueprints.times import iso
from opium.config import Config
from opium.db.tables import Alert, AuditEntry, StoredCommand
from opium.errors import NotFound
from opium.schema import Body, Query, closed, typed
from opium.security import actor, audit_here

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
MAX_OFFSET = 1_000_000


class Page(Query):
    limit: int = Field(100, ge=1, le=500)
    offset: int = Field(0, ge=0, le=MAX_OFFSET)


class CommandsQuery(Page):
    state: Literal["held", "unknown"] | None = None
    account_id: str | None = Field(None, max_length=64)


class AlertsQuery(Page):
    open: bool = True


class Resolve(Body):
    decision: Literal["done", "again", "drop"]


@closed
class CommandItem(TypedDict):
    id: int
    account_id: str
    kind: str
    order_id: str | None
    chat_id: int | None
    state: str
    reason: str | None
    since: str


@closed
class CommandList(TypedDict):
    items: list[CommandItem]
    total: int


@closed
class AlertItem(TypedDict):
    id: int
    kind: str
    account_id: str | None
    text: str
    created_at: str
    acked_at: str | None


@closed
class AlertList(TypedDict):
    items: list[AlertItem]
    total: int


@closed
class AuditItem(TypedDict):
    id: int
    at: str
    actor: str
    action: str
    target: str
    result: str
    ip: str


@closed
class AuditList(TypedDict):
    items: list[AuditItem]
    total: int


@closed
class Done(TypedDict):
    ok: bool


def blueprint(core: Core) -> Blueprint:
    bp = Blueprint("person", __name__, url_prefix="/api")

    @bp.get("/commands")
    @typed
    def list_commands(query: CommandsQuery) -> CommandList:
        """Commands whose end is held or not known, oldest first."""
        states = [query.state] if query.state else ["held", "unknown"]
        rows = select(StoredCommand).where(StoredCommand.state.in_(states))
        if query.account_id is not None:
            rows = rows.where(StoredCommand.account_id == query.account_id)
        with core.db.read() as session:
            found, total = _page(session, rows, StoredCommand.id, query)
            return {"items": [command_item(row, core.config) for row in found], "total": total}

    @bp.post("/commands/<command_id>/resolve")
    @typed
    def resolve_command(command_id: Id, body: Resolve) -> CommandItem:
        """Settle a held command: it was done, do it again, or drop it."""
        core.wishes.resolve(command_id, body.decision, actor())
        with core.db.read() as session:
            row = session.get(StoredCommand, command_id)
            if row is None:
                raise NotFound("Command not found")
            return command_item(row, core.config)

    @bp.get("/alerts")
    @typed
    def list_alerts(query: AlertsQuery) -> AlertList:
        """Alerts, newest first; with `open` only those that still stand."""
        rows = select(Alert)
        if query.open:
            rows = rows.where(Alert.closed_at.is_(None))
        with core.db.read() as session:
            found, total = _page(session, rows, Alert.id.desc(), query)
            return {"items": [_alert(row, core.config) for row in found], "total": total}

    @bp.post("/alerts/<alert_id>/ack")
    @typed
    def acknowledge_alert(alert_id: Id) -> Done:
        """Mark an alert as seen; again changes nothing. That of a restore lets sends go on."""
        with core.db.write() as session:
            alert = session.get(Alert, alert_id)
            if alert is None:
                raise NotFound("Alert not found")
            first = alert.acked_at is None
            if first and alert.kind == RECONCILE and alert.account_id is not None:
                core.release(session, alert.account_id)
                audit_here(session, "RECONCILE_RELEASED", alert.account_id, "ok")
            alert.acked_at = alert.acked_at or core.clock.now()
        if first:
            audited(core, "ALERT_ACKED", str(alert_id))
        return {"ok": True}

    @bp.get("/audit")
    @typed
    def list_audit(query: Page) -> AuditList:
        """Who did what, newest first."""
        with core.db.read() as session:
            found, total = _page(session, select(AuditEntry), AuditEntry.id.desc(), query)
            return {"items": [_entry(row, core.config) for row in found], "total": total}

    return bp


def command_item(row: StoredCommand, config: Config) -> CommandItem:
    """A stored command as a person sees it; `chat_id` None for a chat known by its name only."""
    chat = row.chat
    return {
        "id": row.id,
        "account_id": row.account_id,
        "kind": row.kind,
        "order_id": row.order_id,
        "chat_id": int(chat) if chat and chat.isascii() and chat.isdigit() else None,
        "state": row.state,
        "reason": row.reason,
        "since": iso(row.since or row.created_at, config),
    }


def _page(session: Session, rows: Select[Any], order: Any, query: Page) -> tuple[list[Any], int]:
    total = session.scalar(select(func.count()).select_from(rows.subquery()))
    found = session.scalars(rows.order_by(order).limit(query.limit).offset(query.offset))
    return list(found), total or 0


def _alert(row: Alert, config: Config) -> AlertItem:
    return {
        "id": row.id,
        "kind": row.kind,
        "account_id": row.account_id,
        "text": row.text,
        "created_at": iso(row.created_at, config),
        "acked_at": iso(row.acked_at, config) if row.acked_at else None,
    }


def _entry(row: AuditEntry, config: Config) -> AuditItem:
    return {
        "id": row.id,
        "at": iso(row.at, config),
        "actor": row.actor,
        "action": row.action,
        "target": row.target,
        "result": row.result,
        "ip": row.ip,
    }

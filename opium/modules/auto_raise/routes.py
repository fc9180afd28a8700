"""The routes of auto_raise under `/api/accounts/<account>/modules/auto_raise` (contract 13)."""

from __future__ import annotations

from flask import Blueprint
from pydantic import Field

from opium.kit import Visit, visit
from opium.modules.auto_raise import categories, module, raising, rows
from opium.modules.auto_raise.answers import (
    CategoryResult,
    ChangedConfig,
    Config,
    Done,
    LogEntry,
    NextRaise,
    Raised,
    Status,
)
from opium.modules.auto_raise.models import Category
from opium.modules.auto_raise.rules import seconds_until
from opium.schema import Body, Query, typed

LONGEST_WAIT = 20
"""Seconds that a raise by hand waits for FunPay's answers; the web client gives up at 30."""


class ConfigPatch(Body):
    """Absent members stay as they are; the factories keep defaults out of the API document."""

    enabled: bool = Field(default_factory=bool)
    delay_range_minutes: int = Field(default_factory=int, ge=0, le=1440)


class LogQuery(Query):
    limit: int = Field(50, ge=1, le=300)


@typed
def get_config() -> Config:
    """The module's settings."""
    settings = visit(module).settings
    return {"enabled": settings.enabled, "delay_range_minutes": settings.delay_range_minutes}


@typed
def patch_config(body: ConfigPatch) -> ChangedConfig:
    """Change the settings that are given."""
    here = visit(module)
    with here.work() as work:
        work.save_settings(work.settings.model_copy(update=body.model_dump(exclude_unset=True)))
    settings = here.settings
    return {
        "ok": True,
        "enabled": settings.enabled,
        "delay_range_minutes": settings.delay_range_minutes,
    }


@typed
def status() -> Status:
    """What runs now, when each category is raised next, and how its last raise ended."""
    here = visit(module)
    enabled = here.settings.enabled
    with here.read() as db:
        found = rows.listed(db, here.account_id)
        runs = raising.cycle_runs(db, here.account_id, here.now)
    return {
        "active": enabled and here.running,
        "raising": runs,
        "enabled": enabled,
        "next_raises": {str(c.game_id): _next(c, here) for c in found if c.next_at is not None},
        "last_results": {str(c.game_id): _result(c) for c in found if c.last_at is not None},
    }


@typed
def raise_now(idempotency_key: str | None) -> Raised:
    """Raise all categories at once; a second call joins the first.

    Waits up to 20 s. `pending` says that more answers will come; `status` shows them.
    """
    here = visit(module)
    funpay = here.funpay()
    with here.work() as work:
        mine = raising.begin_cycle(work, idempotency_key)
    if mine:
        try:
            with here.read() as db:
                known = rows.games(db, here.account_id)
            found = categories.read(funpay, known)
            with here.work() as work:
                raising.run_cycle(work, found)
        except Exception:
            with here.work() as work:
                raising.give_up_cycle(work)
            raise
    return _answers(here)


@typed
def get_log(query: LogQuery) -> list[LogEntry]:
    """The newest answers of FunPay, oldest first."""
    here = visit(module)
    with here.read() as db:
        lines = rows.log_lines(db, here.account_id, query.limit)
    return [
        {
            "timestamp": here.iso(line.at) or "",
            "category_id": line.game_id,
            "category_name": line.name,
            "success": line.success,
            "error": line.error,
        }
        for line in lines
    ]


@typed
def clear_log() -> Done:
    """Forget the log; the times of the categories stay."""
    here = visit(module)
    with here.work() as work:
        rows.clear_log(work)
    return {"ok": True}


def blueprint() -> Blueprint:
    """The routes, made anew for each application."""
    routes = Blueprint("auto_raise", __name__)
    routes.get("/config")(get_config)
    routes.patch("/config")(patch_config)
    routes.get("/status")(status)
    routes.post("/raise")(raise_now)
    routes.get("/log")(get_log)
    routes.delete("/log")(clear_log)
    return routes


def _answers(here: Visit) -> Raised:
    """Wait for the cycle; its worker rings after each answer, so that nobody waits in vain."""
    pending = _pending(here)
    for _ in range(LONGEST_WAIT):
        if not pending:
            break
        here.wait(1)
        pending = _pending(here)
    with here.read() as db:
        began = raising.cycle_began(db, here.account_id)
        found = rows.listed(db, here.account_id)
    results: dict[str, CategoryResult] = {}
    for category in found:
        if category.last_at is not None and began is not None and category.last_at >= began:
            results[str(category.game_id)] = _result(category)
        elif category.command_id is None:
            results[str(category.game_id)] = _skipped(category, here)
    return {"ok": True, "results": results, "pending": pending}


def _pending(here: Visit) -> bool:
    with here.read() as db:
        return raising.cycle_runs(db, here.account_id, here.now)


def _next(category: Category, here: Visit) -> NextRaise:
    at = category.next_at or here.now
    return {"next_raise_in": seconds_until(at, here.now), "next_raise_at": at.timestamp()}


def _result(category: Category) -> CategoryResult:
    result: CategoryResult = {
        "category_name": category.name,
        "success": category.last_success,
        "wait_seconds": category.last_wait,
    }
    if category.last_error is not None:
        result["error"] = category.last_error
    return result


def _skipped(category: Category, here: Visit) -> CategoryResult:
    """A category in its cool-down, which the cycle passed over."""
    return {
        "category_name": category.name,
        "success": False,
        "skipped": True,
        "wait_seconds": seconds_until(category.next_at, here.now),
    }

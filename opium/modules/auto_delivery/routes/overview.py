"""`GET /overview`, `GET` and `PUT /config`."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from opium.kit import Handout, Visit, visit
from opium.modules.auto_delivery import deliveries, module, products
from opium.modules.auto_delivery.models import Mapping, StockLine
from opium.modules.auto_delivery.routes.bodies import ConfigPatch
from opium.modules.auto_delivery.settings import Policy
from opium.schema import closed, typed


@closed
class Shelf(TypedDict):
    total_products: int
    available_products: int
    sold_out_products: int
    available_lines: int
    low_stock_products: int


@closed
class Overview(Shelf):
    lot_mappings: int
    total_deliveries: int
    deliveries_today: int
    waiting_deliveries: int
    failed_deliveries: int


@closed
class Config(TypedDict):
    enabled: bool
    multi_quantity: bool
    allow_partial: bool
    max_per_order: int
    out_of_stock_policy: Policy
    wait_ttl_minutes: int
    low_stock_threshold: int
    auto_deactivate_lots: bool
    auto_restore_lots: bool
    process_missed_orders: bool
    missed_orders_max_age_hours: int
    blacklist: list[str]
    skip_blacklisted: bool
    send_attempts: int
    allow_redelivery_command: bool
    log_limit: int


@closed
class ChangedConfig(TypedDict):
    ok: Literal[True]
    config: Config


@typed
def overview() -> Overview:
    """Figures for the dashboard. `failed_deliveries` counts those that are held as well."""
    here = visit(module)
    midnight = here.now.astimezone(here.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    word = deliveries.status()
    with here.read() as db:

        def count(*where: ColumnElement[bool]) -> int:
            return deliveries.count(db, here.account_id, *where)

        return {
            **_shelf(db, here),
            "lot_mappings": _mappings(db, here.account_id),
            "total_deliveries": count(),
            "deliveries_today": count(Handout.state == "delivered", Handout.ended_at >= midnight),
            "waiting_deliveries": count(word == "waiting_stock"),
            "failed_deliveries": count(word.in_(("failed", "held"))),
        }


@typed
def get_config() -> Config:
    """The module's settings."""
    config: Config = visit(module).settings.model_dump()
    return config


@typed
def put_config(body: ConfigPatch) -> ChangedConfig:
    """Change the settings that are given; the others stay."""
    here = visit(module)
    with here.work() as work:
        work.save_settings(work.settings.model_copy(update=body.model_dump(exclude_unset=True)))
    return {"ok": True, "config": here.settings.model_dump()}


def register(routes: Blueprint) -> None:
    routes.get("/overview")(overview)
    routes.get("/config")(get_config)
    routes.put("/config")(put_config)


def _shelf(db: Session, here: Visit) -> Shelf:
    """Static products never run out; `low` counts the sold out ones too."""
    found = products.of_account(db, here.account_id)
    counts: dict[int, int] = {
        row[0]: row[1]
        for row in db.execute(
            select(StockLine.product, func.count())
            .where(StockLine.state == "free", StockLine.product.in_([p.id for p in found]))
            .group_by(StockLine.product)
        )
    }
    lined = [product for product in found if not products.endless(product.kind)]
    sold_out = [product for product in lined if not counts.get(product.id)]
    low = [p for p in lined if counts.get(p.id, 0) <= products.threshold(p, here.settings)]
    return {
        "total_products": len(found),
        "available_products": len(found) - len(sold_out),
        "sold_out_products": len(sold_out),
        "available_lines": sum(counts.values()),
        "low_stock_products": len([p for p in low if products.threshold(p, here.settings)]),
    }


def _mappings(db: Session, account_id: str) -> int:
    rows = select(func.count()).select_from(Mapping).where(Mapping.account_id == account_id)
    return db.scalar(rows) or 0

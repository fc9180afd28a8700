"""What clients may send. Absent members stay as they are: see `model_dump(exclude_unset=True)`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opium.modules.auto_delivery.routes.answers import ProductId
from opium.modules.auto_delivery.settings import Nick, Policy
from opium.modules.auto_delivery.stock import MAX_ITEM
from opium.schema import Body, OrderId, Query

Name = Annotated[str, Field(min_length=1, max_length=120)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Item = Annotated[str, Field(max_length=MAX_ITEM)]
Threshold = Annotated[int, Field(ge=0, le=100_000)]
LotId = Annotated[int, Field(ge=1, le=2**53)]
Kind = Literal["stock", "static", "stock_images", "static_image"]
How = Literal["lot_id", "exact", "prefix", "substring"]
Amount = Annotated[int, Field(ge=1, le=1000)]


class ConfigPatch(Body):
    """The factories keep defaults out of the API document: what is absent is not changed."""

    enabled: bool = Field(default_factory=bool)
    multi_quantity: bool = Field(default_factory=bool)
    allow_partial: bool = Field(default_factory=bool)
    max_per_order: int = Field(default_factory=int, ge=1, le=1000)
    out_of_stock_policy: Policy = Field(default_factory=lambda: "wait")
    wait_ttl_minutes: int = Field(default_factory=int, ge=0, le=525_600)
    low_stock_threshold: int = Field(default_factory=int, ge=0, le=100_000)
    auto_deactivate_lots: bool = Field(default_factory=bool)
    auto_restore_lots: bool = Field(default_factory=bool)
    process_missed_orders: bool = Field(default_factory=bool)
    missed_orders_max_age_hours: int = Field(default_factory=int, ge=1, le=720)
    blacklist: list[Nick] = Field(default_factory=list, max_length=10_000)
    skip_blacklisted: bool = Field(default_factory=bool)
    send_attempts: int = Field(default_factory=int, ge=1, le=10)
    allow_redelivery_command: bool = Field(default_factory=bool)
    log_limit: int = Field(default_factory=int, ge=100, le=100_000)


class ProductPatch(Body):
    """`static_text` sent as `***` keeps the stored one."""

    name: Name = Field(default_factory=str)
    kind: Kind = Field(default_factory=lambda: "stock")
    static_text: Text | None = None
    delivery_text: Text | None = None
    enabled: bool = True
    multi_quantity: bool | None = None
    out_of_stock_policy: Policy | None = None
    low_stock_threshold: Threshold | None = None
    auto_deactivate: bool | None = None
    auto_restore: bool | None = None


class NewProduct(ProductPatch):
    name: Name
    product_id: ProductId | None = None
    kind: Kind = "stock"
    stock: list[Item] = Field(default=[], max_length=10_000)


class NewLines(Body):
    lines: list[Item] = Field(min_length=1, max_length=10_000)
    position: Literal["start", "end"] = "end"
    skip_duplicates: bool = True


class ImportQuery(Query):
    position: Literal["start", "end"] = "end"
    skip_duplicates: bool = True


class LinesQuery(Query):
    """`withdrawn` and `burned` lines are shown when asked for."""

    status: Literal["available", "reserved", "delivered", "burned", "withdrawn"] | None = None
    limit: int = Field(100, ge=1, le=500)
    offset: int = Field(0, ge=0, le=1_000_000)
    reveal: bool = False


class ExportQuery(Query):
    status: Literal["available", "reserved", "delivered", "burned", "withdrawn"] = "available"
    format: Literal["txt", "json"] = "txt"
    take: bool = False


class Reveal(Query):
    reveal: bool = False


class Force(Query):
    force: bool = False


class Confirm(Query):
    confirm: bool = False


class Preview(Body):
    quantity: Amount = 1


class MappingPatch(Body):
    product_id: ProductId = Field(default_factory=str)
    match: How = Field(default_factory=lambda: "substring")
    pattern: str | None = Field(None, max_length=300)
    lot_id: LotId | None = None
    enabled: bool = True


class NewMapping(MappingPatch):
    product_id: ProductId
    match: How = "substring"


class Trial(Body):
    description: str = Field(max_length=4000)
    lot_id: LotId | None = None


class DeliveriesQuery(Query):
    status: (
        Literal[
            "queued",
            "reserved",
            "delivered",
            "waiting_stock",
            "failed",
            "held",
            "refunded",
            "skipped",
        ]
        | None
    ) = None
    order_id: OrderId | None = None
    product_id: ProductId | None = None
    limit: int = Field(100, ge=1, le=500)
    offset: int = Field(0, ge=0, le=1_000_000)


class NewDelivery(Body):
    order_id: OrderId
    product_id: ProductId | None = None
    quantity: Amount | None = None


class Again(Body):
    mode: Literal["same", "new"] = "same"

"""What the seller may set for auto_delivery, per account (contract 14.1)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opium.kit import Settings

Policy = Literal["wait", "refund", "notify"]
Nick = Annotated[str, Field(min_length=1, max_length=128)]


class AutoDeliverySettings(Settings):
    """Products may override multi_quantity, the policy, the threshold and the lot switches."""

    enabled: bool = Field(True, title="Deliver by itself")
    multi_quantity: bool = Field(True, title="Hand out as many lines as ordered")
    allow_partial: bool = Field(False, title="Hand out what is there, the rest later")
    max_per_order: int = Field(100, ge=1, le=1000, title="Larger orders wait for you")
    out_of_stock_policy: Policy = Field("wait", title="When there is too little stock")
    wait_ttl_minutes: int = Field(0, ge=0, le=525_600, title="Refund after waiting, minutes")
    low_stock_threshold: int = Field(5, ge=0, le=100_000, title="Warn at this many lines")
    auto_deactivate_lots: bool = Field(False, title="Switch the lot off when sold out")
    auto_restore_lots: bool = Field(False, title="Switch it on again when stock comes")
    process_missed_orders: bool = Field(True, title="Deliver orders paid while Opium was off")
    missed_orders_max_age_hours: int = Field(24, ge=1, le=720, title="Unless older, hours")
    blacklist: list[Nick] = Field(default=[], max_length=10_000, title="Buyers without delivery")
    skip_blacklisted: bool = Field(True, title="Skip them")
    send_attempts: int = Field(3, ge=1, le=10, title="Warn after this many attempts to send")
    allow_redelivery_command: bool = Field(True, title="Answer !товар")
    log_limit: int = Field(5000, ge=100, le=100_000, title="Finished deliveries kept")

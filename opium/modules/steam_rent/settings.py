"""What the seller may set for steam_rent, per FunPay account (contract 9.1)."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from opium.kit import NotFound, Settings, Work


class SteamRentSettings(Settings):
    """Unknown keys are kept, shown and ignored: the client stores what it likes beside ours.

    `on_release_failure` has one value (decisions): an account without proof is never free.
    """

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    change_password_on_rent: bool = Field(True, title="New accounts: new password at the end")
    kick_devices_on_rent: bool = Field(True, title="New accounts: sign out at the end")
    scheduler_check_interval_sec: int = Field(60, ge=10, le=3600, title="Look for ends, seconds")
    pending_ttl_minutes: int = Field(0, ge=0, le=525_600, title="Orders may wait, minutes")
    pending_expire_action: Literal["notify", "refund"] = Field("notify", title="After that")
    expiry_warning_minutes: int = Field(0, ge=0, le=10_080, title="Warn before the end, minutes")
    process_missed_orders: bool = Field(True, title="Serve orders paid while Opium was off")
    missed_orders_max_age_hours: int = Field(24, ge=1, le=720, title="Unless older, hours")
    multiply_by_amount: bool = Field(True, title="Minutes times ordered quantity")
    clock_starts_at_delivery: bool = Field(True, title="Time runs from the delivery")
    on_release_failure: Literal["freeze"] = Field("freeze", title="Without proof from Steam")
    release_retries: int = Field(3, ge=0, le=10, title="Tries before an account is out of hand")
    command_cooldown_sec: float = Field(2, ge=0, le=60, title="Between two equal commands, s")
    refund_closes_rental: bool = Field(True, title="A refund ends the rental at once")


def effective(work: Work) -> SteamRentSettings:
    """The account's settings; the defaults where the module was detached while rentals run."""
    try:
        found: SteamRentSettings = work.settings
    except NotFound:
        found = SteamRentSettings()
    return found

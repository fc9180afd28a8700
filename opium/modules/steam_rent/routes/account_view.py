"""A Steam account as answers show it: no secret but its presence."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from opium.modules.steam_rent.routes.bodies import MASK
from opium.modules.steam_rent.routes.shared import ProxySettingsView, proxy_view
from opium.modules.steam_rent.rows import SteamAccount
from opium.schema import closed

Status = Literal["free", "rented"]
ReleaseState = Literal["idle", "releasing", "failed"]


@closed
class SteamAccountView(TypedDict):
    id: str
    login: str
    password: str
    game_ids: list[str]
    status: Status
    shared_secret: str | None
    identity_secret: str | None
    has_mafile: bool
    change_password_on_rent: bool
    kick_devices_on_rent: bool
    proxy_settings: ProxySettingsView | None
    frozen: bool
    release_state: ReleaseState
    last_error: str | None


def view(row: SteamAccount) -> SteamAccountView:
    return {
        "id": row.name,
        "login": row.login,
        "password": MASK if row.password_sealed else "",
        "game_ids": row.game_ids,
        "status": _STATUS.get(row.state, "free"),
        "shared_secret": MASK if row.shared_sealed else None,
        "identity_secret": MASK if row.identity_sealed else None,
        "has_mafile": row.has_mafile,
        "change_password_on_rent": row.change_password,
        "kick_devices_on_rent": row.kick_devices,
        "proxy_settings": proxy_view(row.proxy),
        "frozen": is_frozen(row),
        "release_state": _RELEASE.get(row.state, "idle"),
        "last_error": row.last_error,
    }


def is_frozen(row: SteamAccount) -> bool:
    """An account that was not released is out of hand whatever its own switch says."""
    return row.frozen or row.state == "failed"


_STATUS: dict[str, Status] = {"rented": "rented", "releasing": "rented"}
_RELEASE: dict[str, ReleaseState] = {"releasing": "releasing", "failed": "failed"}

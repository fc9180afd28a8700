"""Proxy settings, as games and Steam accounts have them (contract 9.2)."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from opium.kit import Invalid
from opium.modules.steam_rent.models import RentProxy, RentProxyList
from opium.modules.steam_rent.routes.bodies import Fallback, Mode, ProxySettings
from opium.schema import closed


@closed
class ProxySettingsView(TypedDict):
    mode: Mode
    fixed_proxy_id: str | None
    proxy_list_id: str | None
    fallback: Fallback


def proxy_view(stored: dict[str, Any] | None) -> ProxySettingsView | None:
    return cast(ProxySettingsView | None, stored)


def proxy_settings(db: Session, given: ProxySettings | None) -> dict[str, Any] | None:
    """As they are stored; Invalid if the proxy or list that they use does not exist."""
    if given is None:
        return None
    if given.mode == "fixed" and db.get(RentProxy, given.fixed_proxy_id or "") is None:
        raise Invalid("proxy_settings.fixed_proxy_id must name a proxy that exists.")
    if given.mode == "mix-list" and db.get(RentProxyList, given.proxy_list_id or "") is None:
        raise Invalid("proxy_settings.proxy_list_id must name a proxy list that exists.")
    return given.model_dump()

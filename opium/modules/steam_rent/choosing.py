"""Which proxy an operation takes (contract 9.7); one choice per operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

from opium.kit import UpstreamError
from opium.modules.steam_rent.proxies import Stock
from opium.net.proxy import Proxy

Healthy = Callable[[Proxy], bool]
Settings = Mapping[str, Any]


class NoProxy(UpstreamError):
    """None of the proxies works, and the own address must not be shown."""


def in_force(game: Settings | None, account: Settings | None) -> Settings | None:
    """The game's settings go before the account's; None is a direct connection."""
    return game or account or None


def choose(
    settings: Settings | None,
    stock: Stock,
    healthy: Healthy,
    chance: Random,
    *,
    check: Healthy | None = None,
) -> Proxy | None:
    """The proxy for one operation; None is a direct connection. Raises NoProxy.

    `healthy` may be minutes old; `check` asks anew, before everything fails.
    """
    if not settings or settings["mode"] == "direct":
        return None
    wanted = _wanted(settings, stock, chance)
    found = _first(wanted, stock, healthy)
    if found is not None:
        return found
    if settings["fallback"] == "try-all":
        others = _shuffled(stock.enabled.keys() - set(wanted), chance)
        found = _first(others, stock, check or healthy)
    if found is None and settings["fallback"] == "none":
        raise NoProxy("No proxy of this account reaches Steam, and it must not go without one.")
    return found


def _wanted(settings: Settings, stock: Stock, chance: Random) -> list[str]:
    """What the settings name, in the order to be tried."""
    if settings["mode"] == "fixed":
        return [settings["fixed_proxy_id"] or ""]
    if settings["mode"] == "mix":
        return _shuffled(stock.enabled, chance)
    return _shuffled(stock.lists.get(settings["proxy_list_id"] or "", ()), chance)


def _first(names: Iterable[str], stock: Stock, healthy: Healthy) -> Proxy | None:
    known = (stock.enabled[name] for name in names if name in stock.enabled)
    return next((proxy for proxy in known if healthy(proxy)), None)


def _shuffled(names: Iterable[str], chance: Random) -> list[str]:
    found = sorted(names)  # sets have no order that chance could be seeded for
    chance.shuffle(found)
    return found

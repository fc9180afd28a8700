"""`/proxies`: ways to Steam, shared by all FunPay accounts."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, current_app
from typing_extensions import TypedDict

from opium.kit import Invalid, Visit, Work, visit
from opium.modules.steam_rent import module, proxies
from opium.modules.steam_rent.health import health
from opium.modules.steam_rent.models import RentProxy
from opium.modules.steam_rent.routes.answers import Ok
from opium.modules.steam_rent.routes.bodies import MASK, NewProxy, Nothing, ProxyPatch
from opium.net.proxy import Proxy
from opium.schema import closed, typed


@closed
class ProxyView(TypedDict):
    proxy_id: str
    host: str
    port: int
    proxy_type: str
    username: str
    password: str
    name: str
    enabled: bool


@closed
class Checked(TypedDict):
    healthy: bool
    proxy_id: str
    latency_ms: int | None


@typed
def list_proxies() -> list[ProxyView]:
    """All proxies, oldest first."""
    with visit(module).read() as db:
        return [view(row) for row in proxies.all_proxies(db)]


@typed
def create_proxy(body: NewProxy) -> ProxyView:
    """A new proxy, from its address or its parts."""
    here = visit(module)
    with here.work() as work:
        row = RentProxy(
            proxy_id=proxies.new_id(), name=body.name, enabled=body.enabled, created_at=work.now
        )
        _store(here, work, row, _given(body))
        work.db.add(row)
        return view(row)


@typed
def change_proxy(proxy_id: str, body: ProxyPatch) -> ProxyView:
    """Change what is given."""
    here = visit(module)
    given = body.model_dump(exclude_unset=True)
    with here.work() as work:
        row = proxies.find(work.db, proxy_id)
        password = given.get("password")
        proxy = Proxy(
            scheme=given.get("proxy_type", row.scheme),
            host=given.get("host", row.host),
            port=given.get("port", row.port),
            user=given.get("username", row.username),
            password=proxies.password_of(work.vault, row)
            if password is None or password == MASK
            else password,
        )
        _store(here, work, row, proxy)
        row.name = given.get("name", row.name)
        row.enabled = given.get("enabled", row.enabled)
        return view(row)


@typed
def delete_proxy(proxy_id: str) -> Ok:
    """Forget a proxy, in the lists too; who uses it falls to his fallback."""
    with visit(module).work() as work:
        proxies.forget(work.db, proxies.find(work.db, proxy_id))
    return {"ok": True}


@typed
def check_proxy(proxy_id: str, body: Nothing | None) -> Checked:
    """Whether Steam can be reached through this proxy now; within 10 s."""
    here = visit(module)
    with here.read() as db:
        proxy = proxies.proxy_of(here.vault, proxies.find(db, proxy_id))
    with current_app.extensions["opium.live"].waiting.place("check"):
        found = health(here.job()).check(proxy)
    return {"healthy": found.healthy, "proxy_id": proxy_id, "latency_ms": found.latency_ms}


def register(routes: Blueprint) -> None:
    routes.get("/proxies")(list_proxies)
    routes.post("/proxies")(create_proxy)
    routes.put("/proxies/<proxy_id>")(change_proxy)
    routes.delete("/proxies/<proxy_id>")(delete_proxy)
    routes.post("/proxies/<proxy_id>/check")(check_proxy)


def _given(body: NewProxy) -> Proxy:
    if body.url is not None:
        return proxies.parsed(body.url)
    if body.host is None or body.port is None:
        raise Invalid("url, or host and port, are required.")
    password = "" if body.password == MASK else body.password
    return Proxy(body.proxy_type, body.host, body.port, body.username, password)


def _store(here: Visit, work: Work, row: RentProxy, given: Proxy) -> None:
    proxy = replace(given, host=given.host.removeprefix("[").removesuffix("]"))
    proxies.check(proxy, allow_private=here.config.proxy_private)
    row.scheme = "socks5" if proxy.scheme == "socks5h" else proxy.scheme
    row.host, row.port, row.username = proxy.host, proxy.port, proxy.user
    proxies.store_password(work.vault, row, proxy.password)


def view(row: RentProxy) -> ProxyView:
    return {
        "proxy_id": row.proxy_id,
        "host": row.host,
        "port": row.port,
        "proxy_type": row.scheme,
        "username": row.username,
        "password": MASK if row.password_sealed else "",
        "name": row.name,
        "enabled": row.enabled,
    }

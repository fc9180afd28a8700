"""`/proxy-lists`: some of the proxies, shared by all FunPay accounts."""

from __future__ import annotations

from flask import Blueprint
from typing_extensions import TypedDict

from opium.kit import NotFound, visit
from opium.modules.steam_rent import module, proxies
from opium.modules.steam_rent.models import RentProxyList
from opium.modules.steam_rent.routes.answers import Ok
from opium.modules.steam_rent.routes.bodies import NewProxyList, Nothing
from opium.schema import closed, typed


@closed
class ProxyListView(TypedDict):
    list_id: str
    name: str
    proxy_ids: list[str]


@typed
def list_proxy_lists() -> list[ProxyListView]:
    """All lists, oldest first."""
    with visit(module).read() as db:
        return [view(row) for row in proxies.all_lists(db)]


@typed
def create_proxy_list(body: NewProxyList) -> ProxyListView:
    """A new list of proxies that exist."""
    with visit(module).work() as work:
        row = RentProxyList(
            list_id=proxies.new_id(),
            name=body.name,
            proxy_ids=proxies.existing(work.db, body.proxy_ids),
            created_at=work.now,
        )
        work.db.add(row)
        return view(row)


@typed
def delete_proxy_list(list_id: str) -> Ok:
    """Forget a list, not its proxies; who uses it falls to his fallback."""
    with visit(module).work() as work:
        work.db.delete(proxies.find_list(work.db, list_id))
    return {"ok": True}


@typed
def add_to_list(list_id: str, proxy_id: str, body: Nothing | None) -> Ok:
    """Put a proxy into a list; nothing happens if it is there."""
    with visit(module).work() as work:
        row = proxies.find_list(work.db, list_id)
        proxies.find(work.db, proxy_id)
        if proxy_id not in row.proxy_ids:
            row.proxy_ids = [*row.proxy_ids, proxy_id]
    return {"ok": True}


@typed
def take_from_list(list_id: str, proxy_id: str) -> Ok:
    """Take a proxy out of a list."""
    with visit(module).work() as work:
        row = proxies.find_list(work.db, list_id)
        if proxy_id not in row.proxy_ids:
            raise NotFound("The proxy is not in this list")
        row.proxy_ids = [known for known in row.proxy_ids if known != proxy_id]
    return {"ok": True}


def register(routes: Blueprint) -> None:
    routes.get("/proxy-lists")(list_proxy_lists)
    routes.post("/proxy-lists")(create_proxy_list)
    routes.delete("/proxy-lists/<list_id>")(delete_proxy_list)
    routes.post("/proxy-lists/<list_id>/proxies/<proxy_id>")(add_to_list)
    routes.delete("/proxy-lists/<list_id>/proxies/<proxy_id>")(take_from_list)


def view(row: RentProxyList) -> ProxyListView:
    return {"list_id": row.list_id, "name": row.name, "proxy_ids": row.proxy_ids}

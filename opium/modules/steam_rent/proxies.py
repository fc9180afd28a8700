"""Proxies for Steam as rows, and what the choice among them needs."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from opium.kit import Invalid, NotFound
from opium.modules.steam_rent.accounts import Sealer
from opium.modules.steam_rent.models import RentProxy, RentProxyList
from opium.net.proxy import BadProxy, Proxy, parse_proxy
from opium.net.reachable import check_host


@dataclass(frozen=True, slots=True)
class Stock:
    """All enabled proxies by id, and the members of the lists; passwords do not show."""

    enabled: Mapping[str, Proxy]
    lists: Mapping[str, tuple[str, ...]]


def stock(db: Session, vault: Sealer) -> Stock:
    """What `choosing.choose` chooses from, as plain values."""
    return Stock(
        {row.proxy_id: proxy_of(vault, row) for row in all_proxies(db) if row.enabled},
        {row.list_id: tuple(row.proxy_ids) for row in all_lists(db)},
    )


def proxy_of(vault: Sealer, row: RentProxy) -> Proxy:
    """Ready for a connection; names are resolved by the proxy."""
    scheme = "socks5h" if row.scheme == "socks5" else row.scheme
    return Proxy(scheme, row.host, row.port, row.username, password_of(vault, row))


def all_proxies(db: Session) -> list[RentProxy]:
    rows = select(RentProxy).order_by(RentProxy.created_at, RentProxy.proxy_id)
    return list(db.scalars(rows))


def all_lists(db: Session) -> list[RentProxyList]:
    rows = select(RentProxyList).order_by(RentProxyList.created_at, RentProxyList.list_id)
    return list(db.scalars(rows))


def find(db: Session, proxy_id: str) -> RentProxy:
    row = db.get(RentProxy, proxy_id)
    if row is None:
        raise NotFound("Proxy not found")
    return row


def find_list(db: Session, list_id: str) -> RentProxyList:
    row = db.get(RentProxyList, list_id)
    if row is None:
        raise NotFound("Proxy list not found")
    return row


def existing(db: Session, proxy_ids: Iterable[str]) -> list[str]:
    """These ids, each once; Invalid if one names no proxy."""
    wanted = list(dict.fromkeys(proxy_ids))
    known = set(db.scalars(select(RentProxy.proxy_id)))
    if not known.issuperset(wanted):
        raise Invalid("proxy_ids must name proxies that exist.")
    return wanted


def password_of(vault: Sealer, row: RentProxy) -> str:
    return "" if row.password_sealed is None else vault.open(row.password_sealed, _context(row))


def store_password(vault: Sealer, row: RentProxy, password: str) -> None:
    row.password_sealed = vault.seal(password, _context(row)) if password else None


def forget(db: Session, row: RentProxy) -> None:
    """Delete a proxy; the lists lose it, and who uses it falls to his fallback."""
    for known in all_lists(db):
        if row.proxy_id in known.proxy_ids:
            known.proxy_ids = [name for name in known.proxy_ids if name != row.proxy_id]
    db.delete(row)


def new_id() -> str:
    return secrets.token_hex(4)


def parsed(url: str) -> Proxy:
    """The proxy of an address; Invalid, without a word of it, since it holds the password."""
    try:
        proxy = parse_proxy(url)
    except BadProxy as exc:
        raise Invalid(str(exc)) from None
    if proxy is None or url.strip().lower().startswith("socks5h:"):
        raise Invalid("url must be [http|https|socks5://][user:password@]host:port.")
    return proxy


def check(proxy: Proxy, *, allow_private: bool) -> None:
    """Invalid if a proxy cannot be there, or its credentials cannot be sent."""
    for name, text in (("username", proxy.user), ("password", proxy.password)):
        if len(text.encode()) > _MOST_BYTES or not text.isprintable():
            raise Invalid(f"{name} must be at most {_MOST_BYTES} bytes of printable text.")
    try:
        check_host(proxy.host, allow_private=allow_private)
    except ValueError as exc:
        raise Invalid(f"host {exc}.") from None


_MOST_BYTES = 255


def _context(row: RentProxy) -> str:
    return f"steam_rent_proxies:{row.proxy_id}:password"

"""From the refresh token of a web session to its cookies (protocol 5.4).

Only where a host does not take the token of a mobile session.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opium.modules.steam_rent.steam.cookies import WEB_HOSTS
from opium.modules.steam_rent.steam.endpoints import Host, Place
from opium.modules.steam_rent.steam.errors import SignedOut, Unreachable
from opium.modules.steam_rent.steam.http import Http

FINALIZE = Place(Host.LOGIN, "/jwt/finalizelogin")


def finish(http: Http, steam_id: int, refresh_token: str) -> None:
    """Set the cookies of a web session on community, store and help.

    Raises SignedOut when Steam does not give them.
    """
    for place, params in _transfers(http, refresh_token):
        if place.host not in WEB_HOSTS:
            continue
        if not _transferred(http, place, {**params, "steamID": str(steam_id)}):
            raise SignedOut(f"Steam's web sign-in failed on {place.host}.")
    missing = [host.value for host in WEB_HOSTS if not http.cookies.login_value(host)]
    if missing:
        raise SignedOut(f"Steam's web sign-in gave no session for {', '.join(missing)}.")


def _transfers(http: Http, refresh_token: str) -> list[tuple[Place, Mapping[str, str]]]:
    form = {
        "nonce": refresh_token,
        "sessionid": http.cookies.session_id(Host.COMMUNITY),
        "redir": http.endpoints.base(Host.COMMUNITY) + "/login/home/?goto=",
    }
    http.cookies.sign_out()
    answer = http.trusted(http.post(FINALIZE, form, headers=_from_community(http)))
    data = answer.json()
    listed = data.get("transfer_info") if isinstance(data, dict) else None
    if not isinstance(listed, list) or not listed:
        # An empty answer, an empty 403 or an error inside a 200 are all a refusal.
        raise SignedOut("Steam refused the web sign-in.")
    found = [_transfer(http, item) for item in listed]
    return [transfer for transfer in found if transfer is not None]


def _transfer(http: Http, item: Any) -> tuple[Place, Mapping[str, str]] | None:
    """Where one transfer goes; None for hosts that we do not use (checkout, steam.tv)."""
    if not isinstance(item, dict) or not isinstance(item.get("params"), dict):
        return None
    place = http.endpoints.place(str(item.get("url", "")), FINALIZE)
    params = {name: str(item["params"].get(name, "")) for name in ("nonce", "auth")}
    return (place, params) if place else None


def _transferred(http: Http, place: Place, form: Mapping[str, str]) -> bool:
    """Whether the host took it. Setting a cookie twice does no harm, so it is asked again."""
    try:
        answer = http.patiently(lambda: http.post(place, form, headers=_from_community(http)))
    except Unreachable:
        return False
    data = answer.json()
    taken = isinstance(data, dict) and data.get("result") == 1
    return taken and bool(http.cookies.login_value(place.host))


def _from_community(http: Http) -> dict[str, str]:
    """Since 2025-02-12 nothing is given without these two."""
    origin = http.endpoints.origin(Host.COMMUNITY)
    return {"Origin": origin, "Referer": f"{origin}/"}

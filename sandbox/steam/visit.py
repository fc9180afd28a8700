"""The request at hand: whose it is, where it comes from, and what to note about it."""

from typing import Any
from urllib.parse import unquote

from flask import request

from sandbox.steam.faults import Fault
from sandbox.steam.state import State
from sandbox.steam.tokens import AccessToken

PRODUCTION = {
    "api": "https://api.steampowered.com",
    "community": "https://steamcommunity.com",
    "store": "https://store.steampowered.com",
    "help": "https://help.steampowered.com",
    "login": "https://login.steampowered.com",
}
DIRECT_IP = "203.0.113.1"
"""What Steam sees of a client without a proxy."""


def state() -> State:
    """The Steam this request came to."""
    found: State = request.environ["steam.state"]
    return found


def service() -> str:
    return str(request.environ["steam.service"])


def exit_ip() -> str:
    return str(request.environ["steam.ip"])


def of_buyer() -> bool:
    return bool(request.environ["steam.of_buyer"])


def fault(action: str) -> Fault | None:
    """The fault of this action that struck this request, for those that work inside."""
    found: Fault | None = request.environ.get("steam.fault")
    return found if found is not None and found.action == action else None


def note(**facts: Any) -> None:
    """Add to the log's line about this request."""
    request.environ["steam.noted"].update(facts)


def wrong_verb() -> None:
    """405 is noted: no client of ours may need to try."""
    state().wrong(f"{service()} {request.path} called by {request.method}")


def cookie_token(value: str) -> str:
    """The access token in a `steamLoginSecure`: id, two bars, token; the bars may be encoded."""
    steamid, bars, text = unquote(value).partition("||")
    return text if bars and steamid.isdecimal() else ""


def signed_in() -> AccessToken | None:
    """Who the cookie of this site says it is, if the cookie is still good for this site."""
    value = unquote(request.cookies.get("steamLoginSecure", ""))
    token = state().tokens.access_named(cookie_token(value))
    if token is None or not value.startswith(f"{token.account.steamid}||"):
        return None
    tokens = state().tokens
    return token if tokens.lives(token) and tokens.fits(token, service()) else None


def csrf_ok() -> bool:
    """The form repeats the cookie `sessionid`."""
    told, cookie = request.values.get("sessionid"), request.cookies.get("sessionid")
    return bool(cookie) and told == cookie


def comes_from(name: str, header: str) -> bool:
    """Whether Origin or Referer is this service, under our address or its real one."""
    told = request.headers.get(header, "")
    known = (vars(state().endpoints)[name], PRODUCTION[name])
    return any(told == base or told.startswith(f"{base}/") for base in known)

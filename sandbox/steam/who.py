"""Whose request this is, as far as it tells: for the log, the faults and the proxy rule."""

from werkzeug.wrappers import Request

from sandbox.steam.accounts import Account
from sandbox.steam.api import METHODS
from sandbox.steam.proto import Message
from sandbox.steam.state import State
from sandbox.steam.visit import cookie_token
from sandbox.steam.wire import Malformed, arguments


def account_of(state: State, request: Request) -> Account | None:
    """By cookie, token, login, id, authentication session or wizard; whatever is there."""
    for name in ("steamLoginSecure", "steamRefresh_steam"):
        text = cookie_token(request.cookies.get(name, ""))
        if account := _by_token(state, text):
            return account
    if account := _by_token(state, request.args.get("access_token", "")):
        return account
    return _by_arguments(state, _told(request))


def _told(request: Request) -> Message:
    method = METHODS.get("/".join(request.path.strip("/").split("/")[:2]))
    if method is None:
        return request.values.to_dict()
    try:
        return arguments(request.values, method.request)
    except Malformed:
        return {}


def _by_token(state: State, text: str) -> Account | None:
    token = state.tokens.access_named(text) or state.tokens.refresh_named(text)
    return token.account if token else None


def _by_arguments(state: State, told: Message) -> Account | None:
    for name in ("account_name", "username"):
        if account := state.accounts.get(str(told.get(name, ""))):
            return account
    for name in ("refresh_token", "token", "nonce"):
        if account := _by_token(state, str(told.get(name, ""))):
            return account
    for name in ("steamid", "steamID", "a"):
        if account := state.accounts.by_steamid(_number(told.get(name))):
            return account
    if login := state.logins.get(_number(told.get("client_id"))):
        return login.account
    wizard = state.wizards.named(str(told.get("s", "")))
    return wizard.account if wizard else None


def _number(value: object) -> int:
    return int(str(value)) if str(value or "").isdecimal() else 0

"""login.steampowered.com: web cookies from a refresh token (§5.4, §6)."""

from urllib.parse import quote, unquote, urlsplit

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.steam import pages, visit
from sandbox.steam.settoken import new_transfer
from sandbox.steam.tokens import RefreshToken

bp = Blueprint("login", __name__)
SITES = ("store", "community", "help")
REFRESH_COOKIE = "steamRefresh_steam"


@bp.post("/jwt/finalizelogin")
def finalize() -> ResponseReturnValue:
    """Transfers for each site; wants Origin and Referer since 2025-02-12 [A]."""
    refers = visit.comes_from("community", "Referer")
    if not visit.comes_from("community", "Origin") or not (
        refers or not visit.state().switches.finalize_needs_referer
    ):
        visit.note(outcome="no origin or referer")
        return Response(b"", 200)
    token = _web_token(request.form.get("nonce", ""))
    if token is None:
        return jsonify(success=False, step="nonce", error=8)
    if len(request.form.get("sessionid", "")) != 24:
        return jsonify(success=False, step="sessionid", error=8)
    transfers = []
    for site in SITES:
        nonce, auth = new_transfer(visit.state(), token, site)
        transfers.append({"url": _settoken(site), "params": {"nonce": nonce, "auth": auth}})
    steamid = str(token.account.steamid)
    answer = jsonify(
        steamID=steamid,
        redir=request.form.get("redir", ""),
        transfer_info=transfers,
        primary_domain="steamcommunity.com",
    )
    answer.set_cookie(REFRESH_COOKIE, quote(f"{steamid}||{token.text}"), httponly=True)
    return answer


@bp.get("/jwt/refresh")
def refresh() -> ResponseReturnValue:
    """The browser's way: redirects until the site has its cookie."""
    token, site = _by_cookie(), _site_of(request.args.get("redir", ""))
    if token is None or site is None:
        return pages.moved(f"{vars(visit.state().endpoints)[site or 'store']}/login/")
    nonce, auth = new_transfer(visit.state(), token, site)
    query = f"nonce={nonce}&auth={auth}&steamID={token.account.steamid}"
    back = quote(request.args["redir"], safe="")
    return pages.moved(f"{_settoken(site)}?{query}&redir={back}")


@bp.post("/jwt/ajaxrefresh")
def ajax_refresh() -> ResponseReturnValue:
    """The same for scripts; Origin and Referer must be the site's."""
    token, site = _by_cookie(), _site_of(request.form.get("redir", ""))
    if token is None or site is None:
        return jsonify(success=False, error=8)
    if not (visit.comes_from(site, "Origin") and visit.comes_from(site, "Referer")):
        visit.note(outcome="no origin or referer")
        return jsonify(success=False, error=15)
    nonce, auth = new_transfer(visit.state(), token, site)
    return jsonify(
        success=True,
        login_url=_settoken(site),
        steamID=str(token.account.steamid),
        nonce=nonce,
        redir=request.form["redir"],
        auth=auth,
    )


def _web_token(text: str) -> RefreshToken | None:
    tokens = visit.state().tokens
    token = tokens.refresh_named(text)
    return token if token is not None and tokens.lives(token) else None


def _by_cookie() -> RefreshToken | None:
    value = unquote(request.cookies.get(REFRESH_COOKIE, ""))
    return _web_token(value.partition("||")[2])


def _site_of(url: str) -> str | None:
    """The service that an address belongs to."""
    places = vars(visit.state().endpoints)
    for site in SITES:
        known = (urlsplit(places[site]).netloc, urlsplit(visit.PRODUCTION[site]).netloc)
        if urlsplit(url).netloc in known:
            return site
    return None


def _settoken(site: str) -> str:
    return f"{vars(visit.state().endpoints)[site]}/login/settoken"

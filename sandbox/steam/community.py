"""steamcommunity.com: the list of confirmations, as the phone app uses it (§7)."""

import hmac

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.steam import visit
from sandbox.steam.accounts import Account
from sandbox.steam.codes import confirmation_key

bp = Blueprint("community", __name__)
TAGS = {
    "list": ("conf", "list", "getlist"),
    "details": ("conf", "details", "detail"),
    "allow": ("conf", "allow", "accept"),
    "cancel": ("conf", "cancel", "reject"),
}
SKEW_SECONDS = 60
WRONG_CODES = (
    "It looks like your Steam Guard Mobile Authenticator is providing incorrect Steam Guard codes."
)


@bp.get("/mobileconf/getlist")
def getlist() -> ResponseReturnValue:
    account = _asks("list")
    if isinstance(account, Response):
        return account
    state, now = visit.state(), visit.state().now()
    last, account.last_getlist = account.last_getlist, now
    if last is not None and now - last < state.switches.getlist_gap:
        visit.note(outcome="too often")
        return jsonify(success=False)
    listed = state.confirmations.listed(account)
    return jsonify(success=True, conf=[c.as_json() for c in listed])


@bp.get("/mobileconf/details/<cid>")
def details(cid: str) -> ResponseReturnValue:
    account = _asks("details")
    if isinstance(account, Response):
        return account
    listed = visit.state().confirmations.listed(account)
    found = next((c for c in listed if str(c.id) == cid), None)
    if found is None:
        return jsonify(success=False)
    return jsonify(success=True, html=f"<div>{found.as_json()['headline']}</div>")


@bp.get("/mobileconf/ajaxop")
def answer() -> ResponseReturnValue:
    """One confirmation accepted or cancelled."""
    account = _asks(request.args.get("op", ""))
    if isinstance(account, Response):
        return account
    pairs = [(request.args.get("cid", ""), request.args.get("ck", ""))]
    return _answered(account, request.args["op"], pairs)


@bp.post("/mobileconf/multiajaxop")
def answer_many() -> ResponseReturnValue:
    """Several at once; known to fail at random [A]."""
    account = _asks(request.form.get("op", ""))
    if isinstance(account, Response):
        return account
    state = visit.state()
    if state.chance.happens(state.switches.bulk_failure, "bulk"):
        return jsonify(success=False)
    pairs = list(zip(request.form.getlist("cid[]"), request.form.getlist("ck[]"), strict=False))
    return _answered(account, request.form["op"], pairs)


def _answered(account: Account, op: str, pairs: list[tuple[str, str]]) -> ResponseReturnValue:
    state = visit.state()
    found = [state.confirmations.find(account, cid, ck) for cid, ck in pairs]
    if not found or None in found:
        visit.note(outcome="no such confirmation")
        return jsonify(success=False, message="Could not act on this confirmation.")
    for confirmation in found:
        if confirmation is not None:
            state.answer_confirmation(confirmation, op == "allow")
    return jsonify(success=True)


def _asks(what: str) -> Account | Response:
    """Whose confirmations these are, or the refusal; the log's `outcome` says what was wrong."""
    token = visit.signed_in()
    if token is None:
        visit.note(outcome="not signed in")
        return jsonify(success=False, needauth=True)
    problem = _problem(token.account, what)
    if problem:
        visit.note(outcome=problem)
        return jsonify(success=False, message=WRONG_CODES)
    return token.account


def _problem(account: Account, what: str) -> str:
    given, switches = request.values, visit.state().switches
    tag, moment = given.get("tag", ""), given.get("t", "")
    if tag not in TAGS.get(what, ()):
        return "tag"
    if not moment.isdecimal() or abs(int(moment) - visit.state().now()) > SKEW_SECONDS:
        return "time"
    if given.get("a") != str(account.steamid) or given.get("m") not in ("react", "android"):
        return "account"
    if switches.strict_device_id and given.get("p") != account.device_id:
        return "device"
    key = confirmation_key(account.identity_secret, int(moment), tag)
    if account.guard == "moved" or not hmac.compare_digest(key, given.get("k", "")):
        return "key"
    if account.tags.setdefault(int(moment), tag) != tag and switches.one_tag_per_time:
        return "tag reused"
    return ""

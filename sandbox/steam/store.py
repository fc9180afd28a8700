"""store.steampowered.com: signing everybody out, and who is signed in (§9, K1)."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.steam import pages, visit

bp = Blueprint("store", __name__)


@bp.get("/twofactor/manage")
def manage() -> ResponseReturnValue:
    """The page with the button; its form holds the CSRF token."""
    if visit.signed_in() is None:
        return pages.to_login()
    sessionid = request.cookies.get("sessionid") or visit.state().chance.hex(24, "sessionid")
    fields = {"action": "deauthorize", "sessionid": sessionid}
    form = pages.hidden_form("deauthorize_devices_form", "/twofactor/manage_action", fields)
    answer = pages.page("Manage Steam Guard", form)
    if "sessionid" not in request.cookies:
        answer.set_cookie("sessionid", sessionid)
    return answer


@bp.post("/twofactor/manage_action")
def manage_action() -> ResponseReturnValue:
    """`deauthorize` and nothing else, ever: the other actions take the Guard away."""
    state, token = visit.state(), visit.signed_in()
    action = request.form.get("action", "")
    if token is None:
        return pages.to_login()
    account = token.account
    if action != "deauthorize":
        account.guard_removed = True
        state.wrong(f"{account.login}: manage_action was told {action!r}")
        return pages.page("Manage Steam Guard", "<p>Done.</p>")
    ours = visit.comes_from("store", "Origin") or visit.comes_from("store", "Referer")
    if not visit.csrf_ok() or not ours:
        visit.note(outcome="csrf")
        return pages.forbidden()
    state.deauthorize(account, None if state.switches.kick_kills_own else token.refresh)
    return pages.page("Manage Steam Guard", "<p>All other devices were signed out.</p>")


@bp.get("/account/authorizeddevices")
def devices() -> ResponseReturnValue:
    """The device page; its facts are JSON in attributes [B]."""
    state, token = visit.state(), visit.signed_in()
    if token is None:
        return pages.to_login()
    active: list[dict[str, str]] = []
    revoked: list[dict[str, str]] = []
    for device in state.tokens.of(token.account):
        line = {"token_id": str(device.token_id), "token_description": device.description}
        (active if state.tokens.lives(device) else revoked).append(line)
    values = {
        "active_devices": active,
        "revoked_devices": revoked,
        "requesting_token_id": str(token.refresh.token_id),
        "two_factor_status": {"state": 1},
    }
    return pages.page("Authorized Devices", pages.attributes("application_config", values))

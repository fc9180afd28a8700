"""api.steampowered.com: methods by name, in both request forms (§1, §2)."""

import json
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from sandbox.steam import auth, messages, sessions, visit
from sandbox.steam.call import BAD_PARAM, OK, Call, Method, Refused
from sandbox.steam.proto import Message, as_json, encode
from sandbox.steam.tokens import AccessToken
from sandbox.steam.wire import PROTOBUF, Malformed, arguments

bp = Blueprint("api", __name__)


def query_time(call: Call) -> dict[str, Any]:
    """What the server's clock says."""
    return {
        "server_time": int(call.state.now()),
        "skew_tolerance_seconds": 60,
        "large_time_jink": 86_400,
        "probe_frequency_seconds": 3600,
        "adjusted_time_probe_frequency_seconds": 300,
        "hint_probe_frequency_seconds": 60,
        "sync_timeout": 60,
        "try_again_seconds": 900,
        "max_attempts": 3,
    }


def query_status(call: Call) -> dict[str, Any]:
    """The authenticator that is in force."""
    account = call.signed_in().account
    if call.whole("steamid") not in (0, account.steamid):
        raise Refused(BAD_PARAM)
    moved = account.guard == "moved"
    return {
        "state": 0 if account.guard in ("email", "none") else 1,
        "authenticator_type": 1,
        "authenticator_allowed": True,
        "steamguard_scheme": {"email": 1, "none": 0}.get(account.guard, 2),
        # [U] What a moved authenticator shows.
        "token_gid": f"{account.token_gid}f" if moved else account.token_gid,
        "email_validated": True,
        "device_identifier": account.device_id,
        "time_created": int(call.state.now()) - 40 * 86_400,
        "revocation_attempts_remaining": 5,
        "time_transferred": int(call.state.now()) if moved else 0,
        "version": 3 if moved else 2,
    }


_AUTH, _GUARD = "IAuthenticationService", "ITwoFactorService"
METHODS = {
    f"{_GUARD}/QueryTime": Method(
        "POST", messages.TIME_REQUEST, messages.TIME, query_time, ("v1", "v0001")
    ),
    f"{_GUARD}/QueryStatus": Method("POST", messages.STATUS_REQUEST, messages.STATUS, query_status),
    f"{_AUTH}/GetPasswordRSAPublicKey": Method(
        "GET", messages.KEY_REQUEST, messages.KEY, auth.password_key
    ),
    f"{_AUTH}/BeginAuthSessionViaCredentials": Method(
        "POST", messages.BEGIN_REQUEST, messages.BEGIN, auth.begin
    ),
    f"{_AUTH}/UpdateAuthSessionWithSteamGuardCode": Method(
        "POST", messages.CODE_REQUEST, messages.CODE, auth.guard_code
    ),
    f"{_AUTH}/PollAuthSessionStatus": Method(
        "POST", messages.POLL_REQUEST, messages.POLL, auth.poll
    ),
    f"{_AUTH}/GenerateAccessTokenForApp": Method(
        "POST", messages.RENEW_REQUEST, messages.RENEW, sessions.renew
    ),
    f"{_AUTH}/EnumerateTokens": Method(
        "POST", messages.ENUMERATE_REQUEST, messages.ENUMERATE, sessions.enumerate_tokens
    ),
    f"{_AUTH}/RevokeRefreshToken": Method(
        "POST", messages.REVOKE_REQUEST, messages.NOTHING, sessions.revoke
    ),
    f"{_AUTH}/RevokeToken": Method(
        "POST", messages.LEAVE_REQUEST, messages.NOTHING, sessions.leave
    ),
}


@bp.get("/ISteamNews/GetNewsForApp/v2/")
def news() -> ResponseReturnValue:
    """What everybody may read: whether Steam can be reached at all."""
    app = request.args.get("appid", type=int)
    if app is None:
        return Response("<html><body><h1>Bad Request</h1></body></html>", 400)
    return {"appnews": {"appid": app, "newsitems": [], "count": 0}}


@bp.route("/<interface>/<name>/<version>/", methods=["GET", "POST"])
def method(interface: str, name: str, version: str) -> ResponseReturnValue:
    """Any method; an unknown one is 404, a wrong verb 405."""
    found = METHODS.get(f"{interface}/{name}")
    if found is None or version not in found.versions:
        return visit_unknown()
    if request.method != found.verb:
        visit.state().wrong(f"{name} called by {request.method}")
        return Response("Method Not Allowed", 405, {"Allow": found.verb})
    given = request.args if found.verb == "GET" else request.form
    try:
        args = arguments(given, found.request)
        call = Call(visit.state(), args, visit.exit_ip(), visit.of_buyer(), _token(), visit.note)
        return _answer(found, found.does(call), OK)
    except Malformed as error:
        text = f"Bad Request: {error}"
        return Response(text, 400, {"x-eresult": str(BAD_PARAM), "x-error_message": text})
    except Refused as refused:
        if refused.status != 200:
            return Response(
                "<html><head><title>Unauthorized</title></head></html>", refused.status,
                {"x-eresult": str(refused.eresult), "Content-Type": "text/html"},
            )  # fmt: skip
        return _answer(found, refused.answer, refused.eresult)


def visit_unknown() -> ResponseReturnValue:
    """404, and a mark that nobody should have asked."""
    visit.state().wrong(f"unexpected path {visit.service()} {request.method} {request.path}")
    visit.note(outcome="unexpected")
    return Response("<html><body><h1>Not Found</h1></body></html>", 404, mimetype="text/html")


def _token() -> AccessToken | None:
    """Always from the query, also of a POST (§1)."""
    tokens = visit.state().tokens
    found = tokens.access_named(request.args.get("access_token", ""))
    return found if found is not None and tokens.lives(found) else None


def _answer(found: Method, message: Message, eresult: int) -> Response:
    """In the form of the question, with the outcome in a header."""
    if left_out := visit.fault("omit"):
        message = {name: value for name, value in message.items() if name != left_out.field}
    if PROTOBUF in request.values:
        body, kind = encode(message, found.answer), "application/octet-stream"
    else:
        shown = {"response": as_json(message, found.answer)}
        body, kind = json.dumps(shown).encode(), "application/json; charset=UTF-8"
    headers = {"x-eresult": str(eresult)}
    if eresult != OK:
        headers["x-error_message"] = f"outcome {eresult}"
    return Response(body, 200, headers, content_type=kind)

"""IAuthenticationService: renewing, listing and revoking what is signed in (§6, §9)."""

import hmac
from typing import Any

from sandbox.steam.call import DENIED, EXPIRED, NOT_FOUND, Call, Refused
from sandbox.steam.codes import revoke_signature
from sandbox.steam.tokens import MOBILE, STATES, RefreshToken

LOGOUT, PERMANENT = 0, 1
RENEW = 1


def renew(call: Call) -> dict[str, Any]:
    """A new access token, for refresh tokens of the mobile app only [A]."""
    state = call.state
    old = state.tokens.refresh_named(call.text("refresh_token"))
    if old is None or old.account.steamid != call.whole("steamid"):
        raise Refused(DENIED)
    if not state.tokens.lives(old):
        dead = old.state != "issued"
        raise Refused(int(state.switches.dead_token_result) if dead else EXPIRED)
    if old.platform != MOBILE:
        raise Refused(DENIED)
    if not (state.switches.rotate_refresh and call.whole("renewal_type") == RENEW):
        return {"access_token": state.tokens.access(old).text}
    new = state.tokens.issue(
        old.account, old.platform, old.description, old.ip, of_buyer=old.of_buyer
    )
    old.state = "consumed"
    return {"access_token": state.tokens.access(new).text, "refresh_token": new.text}


def enumerate_tokens(call: Call) -> dict[str, Any]:
    """Everybody who is signed in, and which of them is asking."""
    token = call.signed_in()
    every = bool(call.args.get("include_revoked"))
    found = [
        _line(t) for t in call.state.tokens.of(token.account) if every or call.state.tokens.lives(t)
    ]
    return {"refresh_tokens": found, "requesting_token": token.refresh.token_id}


def revoke(call: Call) -> dict[str, Any]:
    """Somebody out, by id; wants the authenticator's signature and a mobile session [A]."""
    own = call.signed_in()
    account = own.account
    wanted = revoke_signature(account.shared_secret, call.whole("token_id"))
    signed = hmac.compare_digest(wanted, call.args.get("signature", b""))
    if not signed or "mobile" not in own.audience or call.whole("steamid") != account.steamid:
        raise Refused(DENIED)
    found = call.state.tokens.by_id(call.whole("token_id"))
    if found is None or found.account is not account or found.state != "issued":
        raise Refused(NOT_FOUND)
    found.state = _after(call)
    call.state.log.happened("revoke", account.login, token_id=str(found.token_id))
    return {}


def leave(call: Call) -> dict[str, Any]:
    """A client signs itself out by its refresh token (§9, K3) [B]."""
    found = call.state.tokens.refresh_named(call.text("token"))
    if found is None or (call.token is not None and call.token.account is not found.account):
        raise Refused(DENIED)
    if found.state != "issued":
        raise Refused(NOT_FOUND)
    found.state = _after(call)
    return {}


def _after(call: Call) -> str:
    return "logged_out" if call.args.get("revoke_action", PERMANENT) == LOGOUT else "revoked"


def _line(token: RefreshToken) -> dict[str, Any]:
    country = "US" if token.of_buyer else "RU"
    return {
        "token_id": token.token_id,
        "token_description": token.description,
        "time_updated": int(token.last_seen),
        "platform_type": token.platform,
        "logged_in": token.state == "issued",
        "os_platform": 0,
        "auth_type": 2,
        "first_seen": {"time": int(token.created), "ip": token.ip, "country": country},
        "last_seen": {"time": int(token.last_seen), "ip": token.ip, "country": country},
        "effective_token_state": STATES[token.state],
    }

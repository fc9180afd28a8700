"""IAuthenticationService: logging in, step by step (§5)."""

from typing import Any

from sandbox.steam import rsa
from sandbox.steam.accounts import BLOCKS, Account
from sandbox.steam.call import (
    AGREEMENT,
    BAD_CODE,
    BAD_LOGIN_CODE,
    BAD_PARAM,
    BAD_PASSWORD,
    DUPLICATE,
    EXPIRED,
    LIMITED,
    NOT_FOUND,
    THROTTLED,
    Call,
    Refused,
)
from sandbox.steam.logins import Login
from sandbox.steam.tokens import AUDIENCES

INTERVAL = 5.0
EMAIL_CODE, DEVICE_CODE, DEVICE_TAP, EMAIL_TAP, NO_GUARD = 2, 3, 4, 5, 1
ALLOWED = {
    "totp": (DEVICE_CODE, DEVICE_TAP),
    "moved": (DEVICE_CODE, DEVICE_TAP),
    "email": (EMAIL_CODE, EMAIL_TAP),
    "none": (NO_GUARD,),
}
WRONG_CODES = 5
AGREEMENT_URL = "https://checkout.steampowered.com/steam-subscriber-agreement"


def password_key(call: Call) -> dict[str, Any]:
    """A key for this name, whether or not it exists."""
    login = call.text("account_name")
    if not login:
        raise Refused(BAD_PARAM)
    key = call.state.keys.new(login)
    return {
        "publickey_mod": rsa.MODULUS_HEX,
        "publickey_exp": rsa.EXPONENT_HEX,
        "timestamp": key.timestamp,
    }


def begin(call: Call) -> dict[str, Any]:
    """Outcome 1 means that login and password are right; no code is needed for that (§5.2)."""
    state, login = call.state, call.text("account_name")
    platform = _platform(call)
    if call.whole("persistence") < 0 or platform not in AUDIENCES:
        raise Refused(BAD_PARAM)
    counters = (f"ip:{call.ip}", f"account:{login.lower()}")
    if state.limits.knock(*counters):
        raise Refused(LIMITED, _looks_harmless())
    account = state.accounts.get(login)
    if account is not None and account.throttled:
        raise Refused(THROTTLED, _looks_harmless())
    told = state.keys.open(
        login, call.whole("encryption_timestamp"), call.text("encrypted_password")
    )
    call.note(password=told)
    if account is None or told is None or told != account.password:
        state.limits.wrong(*counters)
        raise Refused(BAD_PASSWORD, _looks_harmless())
    if state.chance.happens(state.switches.false_password, "false password"):
        raise Refused(BAD_PASSWORD, _looks_harmless())
    return _begun(call, account, platform)


def guard_code(call: Call) -> dict[str, Any]:
    """A right code in time approves the session, once (§3, §5.2)."""
    login = _login(call)
    account = login.account
    if call.whole("steamid") != account.steamid:
        raise Refused(BAD_PARAM)
    if call.whole("code_type") != DEVICE_CODE or account.guard not in ("totp", "moved"):
        raise Refused(BAD_LOGIN_CODE)
    if call.state.limits.cooling(f"ip:{call.ip}") or login.wrong_codes >= WRONG_CODES:
        raise Refused(LIMITED)
    if not account.takes_code(call.text("code"), login.client_id):
        login.wrong_codes += 1
        raise Refused(BAD_CODE)
    if login.approved:
        raise Refused(DUPLICATE)
    login.approved = True
    return {}


def poll(call: Call) -> dict[str, Any]:
    """Nothing much while pending, the tokens once, and then nothing is found."""
    state, login = call.state, _login(call)
    if login.request_id != call.args.get("request_id"):
        raise Refused(NOT_FOUND)
    login.polls += 1
    if not login.approved:
        answer: dict[str, Any] = {"had_remote_interaction": False}
        if state.switches.rotate_client_id and login.polls == 1:
            state.logins.rename(login)
            answer["new_client_id"] = login.client_id
        return answer
    login.over = True
    if state.logins.password_outdated(login):
        raise Refused(NOT_FOUND)
    account = login.account
    refresh = state.tokens.issue(
        account, login.platform, login.description, login.ip, of_buyer=login.of_buyer
    )
    state.log.happened("login", account.login, platform=login.platform, of_buyer=login.of_buyer)
    return {
        "refresh_token": refresh.text,
        "access_token": state.tokens.access(refresh).text,
        "had_remote_interaction": False,
        "account_name": account.login,
    }


def _begun(call: Call, account: Account, platform: int) -> dict[str, Any]:
    if account.blocked:
        raise Refused(BLOCKS[account.blocked])
    if account.agreement_pending:
        # [U] Whether the outcome or only the field says so; the double does both.
        raise Refused(AGREEMENT, {"agreement_session_url": AGREEMENT_URL})
    details = call.args.get("device_details", {})
    name = call.text("device_friendly_name") or str(details.get("device_friendly_name", ""))
    login = call.state.logins.begin(account, platform, name, call.ip, of_buyer=call.of_buyer)
    return {
        "client_id": login.client_id,
        "request_id": login.request_id,
        "interval": INTERVAL,
        "allowed_confirmations": [{"confirmation_type": n} for n in ALLOWED[account.guard]],
        "steamid": account.steamid,
        "extended_error_message": "",
    }


def _looks_harmless() -> dict[str, Any]:
    """What a client that does not read the outcome takes for "please wait" (§1) [A]."""
    return {"interval": INTERVAL, "extended_error_message": ""}


def _platform(call: Call) -> int:
    details = call.args.get("device_details", {})
    return int(call.args.get("platform_type") or details.get("platform_type") or 0)


def _login(call: Call) -> Login:
    login = call.state.logins.get(call.whole("client_id"))
    if login is None or login.over:
        raise Refused(NOT_FOUND)
    if call.state.logins.expired(login):
        raise Refused(EXPIRED)
    return login

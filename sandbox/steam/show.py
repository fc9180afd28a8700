"""What the control API tells of things, as plain JSON."""

from typing import Any

from sandbox.steam.accounts import CHANGEABLE, Account
from sandbox.steam.proxy import ForwardProxy
from sandbox.steam.state import State
from sandbox.steam.tokens import RefreshToken


def account(found: Account) -> dict[str, Any]:
    """With the `mafile`: this is made-up data."""
    changed = found.last_password_change
    return {
        **{name: getattr(found, name) for name in CHANGEABLE},
        "login": found.login,
        "steamid": str(found.steamid),
        "guard_removed": found.guard_removed,
        "last_password_change": changed,
        "mafile": found.mafile,
    }


def token(state: State, found: RefreshToken) -> dict[str, Any]:
    return {
        "token_id": str(found.token_id),
        "platform": found.platform,
        "description": found.description,
        "ip": found.ip,
        "of_buyer": found.of_buyer,
        "state": found.state,
        "lives": state.tokens.lives(found),
        "created": found.created,
        "last_seen": found.last_seen,
    }


def sessions(state: State, found: Account) -> dict[str, Any]:
    """Devices, confirmations and password changes of an account."""
    return {
        "tokens": [token(state, t) for t in state.tokens.of(found)],
        "confirmations": [{**c.as_json(), "state": c.state} for c in state.confirmations.of(found)],
        "wizards": [
            {"s": str(w.s), "state": w.stage, "of_buyer": w.owner.of_buyer}
            for w in state.wizards.of(found)
        ],
    }


def proxy(found: ForwardProxy) -> dict[str, Any]:
    return {
        "name": found.name,
        "address": found.address,
        "down": found.down,
        "slow": found.slow,
        "dies_after": found.dies_after,
        "dies_answering": found.dies_answering,
        "served": found.served,
    }

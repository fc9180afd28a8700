"""What a fault makes happen to an account in the middle of somebody's work."""

from sandbox.steam.accounts import Account
from sandbox.steam.faults import Fault
from sandbox.steam.state import State


def happen(state: State, account: Account, fault: Fault) -> None:
    """Carry out a fault of the kind EVENTS."""
    match fault.action:
        case "expire":
            expire(state, account, fault.what)
        case "decoy":
            state.confirmations.decoys(account)
        case "buyer_kicks":
            state.buyer_kicks(account)
        case "buyer_changes_password":
            state.buyer_changes_password(account, fault.text or "Taken0ver99")


def expire(state: State, account: Account, what: str) -> None:
    """From now on, the thing of this account is too old."""
    match what:
        case "wizard":
            state.wizards.expire(account)
        case "rsa_key":
            state.keys.expire(account)
        case "auth_session":
            state.logins.expire(account)
        case _:
            state.tokens.expire(account, what)

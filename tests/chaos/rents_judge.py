"""The verdict on rentals, from the logs of both doubles: who could enter which account, and when.

Nothing is asked of the program under test, save what it shows as waiting. Times are those of the
doubles, which live in one process.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.steam import messages
from sandbox.steam.wire import arguments

from .judge import Entry, marker_of
from .rents_people import Handed, codes_in, handed_in
from .rents_shops import PASSWORD, Visit

ENDS_SESSIONS = ("password", "deauthorize")
OURS = "UpdateAuthSessionWithSteamGuardCode"


@dataclass(slots=True)
class RentVerdict:
    """`given`, `extended`, `refunded` and `waiting` are orders; the rest must be empty."""

    given: list[str] = field(default_factory=list)
    refunded: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)
    """Accounts handed out while an earlier tenant could still use them."""
    stale: list[str] = field(default_factory=list)
    """Passwords handed out that were not valid."""
    shared_windows: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    """Earlier tenants who signed in after the next one had the account."""

    @property
    def wrongs(self) -> dict[str, list[str]]:
        found = {
            "lost": self.lost,
            "doubled": self.doubled,
            "handed out without proof": self.unproven,
            "handed out with a wrong password": self.stale,
            "a Guard window used twice": self.shared_windows,
            "two tenants": self.twice,
        }
        return {word: cases for word, cases in found.items() if cases}


def judge_rents(
    orders: Mapping[str, str],
    funpay: Sequence[Entry],
    steam: Sequence[Entry],
    visits: Iterable[Visit],
    visible: Mapping[str, str],
    kick_only: Iterable[str],
) -> RentVerdict:
    """`orders`: every paid one with its status at FunPay; `visible`: what the program shows."""
    verdict = RentVerdict()
    messages_ = [entry for entry in funpay if entry["what"] == "message"]
    _judge_orders(orders, messages_, visible, verdict)
    handed = [found for entry in messages_ if (found := handed_in(entry))]
    _judge_hands(handed, _Past(steam), list(visits), set(kick_only), verdict)
    _judge_windows(messages_, steam, verdict)
    return verdict


def _judge_orders(
    orders: Mapping[str, str],
    shown: Iterable[Entry],
    visible: Mapping[str, str],
    verdict: RentVerdict,
) -> None:
    times: dict[str, int] = defaultdict(int)
    delivered = set()
    for entry in shown:
        marker = marker_of(entry["text"]) if entry["via"] == "http" else None
        if marker is not None:
            times[str(marker)] += 1
            delivered.add(marker.order)
    verdict.doubled += [f"{marker} {n} times" for marker, n in times.items() if n > 1]
    verdict.doubled += [f"{order} is not ours" for order in delivered - set(orders)]
    for order, status in orders.items():
        if order in delivered:
            verdict.given.append(order)
        elif status == "refunded":
            verdict.refunded.append(order)
        elif order in visible:
            verdict.waiting[order] = visible[order]
        else:
            verdict.lost.append(order)


class _Past:
    """When passwords became valid, and when sessions ended."""

    def __init__(self, steam: Sequence[Entry]) -> None:
        self._changes: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self._ends: dict[str, list[float]] = defaultdict(list)
        self._revoked: dict[str, float] = {}
        for entry in steam:
            login, at = str(entry["account"]), float(entry["mono"])
            if entry["what"] == "password":
                self._changes[login].append((at, str(entry["new"])))
            if entry["what"] in ENDS_SESSIONS:
                self._ends[login].append(at)
            if entry["what"] == "revoke":
                self._revoked[str(entry["token_id"])] = at

    def password(self, login: str, at: float) -> str:
        valid = [new for when, new in self._changes[login] if when <= at]
        return valid[-1] if valid else PASSWORD

    def lives(self, visit: Visit, at: float) -> bool:
        ended = any(visit.began <= when <= at for when in self._ends[visit.login])
        return not ended and self._revoked.get(visit.token_id, at + 1) > at


def _judge_hands(
    handed: Sequence[Handed],
    past: _Past,
    visits: Sequence[Visit],
    kick_only: set[str],
    verdict: RentVerdict,
) -> None:
    for n, now in enumerate(handed):
        if past.password(now.login, now.at) != now.password:
            verdict.stale.append(f"{now.login} for {now.order}")
        earlier = [h for h in handed[:n] if h.login == now.login and h.order != now.order]
        for before in earlier:
            if now.login not in kick_only and before.password == now.password:
                verdict.unproven.append(f"{now.order} got the password {before.order} had")
        orders = {before.order for before in earlier}
        for visit in visits:
            if visit.order not in orders or visit.login != now.login:
                continue
            if visit.began > now.at:
                verdict.twice.append(f"{now.login}: {visit.order} signed in after {now.order}")
            elif visit.ended <= now.at and past.lives(visit, now.at):
                verdict.unproven.append(f"{now.login}: {visit.order} signed in for {now.order}")


def _judge_windows(shown: Iterable[Entry], steam: Iterable[Entry], verdict: RentVerdict) -> None:
    """A code that we signed in with was told to nobody, and each was told in one chat."""
    chats: dict[tuple[str, str], set[Any]] = defaultdict(set)
    for entry in shown:
        for told in codes_in(entry):
            chats[told].add(entry["chat"])
    verdict.shared_windows += [
        f"{pair} in {len(c)} chats" for pair, c in chats.items() if len(c) > 1
    ]
    for entry in steam:
        if entry["what"] == "request" and entry["step"] == OURS and not entry["of_buyer"]:
            code = arguments(entry["form"], messages.CODE_REQUEST).get("code", "")
            if (entry["account"], code) in chats:
                verdict.shared_windows.append(f"{entry['account']}: our {code} was a tenant's")


def secrets_in(steam: Iterable[Entry]) -> set[str]:
    """Passwords and tokens that the double has seen or made."""
    found: set[str] = set()
    for entry in steam:
        if entry["what"] == "password":
            found.add(str(entry["new"]))
        elif entry["what"] == "request" and not entry["of_buyer"]:
            for given in (entry["query"], entry["form"]):
                found |= {str(given[name]) for name in ("access_token", "nonce") if name in given}
    return {secret for secret in found if len(secret) >= 8}

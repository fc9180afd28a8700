"""Mobile confirmations: only our own password change is ever accepted (protocol 7).

While a rental runs the list is under the tenant's control: his trades, listings, API keys and his
own account recovery lie beside ours and stay untouched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opium.modules.steam_rent.steam import crypto
from opium.modules.steam_rent.steam.api import WebApi
from opium.modules.steam_rent.steam.endpoints import Host, Place
from opium.modules.steam_rent.steam.errors import (
    NoConfirmation,
    SignedOut,
    SteamError,
    Unreachable,
    WrongCode,
)

ACCOUNT_RECOVERY = 6
APPEARS_SECONDS = 60.0
LIST_GAP_SECONDS = 3.0
ANSWER_TRIES = 3
_LIST, _ALLOW = "conf", "allow"
_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_WRONG_KEY = ("guard code", "incorrect")


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One entry of the list; ids stay text."""

    id: str
    type: int
    creator_id: str
    nonce: str = field(repr=False)


class Confirmations:
    """The confirmations of one account, for the time of one wizard."""

    def __init__(self, api: WebApi, steam_id: int, identity_secret: bytes, device_id: str) -> None:
        self._api = api
        self._http = api.http
        self._steam_id = steam_id
        self._identity_secret = identity_secret
        self._device_id = device_id
        self._last_time = 0
        self._last_list = float("-inf")

    def listed(self) -> list[Confirmation]:
        """What waits to be confirmed. Raises SignedOut, WrongCode, Unreachable, Throttled."""
        self._http.pause(max(0.0, self._last_list + LIST_GAP_SECONDS - self._http.monotonic()))
        try:
            data = self._ask("getlist", _LIST)
        finally:
            self._last_list = self._http.monotonic()
        _check(data)
        found = data.get("conf")
        if not isinstance(found, list):
            raise Unreachable("Steam's list of confirmations makes no sense.")
        return [entry for item in found if (entry := _entry(item))]

    def confirm(self, creator_id: str) -> bool:
        """Accept the confirmation that the wizard `creator_id` made; False if none appears."""
        ours = self._appeared(creator_id)
        if ours is None:
            return False
        for _ in range(ANSWER_TRIES):
            if self._allow(ours):
                return True
            # Lost or refused: look before it is answered again (protocol 13.1).
            again = self._http.patiently(lambda: self._find(creator_id))
            if again is None:
                return True
            ours = again
        raise NoConfirmation("Steam did not take our answer to its mobile confirmation.")

    def _appeared(self, creator_id: str) -> Confirmation | None:
        """Ours, as soon as it is there; None after about a minute."""
        begun, wrong = self._http.monotonic(), 0
        while True:
            try:
                if ours := self._find(creator_id):
                    return ours
            except WrongCode:
                self._api.time.drop()
                wrong += 1
                if wrong > 1:
                    raise
            except Unreachable:
                # Known to be flaky; the minute is the limit.
                pass
            if self._http.monotonic() - begun >= APPEARS_SECONDS:
                return None

    def _find(self, creator_id: str) -> Confirmation | None:
        for entry in self.listed():
            if entry.type == ACCOUNT_RECOVERY and entry.creator_id == creator_id:
                return entry
        return None

    def _allow(self, ours: Confirmation) -> bool:
        """Whether Steam surely took it."""
        try:
            data = self._ask("ajaxop", _ALLOW, {"op": _ALLOW, "cid": ours.id, "ck": ours.nonce})
        except Unreachable:
            return False
        return data.get("success") is True

    def _ask(self, call: str, tag: str, more: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        self._api.sync()
        at = self._moment()
        query = {
            "p": self._device_id,
            "a": str(self._steam_id),
            "k": crypto.confirmation_key(self._identity_secret, at, tag),
            "t": str(at),
            "m": "react",
            "tag": tag,
            **(more or {}),
        }
        place = Place(Host.COMMUNITY, f"/mobileconf/{call}")
        data = self._http.trusted(self._http.get(place, query)).json()
        if not isinstance(data, dict):
            raise Unreachable("Steam's confirmations are not available.")
        return data

    def _moment(self) -> int:
        """Steam's time; never the same second twice, since a key belongs to one tag."""
        self._last_time = max(int(self._api.time.now()), self._last_time + 1)
        return self._last_time


def _check(data: Mapping[str, Any]) -> None:
    if data.get("success") is True:
        return
    if data.get("needauth") or data.get("needsauth"):
        raise SignedOut("Steam wants us to sign in again.")
    said = f"{data.get('message', '')} {data.get('detail', '')}".lower()
    raise (
        _wrong_key()
        if any(sign in said for sign in _WRONG_KEY)
        else Unreachable("Steam's confirmations are not available.")
    )


def _wrong_key() -> SteamError:
    return WrongCode(
        "Steam refuses our confirmation keys: identity_secret or device id do not fit."
    )


def _entry(item: object) -> Confirmation | None:
    if not isinstance(item, dict):
        return None
    kind = item.get("type")
    texts = [item.get(name) for name in ("id", "creator_id", "nonce")]
    if not isinstance(kind, int) or isinstance(kind, bool):
        return None
    if not all(isinstance(text, str | int) and _ID.fullmatch(str(text)) for text in texts):
        return None
    number, creator, nonce = (str(text) for text in texts)
    return Confirmation(number, kind, creator, nonce)

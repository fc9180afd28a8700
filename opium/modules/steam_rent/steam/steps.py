"""The AJAX calls of Steam's help wizard and what their answers say (protocol 8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opium.modules.steam_rent.steam import crypto
from opium.modules.steam_rent.steam.endpoints import Host, Place
from opium.modules.steam_rent.steam.errors import (
    CannotChange,
    Refused,
    SignedOut,
    SteamError,
    Unreachable,
    WizardExpired,
)
from opium.modules.steam_rent.steam.http import AJAX, Answer, Http
from opium.modules.steam_rent.steam.results import THROTTLED, EResult
from opium.modules.steam_rent.steam.wizard_pages import EXPIRED, Recovery

ENTER_CODE = "/en/wizard/HelpWithLoginInfoEnterCode"


class Steps:
    """Requests to the wizard, with what all of them carry."""

    def __init__(self, http: Http, *secrets: str) -> None:
        self.http = http
        self._secrets = secrets
        self.recovery: Recovery | None = None

    def page(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """A page of the wizard, seen as a person sees it. A read."""
        return self._seen(Place(Host.HELP, path), query)

    def linked(self, url: str) -> Answer:
        """A page whose address the wizard gave; it must be on the help host."""
        place = self.http.follow(url, Place(Host.HELP, "/en/"))
        if place.host is not Host.HELP:
            raise Refused("The wizard leads away from its own host, which is not followed.")
        return self._seen(place)

    def ask(self, path: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        """One GET of the wizard."""
        full = {**query, **self.common()}
        return self.read(self.http.get(Place(Host.HELP, path), full, self._headers()))

    def tell(self, path: str, form: Mapping[str, str]) -> Mapping[str, Any]:
        """One POST to the wizard."""
        place, full = Place(Host.HELP, path), {**form, **self.common()}
        return self.read(self.http.post(place, full, headers=self._headers()))

    def encrypted(self, login: str, password: str) -> dict[str, str]:
        """A password under a fresh key, as form fields. A read."""
        data = self.http.patiently(
            lambda: self.tell("/en/login/getrsakey/", {"username": login.lower()})
        )
        try:
            modulus, exponent = str(data["publickey_mod"]), str(data["publickey_exp"])
            return {
                "password": crypto.encrypt_password(password, modulus, exponent),
                "rsatimestamp": str(data["timestamp"]),
            }
        except (KeyError, ValueError):
            raise Unreachable("Steam gave no usable key for the password.") from None

    def last(self, path: str, form: Mapping[str, str]) -> tuple[Any, Place]:
        """The one dangerous request, made but not sent: on a connection of its own."""
        place, full = Place(Host.HELP, path), {**form, **self.common()}
        request = self.http.prepare("POST", place, form=full, headers=self._headers())
        return self.http.fresh(request), place

    def read(self, answer: Answer) -> Mapping[str, Any]:
        """The answer of a step that is not the last one. Raises what it means."""
        data = self.http.trusted(answer).json()
        if data == EResult.OK and data is not True:
            return {"success": True}
        if isinstance(data, int) and not isinstance(data, bool):
            raise self._numbered(data)
        if not isinstance(data, dict):
            raise Unreachable("The wizard's answer makes no sense.")
        if data.get("errorMsg"):
            raise self.refused(data)
        success = data.get("success")
        if isinstance(success, int) and not isinstance(success, bool) and success != EResult.OK:
            raise self._numbered(success)
        return data

    def clean(self, text: str) -> str:
        """Steam's words without tags and our secrets, as they may be shown."""
        text = re.sub(r"<[^>]*>", " ", text)
        for secret in filter(None, self._secrets):
            text = text.replace(secret, "***")
        return " ".join(text.split())[:300] or "no reason given"

    def _seen(self, place: Place, query: Mapping[str, str] | None = None) -> Answer:
        return self.http.patiently(lambda: self.http.page(place, query, self._seen_from()))

    def refused(self, data: Mapping[str, Any]) -> Refused:
        """What an `errorMsg` means."""
        reason = self.clean(str(data.get("errorMsg", "")))
        kind = WizardExpired if EXPIRED.search(reason) else Refused
        return kind(f"Steam's wizard says: {reason}", reason=reason)

    def _numbered(self, number: int) -> SteamError:
        if number in THROTTLED:
            return self.http.throttle.limited(self.http.exit)
        if number == EResult.NotLoggedOn:
            return SignedOut("Steam wants us to sign in again.")
        return Refused(f"Steam's wizard refused, it answered {number}.", reason=str(number))

    def common(self) -> dict[str, str]:
        """What every request of the wizard carries."""
        session_id = self.http.cookies.session_id(Host.HELP)
        return {"sessionid": session_id, "wizard_ajax": "1", "gamepad": "0"}

    def _headers(self) -> dict[str, str]:
        return {**AJAX, "Origin": self.http.endpoints.origin(Host.HELP), **self._seen_from()}

    def _seen_from(self) -> dict[str, str]:
        if self.recovery is None:
            return {"Referer": self.http.endpoints.base(Host.STORE) + "/account/"}
        query = "&".join(f"{name}={value}" for name, value in self.recovery.query.items())
        return {"Referer": f"{self.http.endpoints.base(Host.HELP)}{ENTER_CODE}?{query}"}


def no_other_proof(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Steam answers with a page where it wants another proof than we can give."""
    if data.get("html"):
        raise CannotChange("Steam demands another proof, mostly a code sent by e-mail.")
    return data


def hash_of(data: Mapping[str, Any]) -> str:
    """Where the wizard goes on. Raises Refused, CannotChange."""
    found = no_other_proof(data).get("hash")
    if not isinstance(found, str) or not found:
        raise Refused("Steam's wizard did not say how to go on.")
    return found

"""Calls of Steam's Web API and their outcome, which is a header (protocol 1)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from opium.modules.steam_rent.steam import protobuf, results
from opium.modules.steam_rent.steam.endpoints import Host, Place
from opium.modules.steam_rent.steam.errors import Refused, SteamError, Unreachable
from opium.modules.steam_rent.steam.http import Answer, Http
from opium.modules.steam_rent.steam.messages import QueryTimeAnswer, QueryTimeRequest
from opium.modules.steam_rent.steam.results import EResult
from opium.modules.steam_rent.steam.server_time import ServerTime

AUTHENTICATION = "IAuthenticationService"
TWO_FACTOR = "ITwoFactorService"

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[M]):
    """How a call ended. The answer is meaningful with result 1 only."""

    result: int
    answer: M

    @property
    def ok(self) -> bool:
        return self.result == EResult.OK


class WebApi:
    """Calls by name, as protobuf or as a plain form."""

    def __init__(self, http: Http, time: ServerTime, *, plain: bool = False) -> None:
        self.http = http
        self.time = time
        self._plain = plain

    def ask(
        self,
        service: str,
        method: str,
        request: Any,
        answer: type[M],
        *,
        token: str = "",
        get: bool = False,
    ) -> Outcome[M]:
        """One call, whatever Steam says to it. Raises Unreachable, Throttled (429), Refused."""
        place = Place(Host.API, f"/{service}/{method}/v1/")
        query = {"access_token": token} if token else {}
        if get:
            query |= {"origin": "SteamMobile", **self._arguments(request, in_query=True)}
            found = self.http.get(place, query)
        else:
            found = self.http.post(place, self._arguments(request), query=query)
        result = _result(found)
        if result in results.CLOCK:
            self.time.drop()
        return Outcome(result, self._read(found, answer) if result == EResult.OK else answer())

    def call(
        self,
        service: str,
        method: str,
        request: Any,
        answer: type[M],
        *,
        token: str = "",
        get: bool = False,
    ) -> M:
        """One call that must succeed. Raises what its outcome means."""
        outcome = self.ask(service, method, request, answer, token=token, get=get)
        if not outcome.ok:
            raise self.error(outcome.result)
        return outcome.answer

    def error(self, result: int) -> SteamError:
        """What an outcome means; the throttle hears of it."""
        if result in results.THROTTLED:
            return self.http.throttle.limited(self.http.exit, login=True)
        return results.error(result)

    def sync(self) -> None:
        """Learn Steam's time if we do not know it. Never fails (protocol 2)."""
        if not self.time.is_stale():
            return
        asked = self.time.local()
        try:
            found = self.call(TWO_FACTOR, "QueryTime", QueryTimeRequest(), QueryTimeAnswer)
        except SteamError:
            self.time.failed()
            return
        if found.server_time:
            self.time.learn(found.server_time, asked, self.time.local())
        else:
            self.time.failed()

    def _arguments(self, request: Any, *, in_query: bool = False) -> Mapping[str, str]:
        if self._plain:
            return protobuf.form(request)
        encode = base64.urlsafe_b64encode if in_query else base64.b64encode
        return {"input_protobuf_encoded": encode(protobuf.encode(request)).decode("ascii")}

    def _read(self, found: Answer, answer: type[M]) -> M:
        try:
            if not self._plain:
                return protobuf.decode(answer, found.body)
            data = found.json()
            if not isinstance(data, dict):
                raise protobuf.BadMessage("not an object")
            return protobuf.from_json(answer, data.get("response", {}))
        except protobuf.BadMessage:
            raise Unreachable("Steam's answer makes no sense.") from None


def _result(found: Answer) -> int:
    """The outcome: its header, else what the status says. HTTP 200 alone is no success."""
    text = found.headers.get("x-eresult", "").strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
    if found.status == 401:
        return EResult.AccessDenied
    if found.status == 403 and number in (None, EResult.OK):
        raise Unreachable("Steam blocks requests from this address (403).")
    if found.status != 200 and number in (None, EResult.OK):
        raise Refused(f"Steam answered {found.status}.", reason=str(found.status))
    if number is None:
        return EResult.Fail if text else EResult.OK
    return number

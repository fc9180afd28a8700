"""Requests to Steam's five hosts, each put on the wire once (protocol 1, 12, 13.1).

Nothing is repeated here: who may be asked again is asked again by `patiently`. Neither addresses
nor bodies go into a log or an error, since both hold tokens.
"""

from __future__ import annotations

import http.client
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from requests import PreparedRequest, Request, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectTimeout, ProxyError, RequestException, SSLError

from opium.clock import Clock, ManualClock
from opium.modules.steam_rent.steam.cookies import Cookies
from opium.modules.steam_rent.steam.endpoints import Endpoints, Host, Place
from opium.modules.steam_rent.steam.errors import (
    ProxyFailed,
    Refused,
    SignedOut,
    Unreachable,
)
from opium.modules.steam_rent.steam.throttle import Throttle
from opium.net.errors import NotSent
from opium.net.proxy import Proxy, outgoing
from opium.net.wire import BODY_LIMIT, Wire

TIMEOUT = (10.0, 30.0)
"""Seconds until a request must have started, and in all."""
GAP_SECONDS = 1.0
"""Between two requests for one account (protocol 15)."""
READ_AGAIN_AFTER = (2.0, 5.0)

AJAX = {"Accept": "*/*", "X-Requested-With": "XMLHttpRequest"}
_PAGE = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
_APP = "okhttp/4.9.2"
_BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
_REDIRECTS = 8
_LOGIN_PATHS = ("/login", "/en/login")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and from where after redirects."""

    status: int
    place: Place
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the address that answered."""
        return dict(parse_qsl(self.place.query))

    def json(self) -> Any:
        """The body read as JSON; None if it is something else."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Http:
    """One account's requests through one exit address. Not for two threads at once."""

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        clock: Clock,
        throttle: Throttle,
        proxy: Proxy | None = None,
        wait: Callable[[float], object] | None = None,
        pace: float = 1.0,
        adapter: BaseAdapter | None = None,
    ) -> None:
        """`pace` shortens the pauses that are only polite, for tests."""
        self.endpoints = endpoints
        self.throttle = throttle
        self.exit = outgoing(proxy)
        self.cookies = Cookies(secrets.token_hex(12))
        self.wait = wait or pauses(clock)
        self._pace = pace
        self._clock = clock
        self._proxy = proxy
        self._adapters: dict[Host, BaseAdapter] = {
            host: adapter or Wire(clock, proxy) for host in Host
        }
        self._last = float("-inf")

    def get(
        self,
        place: Place,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One GET; redirects are not followed."""
        return self.deliver(self.prepare("GET", place, query=query, headers=headers), place)

    def post(
        self,
        place: Place,
        form: Mapping[str, str],
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One POST of a form."""
        request = self.prepare("POST", place, query=query, form=form, headers=headers)
        return self.deliver(request, place)

    def page(
        self,
        place: Place,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A page for a signed-in person, with the redirects that stay on Steam.

        Raises SignedOut when Steam shows its sign-in instead, Refused when it leads elsewhere.
        """
        headers = {**_PAGE, **(headers or {})}
        for _ in range(_REDIRECTS + 1):
            answer = self.get(place, query, headers)
            if not is_redirect(answer):
                return self.trusted(answer)
            place, query = self.redirect(answer), None
        raise Unreachable("Steam redirects in a circle.")

    def ready(self) -> None:
        """Wait for our turn. Raises Throttled while this address must rest."""
        self.throttle.check(self.exit)
        gap = self._last + GAP_SECONDS - self._clock.monotonic()
        if gap > 0:
            self.pause(gap)

    def prepare(
        self,
        method: str,
        place: Place,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> PreparedRequest:
        """A request that can be delivered once."""
        all_headers = {
            "User-Agent": _APP if place.host is Host.API else _BROWSER,
            "Accept": "application/json, text/plain, */*",
            "Accept-Encoding": "gzip",
            "Accept-Language": "en-US,en;q=0.9",
            **(headers or {}),
        }
        if cookies := self.cookies.header(place.host):
            all_headers["Cookie"] = cookies
        url = self.endpoints.base(place.host) + place.path
        params = "&".join(part for part in (place.query, urlencode(query or {})) if part)
        if params:
            url += "?" + params
        data = urlencode(form) if form is not None else None
        if data is not None:
            all_headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        return Request(method, url, headers=all_headers, data=data).prepare()

    def deliver(self, request: PreparedRequest, place: Place) -> Answer:
        """Wait for our turn and put a request on the wire. Raises Unreachable, Throttled."""
        self.ready()
        answer = self.exchange(request, place)
        if answer.status == 429:
            raise self.throttle.limited(self.exit)
        if answer.status >= 500:
            raise Unreachable(f"Steam is not available, it answered {answer.status}.")
        self.throttle.answered(self.exit)
        return answer

    def exchange(self, request: PreparedRequest, place: Place) -> Answer:
        """A request on the wire, at once and once; any answer is one. Raises Unreachable."""
        self._last = self._clock.monotonic()
        adapter = self._adapters[place.host]
        try:
            response = adapter.send(request, timeout=TIMEOUT, verify=True)
            body = response.content
        except NotSent as exc:
            # Its words name host and proxy only; they are the cause that a person needs.
            raise self._not_sent(str(exc)) from None
        except (ConnectTimeout, ProxyError, SSLError):
            raise self._not_sent("No connection to Steam.") from None
        except (RequestException, OSError, http.client.HTTPException):
            # `from None`: the cause may hold the address with its token.
            raise Unreachable("Steam's answer was lost.") from None
        if len(body) > BODY_LIMIT:
            raise Unreachable("Steam's answer is too large.")
        self.cookies.store(place.host, _set_cookies(response))
        return Answer(response.status_code, place, response.headers, body)

    def redirect(self, answer: Answer) -> Place:
        """Where a redirect leads. Raises SignedOut, Refused."""
        return self.follow(answer.headers.get("Location", ""), answer.place)

    def follow(self, url: str, seen_at: Place) -> Place:
        """An address that Steam sent, if it is one of its own. Raises SignedOut, Refused."""
        place = self.endpoints.place(url, seen_at)
        if place is None:
            raise Refused("Steam's answer leads to a foreign address, which is not followed.")
        if is_login(place):
            raise SignedOut("Steam wants us to sign in again.")
        return place

    def trusted(self, answer: Answer) -> Answer:
        """An answer that is what was asked for. Raises SignedOut, Refused."""
        if is_redirect(answer):
            self.redirect(answer)
            raise Refused("Steam answered with a redirect.")
        if answer.status in (401, 403):
            raise SignedOut(f"Steam does not let this session in ({answer.status}).")
        if answer.status != 200:
            raise Refused(f"Steam answered {answer.status}.", reason=str(answer.status))
        return answer

    def patiently(self, read: Callable[[], T]) -> T:
        """Ask up to three times for what may be asked again (protocol 13.1, reads)."""
        for seconds in READ_AGAIN_AFTER:
            try:
                return read()
            except Unreachable:
                self.pause(seconds)
        return read()

    def pause(self, seconds: float) -> None:
        """Be polite for so long; for what must pass, such as a Guard window, there is `wait`."""
        self.wait(seconds * self._pace)

    def fresh(self, request: PreparedRequest) -> PreparedRequest:
        """The same on a connection of its own: a kept one may die under it (protocol 13.1)."""
        request.headers["Connection"] = "close"
        return request

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def close(self) -> None:
        for adapter in self._adapters.values():
            adapter.close()

    def abort(self) -> None:
        """Cut the request under way; may be called from another thread."""
        for adapter in self._adapters.values():
            if isinstance(adapter, Wire):
                adapter.abort()

    def _not_sent(self, detail: str) -> Unreachable:
        return ProxyFailed(detail) if self._proxy else Unreachable(detail, sent=False)


def pauses(clock: Clock) -> Callable[[float], object]:
    """How to let time pass: a clock that is moved by hand is moved."""
    return clock.advance if isinstance(clock, ManualClock) else time.sleep


def is_redirect(answer: Answer) -> bool:
    return answer.status in (301, 302, 303, 307, 308)


def is_login(place: Place) -> bool:
    """Whether this is where a person would sign in (protocol 8, step 0)."""
    path = place.path.rstrip("/")
    if place.host is Host.LOGIN or "need_password" in dict(parse_qsl(place.query, True)):
        return True
    return path in _LOGIN_PATHS or any(path.startswith(f"{p}/") for p in _LOGIN_PATHS)


def _set_cookies(response: Response) -> list[str]:
    """Each Set-Cookie line by itself; `requests` joins them."""
    lines = getattr(response.raw, "headers", None)
    return (lines.get_all("Set-Cookie") or []) if lines is not None else []

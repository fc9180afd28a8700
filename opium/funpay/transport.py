"""Requests to FunPay and what became of them.

One call puts exactly one POST on the wire, or one GET with the redirects that stay on the site.
Nothing is repeated here. How it ended is the class of the error (protocol 1.8, reliability 3.1):

Unreachable   nothing was sent, or a read failed
Unanswered    a POST with an effect went out and no trustworthy answer came back
Limited       429, or a browser check in place of an answer
SignedOut     403, a redirect to the login page, the golden_key deleted;  Banned likewise
Missing       404
"""

from __future__ import annotations

import html
import http.client
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from requests import PreparedRequest, Request, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectTimeout, ProxyError, RequestException, SSLError

from opium.clock import Clock
from opium.funpay import paths
from opium.funpay.cookies import Cookies
from opium.funpay.errors import (
    Banned,
    FunPayError,
    Limited,
    Missing,
    SignedOut,
    Unanswered,
    Unreachable,
)
from opium.net.dial import Deadline
from opium.net.errors import NotSent
from opium.net.proxy import Proxy
from opium.net.wire import BODY_LIMIT, Wire

DEFAULT_USER_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)

READ_SECONDS = 10.0
SEND_SECONDS = 25.0
SEND_STARTS_WITHIN = 5.0
"""A request with an effect that could not start by then is not sent: the process may have slept,
and what was true when the sending was decided may no longer be (reliability 3, "Send")."""

PAGE = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
XHR = {
    "Accept": "application/json, text/javascript, */*; q=0.01",
    "X-Requested-With": "XMLHttpRequest",
}
LOST, NOT_SENT = "none", "not_sent"
_REDIRECTS = 10
_CHALLENGE = ("challenge-platform", "<title>Just a moment")
_BLOCKED = re.compile(r"<\w+[^>]*\bclass=\"[^\"]*\baccount-blocked-box\b(?P<rest>.*)", re.S)


class Throttle(Protocol):
    """The part of the gate that hears of 429."""

    def limited(self, retry_after: float | None) -> float: ...

    def answered(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A 200, or a 4xx with a JSON body that says why."""

    status: int
    body: bytes
    path: str
    """The path that answered, without locale prefix."""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Raises ValueError."""
        return json.loads(self.body)


class Transport:
    """Cookies, headers, redirects and the meaning of an answer, for one seller."""

    def __init__(
        self,
        base_url: str,
        golden_key: str,
        *,
        user_agent: str = "",
        proxy: Proxy | None = None,
        throttle: Throttle,
        clock: Clock,
        adapter: BaseAdapter | None = None,
        before_request: Callable[[], None] | None = None,
        heard: Callable[[str], None] | None = None,
    ) -> None:
        """`heard` gets the status of each answer, LOST or NOT_SENT."""
        self.cookies = Cookies(golden_key)
        self.prefix = ""
        """The locale prefix that the account's language asks for; learned from redirects."""
        self._base = base_url.rstrip("/")
        self._origin = _origin(self._base)
        self._common = {
            "User-Agent": _header_value(user_agent) or DEFAULT_USER_AGENT,
            "Accept-Encoding": "gzip",
            "Accept-Language": "ru",
        }
        self._proxy = proxy
        self._throttle = throttle
        self._clock = clock
        self.answers = 0
        """How many requests FunPay has answered with 200."""
        self._adapter = adapter or Wire(clock, proxy)
        self._before_request = before_request
        self._heard = heard
        self._closed = False
        self._dated: tuple[str, datetime] | None = None

    @property
    def ahead(self) -> float | None:
        """Seconds by which the site's clock was ahead of ours at its last answer (`Date`)."""
        if self._dated is None:
            return None
        text, ours = self._dated
        try:
            theirs = parsedate_to_datetime(text)
        except ValueError:
            return None
        return (theirs - ours).total_seconds() if theirs.tzinfo else None

    def get(
        self,
        path: str,
        query: Mapping[str, str | int] | None = None,
        *,
        xhr: bool = False,
        seconds: float = READ_SECONDS,
        cookies: Cookies | None = None,
    ) -> Answer:
        """A read, with redirects inside the site. Raises what a read can raise (see above)."""
        cookies = cookies or self.cookies
        deadline = Deadline(self._clock, seconds)
        url = self._url(path)
        params: Mapping[str, str | int] | None = query
        for _ in range(_REDIRECTS + 1):
            headers = self._headers(XHR if xhr else PAGE, cookies)
            request = Request("GET", url, headers=headers, params=params).prepare()
            response = self._exchange(request, cookies, effect=False, seconds=_left(deadline))
            if not response.is_redirect:
                return self._answer(response, effect=False)
            url, params = self._redirect(str(request.url), response, effect=False), None
        raise Unreachable("FunPay redirects in a circle.")

    def post(
        self,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | list[tuple[str, str]] | None = None,
        json: Any = None,
        files: Any = None,
        effect: bool,
        seconds: float = READ_SECONDS,
    ) -> Answer:
        """Exactly one POST. With `effect` a lost answer is Unanswered, without it Unreachable."""
        headers = self._headers(XHR, self.cookies)
        if effect:
            # A send gets a connection of its own: a kept one may die after the request was
            # written, and then nobody can say whether the buyer has the message.
            headers["Connection"] = "close"
        request = Request(
            "POST",
            self._url(path),
            headers=headers,
            params=query,
            data=data,
            json=json,
            files=files,
        ).prepare()
        return self.deliver(request, effect=effect, seconds=seconds)

    def prepare_form(self, path: str, body: str) -> PreparedRequest:
        """A form POST that may be delivered many times while cookies and body stay the same."""
        headers = self._headers(XHR, self.cookies)
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        return Request("POST", self._url(path), headers=headers, data=body).prepare()

    def deliver(self, request: PreparedRequest, *, effect: bool, seconds: float) -> Answer:
        """Put a prepared POST on the wire, once."""
        response = self._exchange(request, self.cookies, effect=effect, seconds=seconds)
        if response.is_redirect:
            self._redirect(str(request.url), response, effect=effect)
            raise _lost(effect, "FunPay answered with a redirect.")
        return self._answer(response, effect=effect)

    def close(self) -> None:
        """Refuse further requests and drop the idle connection; one under way may finish."""
        self._closed = True
        self._adapter.close()

    def abort(self) -> None:
        """Close, and cut the request under way: its caller learns that the outcome is unknown."""
        self._closed = True
        if isinstance(self._adapter, Wire):
            self._adapter.abort()

    def _url(self, path: str) -> str:
        prefix = "" if path.startswith("/api/") else self.prefix
        return self._base + prefix + path

    def _headers(self, kind: Mapping[str, str], cookies: Cookies) -> dict[str, str]:
        return {**self._common, **kind, "Cookie": cookies.header}

    def _exchange(
        self, request: PreparedRequest, cookies: Cookies, *, effect: bool, seconds: float
    ) -> Response:
        """One request, one response, cookies kept."""
        if self._closed:
            raise Unreachable("This FunPay session is closed.")
        if self._before_request:
            self._before_request()
        start = min(SEND_STARTS_WITHIN, seconds) if effect else seconds
        ended = LOST
        try:
            response = self._adapter.send(request, timeout=(start, seconds), verify=True)
            # An adapter that is not ours may read the body only now.
            oversized = len(response.content) > BODY_LIMIT
            ended = str(response.status_code)
        except NotSent as exc:
            ended = NOT_SENT
            raise Unreachable(str(exc)) from exc
        except (ConnectTimeout, ProxyError, SSLError) as exc:
            ended = NOT_SENT
            raise Unreachable(f"No connection to FunPay{self._via()}.") from exc
        except (RequestException, OSError, http.client.HTTPException) as exc:
            raise _lost(effect, f"FunPay's answer was lost{self._via()}.") from exc
        finally:
            if self._heard:
                self._heard(ended)
        if oversized:
            raise _lost(effect, "FunPay's answer is too large.")
        if date := response.headers.get("Date"):
            self._dated = date, self._clock.now()
        self._keep_cookies(response, cookies, effect=effect)
        return response

    def _keep_cookies(self, response: Response, cookies: Cookies, *, effect: bool) -> None:
        lines = getattr(response.raw, "headers", None)
        try:
            cookies.store((lines.get_all("Set-Cookie") or ()) if lines is not None else ())
        except SignedOut:
            # After a POST with an effect its own answer says more; the next request will tell.
            if not effect:
                raise

    def _answer(self, response: Response, *, effect: bool) -> Answer:
        """What a response that is no redirect means."""
        status = response.status_code
        path = paths.split_locale(urlsplit(str(response.url)).path)[1]
        if status == 429:
            raise self._limited(response)
        self._throttle.answered()
        answer = Answer(status, response.content, path)
        if path.rstrip("/") == paths.BLOCKED:
            raise _blocked(answer)
        if status == 200:
            self.answers += 1
            return answer
        if status == 403:
            raise _forbidden(answer)
        if status == 404 and path != paths.RUNNER:
            raise Missing(_heading(answer.text) or "FunPay does not know it (404).")
        if 400 <= status < 500 and _is_json(answer):
            return answer
        raise _lost(effect, f"FunPay answered {status}.")

    def _limited(self, response: Response) -> Limited:
        wait = self._throttle.limited(_retry_after(response))
        return Limited(f"FunPay asks us to slow down (429); pausing {wait:.0f} s.", wait=wait)

    def _redirect(self, url: str, response: Response, *, effect: bool) -> str:
        """Where a redirect leads. Raises SignedOut; Unreachable or Unanswered if off the site."""
        self._throttle.answered()
        target = urljoin(url, response.headers["location"])
        if _origin(target) != self._origin:
            raise _lost(effect, "FunPay redirects to another site.")
        old = paths.split_locale(urlsplit(url).path)
        new = paths.split_locale(urlsplit(target).path)
        if new[1].rstrip("/") == paths.LOGIN:
            raise SignedOut("FunPay asks to sign in: the golden_key is no longer accepted.")
        if new[1].rstrip("/") == paths.BLOCKED and response.request.method != "GET":
            raise Banned("The account is blocked on FunPay.")
        if new[1] == old[1] and new[0] != old[0]:
            self.prefix = new[0]
        return target

    def _via(self) -> str:
        return f" (through the proxy {self._proxy})" if self._proxy else ""


def blocked_reason(text: str) -> str | None:
    """The reason on an "account blocked" page (1.8); None on any other page."""
    if "account-blocked-box" not in text:
        return None
    # Only the site can write the tag: what users write comes escaped.
    found = _BLOCKED.search(text)
    if not found:
        return None
    lines = re.findall(r"<p\b[^>]*>(.*?)</p>", found["rest"].partition("<footer")[0], re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", " ".join(lines))).split())[:300]


def is_challenge(text: str) -> bool:
    """A browser check (Cloudflare). Ask only of pages that are not the site's own: a buyer can
    write these words too."""
    return any(sign in text for sign in _CHALLENGE)


def _blocked(answer: Answer) -> SignedOut:
    reason = blocked_reason(answer.text)
    if answer.status != 200 and not reason:
        # The page answers 404 to those who are not blocked.
        return SignedOut("FunPay said that the account is blocked, and took it back.")
    return banned(reason or "")


def banned(reason: str) -> Banned:
    return Banned(f"The account is blocked on FunPay: {reason}".rstrip(": "))


def _lost(effect: bool, detail: str) -> FunPayError:
    return Unanswered(detail) if effect else Unreachable(detail)


def _forbidden(answer: Answer) -> FunPayError:
    text = answer.text
    if is_challenge(text):
        return Limited("FunPay shows a browser check (Cloudflare).")
    reason = blocked_reason(text)
    if reason is not None:
        return banned(reason)
    return SignedOut("FunPay does not let this session in (403).")


def _is_json(answer: Answer) -> bool:
    return answer.body.lstrip()[:1] == b"{"


def _heading(text: str) -> str | None:
    found = re.search(r"<h1\b[^>]*\bpage-header\b[^>]*>(.*?)</h1>", text, re.S)
    if not found:
        return None
    return html.unescape(re.sub(r"<[^>]*>", " ", found[1])).strip()[:200] or None


def _retry_after(response: Response) -> float | None:
    text = response.headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port


def _left(deadline: Deadline) -> float:
    try:
        return deadline.left()
    except TimeoutError as exc:
        raise Unreachable("FunPay's redirects took too long.") from exc


def _header_value(text: str) -> str:
    return "".join(char for char in text if " " <= char <= "~").strip()

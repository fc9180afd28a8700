"""A signed-in session: who we are, the csrf token, and one renewal when either is refused.

Every call takes a turn at the gate and a time limit. An answer that proves that nothing was done
because the session is stale (`error:1`, 403, a redirect to the login page; A4) leads to one
renewal; reads are then tried once more. SignedOut means that even a new session did not help: a
person must act.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, TypeVar

from requests.adapters import BaseAdapter

from opium.clock import Clock
from opium.funpay import paths
from opium.funpay.errors import (
    Banned,
    PageChanged,
    SignedOut,
    Stale,
    Unanswered,
    Unreachable,
)
from opium.funpay.gate import Gate, Kind
from opium.funpay.models import Header
from opium.funpay.pages.answers import refusal
from opium.funpay.pages.session import front
from opium.funpay.transport import (
    READ_SECONDS,
    SEND_SECONDS,
    SEND_STARTS_WITHIN,
    Answer,
    Transport,
)
from opium.net.proxy import Proxy

_T = TypeVar("_T")

SHORTEST_SESSION = 300.0
"""Seconds; renewals are never closer together, whatever the jitter."""


class Session:
    """What all parts of the client share. One per seller; thread-safe through its gate.

    `clock` and `random` decide pace and renewal, `adapter` replaces the network in tests,
    `before_request` is called before each request (the core asserts that no transaction is open);
    `heard` gets how each ended, for counting.
    """

    def __init__(
        self,
        base_url: str,
        golden_key: str,
        *,
        user_agent: str = "",
        proxy: Proxy | None = None,
        gate: Gate,
        clock: Clock,
        random: Random,
        adapter: BaseAdapter | None = None,
        before_request: Callable[[], None] | None = None,
        heard: Callable[[str], None] | None = None,
        session_refresh_interval: float = 2400.0,
        session_refresh_jitter: float = 600.0,
    ) -> None:
        """Raises SignedOut if the golden_key cannot be one."""
        self._transport = Transport(
            base_url,
            golden_key,
            user_agent=user_agent,
            proxy=proxy,
            throttle=gate,
            clock=clock,
            adapter=adapter,
            before_request=before_request,
            heard=heard,
        )
        self._gate = gate
        self._clock = clock
        self._random = random
        self._header: Header | None = None
        self._renewed_at = 0.0
        self._jitter = random.uniform(-1.0, 1.0)
        self.set_refresh(session_refresh_interval, session_refresh_jitter)

    @property
    def gate(self) -> Gate:
        """Pace, pauses and turns of this seller."""
        return self._gate

    @property
    def header(self) -> Header | None:
        """The page header as it was at the last renewal; None before the first sign-in."""
        return self._header

    @property
    def user_id(self) -> int:
        """Our FunPay user id. Signs in if that has not happened yet."""
        return self._signed_in().app.user_id

    @property
    def session_age(self) -> float:
        """Seconds since the session was renewed; infinite before the first sign-in."""
        if self._header is None:
            return float("inf")
        return self._clock.monotonic() - self._renewed_at

    @property
    def session_is_due(self) -> bool:
        """Whether the PHP session is older than the interval, give or take the jitter."""
        return self.session_age > max(
            SHORTEST_SESSION, self._interval + self._jitter * self._interval_jitter
        )

    @property
    def site_clock_ahead(self) -> float | None:
        """Seconds by which FunPay's clock is ahead of ours; None before its first answer."""
        return self._transport.ahead

    @property
    def answers(self) -> int:
        """How many requests FunPay has answered with 200 so far."""
        return self._transport.answers

    def set_refresh(self, interval: float, jitter: float) -> None:
        """How often the PHP session is renewed, seconds; takes effect at once."""
        self._interval, self._interval_jitter = interval, jitter

    def sign_in(self, *, seconds: float = READ_SECONDS) -> Header:
        """GET `/` with a new PHP session; adopt it and its csrf token (1.2, 1.4).

        The old PHP session stays until the new one is known to work. Raises SignedOut, Banned,
        Limited, Unreachable, PageChanged.
        """
        with self._gate.turn(Kind.OTHER, patience=seconds):
            cookies = self._transport.cookies.without_session()
            works = False
            try:
                header = front(
                    self._transport.get(paths.HOME, cookies=cookies, seconds=seconds).text
                )
                works = cookies.session is not None
            finally:
                self._transport.cookies.take(cookies, with_session=works)
            self._header = header
            self._renewed_at = self._clock.monotonic()
            self._jitter = self._random.uniform(-1.0, 1.0)
            return header

    refresh = sign_in

    def close(self) -> None:
        """No new requests: those who wait leave at once with Unreachable, and so does whoever
        comes later. A request on the wire may finish."""
        self._gate.close()
        self._transport.close()

    def abort(self) -> None:
        """Close, and cut the request on the wire as well (an effect is then Unanswered)."""
        self._gate.close()
        self._transport.abort()

    def _signed_in(self) -> Header:
        return self._header or self.sign_in()

    def _csrf(self) -> str:
        return self._signed_in().app.csrf

    def _page(
        self,
        path: str,
        query: Mapping[str, str | int] | None = None,
        *,
        read: Callable[[str], _T],
        kind: Kind = Kind.OTHER,
        seconds: float = READ_SECONDS,
        xhr: bool = False,
    ) -> _T:
        """A page or fragment, read by a parser."""
        return self._renewing(
            lambda: read(self._transport.get(path, query, xhr=xhr, seconds=seconds).text),
            kind,
            seconds,
        )

    def _fetch(
        self,
        path: str,
        *,
        read: Callable[[Answer], _T],
        kind: Kind = Kind.OTHER,
        seconds: float = READ_SECONDS,
        **body: Any,
    ) -> _T:
        """A POST without effect, such as paging, read by a parser."""
        return self._renewing(
            lambda: read(self._transport.post(path, effect=False, seconds=seconds, **body)),
            kind,
            seconds,
        )

    def _renewing(self, attempt: Callable[[], _T], kind: Kind, seconds: float) -> _T:
        """One turn at the gate: a read, and once more after a renewal if the session was stale."""
        with self._gate.turn(kind, patience=seconds):
            try:
                return attempt()
            except Banned:
                raise
            except (Stale, SignedOut):
                self.sign_in()
            return self._last(attempt)

    def _act(
        self,
        path: str,
        body: Callable[[str], Mapping[str, Any]],
        *,
        read: Callable[[Any], _T],
        kind: Kind = Kind.OTHER,
        chat: int | str | None = None,
        seconds: float = SEND_SECONDS,
    ) -> _T:
        """A POST with an effect. `body` makes the form from the csrf token, `read` reads the
        decoded answer.

        `error:1` proves "not sent" and is followed by one more POST with a renewed session, if
        that can still start in time. Otherwise, and after a 403 or a redirect to the login page
        that a new session cured, Stale says: not sent, decide again. Raises Unanswered when the
        outcome is unknown.
        """
        with self._gate.turn(kind, chat, patience=seconds):
            last_start = self._clock.monotonic() + SEND_STARTS_WITHIN
            self._signed_in()

            def attempt() -> _T:
                if self._clock.monotonic() > last_start:
                    raise _TooLate("Not sent: renewing the session took too long.")
                answer = self._transport.post(
                    path, data=body(self._csrf()), effect=True, seconds=seconds
                )
                return _effect(answer, read)

            try:
                return attempt()
            except (Banned, _TooLate):
                raise
            except Stale:
                self.sign_in()
            except SignedOut as exc:
                self.sign_in()
                raise Stale("Not sent: FunPay wanted a new session; it has one now.") from exc
            return self._last(attempt)

    def _last(self, attempt: Callable[[], _T]) -> _T:
        try:
            return attempt()
        except _TooLate:
            raise
        except Stale as exc:
            raise SignedOut("FunPay refuses even a renewed session.") from exc


class _TooLate(Stale):
    """Our own refusal, made before anything was sent."""


def decoded(answer: Answer) -> Any:
    """The JSON of a read's answer. Raises Unreachable: half an answer is none."""
    try:
        return answer.json()
    except (ValueError, RecursionError) as exc:
        raise Unreachable("FunPay's answer is not the JSON that was asked for.") from exc


def read_json(answer: Answer, read: Callable[[Any], _T]) -> _T:
    """The decoded answer of a read, read by a parser."""
    data = decoded(answer)
    if answer.status != 200:
        raise refusal(data)
    try:
        return read(data)
    except Unanswered as exc:
        raise Unreachable(str(exc)) from exc


def _effect(answer: Answer, read: Callable[[Any], _T]) -> _T:
    """What became of an effect; an answer that cannot be read proves nothing."""
    try:
        data = answer.json()
    except (ValueError, RecursionError) as exc:
        raise Unanswered("FunPay's answer is not JSON: the outcome is unknown.") from exc
    try:
        if answer.status == 200:
            return read(data)
    except (PageChanged, Unreachable) as exc:
        raise Unanswered(f"FunPay's answer was not understood: {exc}") from exc
    if isinstance(data, dict) and (data.get("msg") or data.get("error")):
        raise refusal(data)
    raise Unanswered(f"FunPay answered {answer.status} without a reason.")

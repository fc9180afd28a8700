"""The way in: notes a request, lets faults strike, and serves one request at a time.

Waiting happens outside of the lock. Dropped connections are carried out as in `sandbox.gate`.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from werkzeug.wrappers import Request

from sandbox.answers import HTML, Answer
from sandbox.gate import HANG_SECONDS, OWN, Dropped, _close, _hang, _whole
from sandbox.steam import events, junk
from sandbox.steam.faults import CUT, EVENTS, INSIDE, INSTEAD, Fault, Visit, step_of
from sandbox.steam.sending import sending
from sandbox.steam.state import State
from sandbox.steam.visit import DIRECT_IP
from sandbox.steam.who import account_of
from sandbox.steam.wire import PROTOBUF

Environ = dict[str, Any]
App = Callable[..., Iterable[bytes]]
STAMP, BUYER_IP = "X-Test-Proxy", "X-Test-Ip"
"""Set by the proxies of the double, and by its buyers."""
KEPT_HEADERS = ("User-Agent", "Origin", "Referer", "X-Requested-With", "Accept", STAMP, BUYER_IP)


@dataclass(frozen=True)
class Arrival:
    """A request that was noted."""

    visit: Visit
    noted: dict[str, Any]
    proxy: str
    of_buyer: bool


class Gate:
    """A WSGI application around one service."""

    def __init__(self, state: State, double: object, service: str, app: App) -> None:
        self._state, self._service, self._app = state, service, app
        self._double = double

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["steam.state"], environ["steam.service"] = self._state, self._service
        if environ["PATH_INFO"].startswith(OWN):
            environ["steam.double"] = self._double
            return self._app(environ, start_response)
        arrival = self._arrive(environ)
        watch = sending(self._state, arrival.noted)
        try:
            answer = self._serve(environ, arrival)
        except Dropped as dropped:
            arrival.noted.update(outcome=dropped.kind, answered=False)
            _close(environ, dropped)
            return []
        arrival.noted.update(status=int(answer.status[:3]), answered=True)
        watch.answered(answer)
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
        start_response(answer.status, headers)
        if environ.get("steam.half"):
            arrival.noted["answered"] = False
            return _half(answer.body)
        return [answer.body]

    def _arrive(self, environ: Environ) -> Arrival:
        """Read the body once, find out who it is, write the log."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        seen = Request({**environ, "wsgi.input": BytesIO(body)})
        form, query = seen.form.to_dict(flat=False), seen.args.to_dict(flat=False)
        proxy, buyer_ip = seen.headers.get(STAMP, ""), seen.headers.get(BUYER_IP, "")
        ip = buyer_ip or self._state.exits.get(proxy, DIRECT_IP)
        with self._state.lock:
            account = account_of(self._state, seen)
        login = account.login if account else None
        entry = self._state.log.arrived(
            login,
            service=self._service,
            method=seen.method,
            path=seen.path,
            step=step_of(seen.path),
            query={k: v[0] if len(v) == 1 else v for k, v in query.items()},
            form={k: v[0] if len(v) == 1 else v for k, v in form.items()},
            headers={k: seen.headers[k] for k in KEPT_HEADERS if k in seen.headers},
            proxy=proxy,
            ip=ip,
            of_buyer=bool(buyer_ip),
            outcome="",
            answered=False,
        )
        environ["steam.ip"], environ["steam.of_buyer"] = ip, bool(buyer_ip)
        environ["steam.noted"] = entry.facts
        visit = Visit(
            self._service, seen.method, seen.path, step_of(seen.path), login, ip,
            PROTOBUF in seen.values,
        )  # fmt: skip
        return Arrival(visit, entry.facts, proxy, bool(buyer_ip))

    def _serve(self, environ: Environ, arrival: Arrival) -> Answer:
        if not arrival.of_buyer:
            if refusal := self._wrong_proxy(arrival):
                return refusal
            fault = self._state.faults.strike(arrival.visit)
            if fault is not None:
                arrival.noted["fault"] = f"{fault.action} {fault.phase}"
                return self._faulty(environ, arrival, fault)
        return self._answer(environ)

    def _wrong_proxy(self, arrival: Arrival) -> Answer | None:
        account = self._state.accounts.get(arrival.visit.account or "")
        if account is None or not account.proxy or account.proxy == arrival.proxy:
            return None
        where = arrival.proxy or "no proxy"
        self._state.wrong(
            f"{account.login}: {arrival.visit.step} through {where} instead of {account.proxy}"
        )
        arrival.noted["outcome"] = "wrong proxy"
        return Answer("403 Forbidden", [HTML], b"<html><body>wrong proxy</body></html>")

    def _answer(self, environ: Environ) -> Answer:
        """Steam's own answer, one request at a time."""
        if self._service in self._state.switches.busy:
            return junk.status(429, "html")
        told: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            told.extend([status, headers])

        with self._state.lock:
            body = _whole(self._app(environ, start_response))
        headers = [(k, v) for k, v in told[1] if k.lower() != "content-length"]
        for name, value in headers:
            if name.lower() == "x-eresult":
                environ["steam.noted"]["eresult"] = int(value)
        return Answer(told[0], headers, body)

    def _faulty(self, environ: Environ, arrival: Arrival, fault: Fault) -> Answer:
        environ["steam.fault"] = fault
        after = fault.phase == "after"
        if fault.action in EVENTS:
            if after:
                answer = self._answer(environ)
                self._happen(fault, arrival)
                return answer
            self._happen(fault, arrival)
            return self._answer(environ)
        if fault.action in INSIDE:
            return self._answer(environ)
        if fault.action == "slow":
            return self._slow(environ, fault)
        true = self._answer(environ) if after or fault.action in ("omit", "replace") else None
        if fault.action in CUT:
            if fault.action == "hang":
                _hang(environ, fault.seconds or HANG_SECONDS, self._state.clock.sleep)
                raise Dropped("timeout")
            raise Dropped("reset")
        if fault.action == "half":
            environ["steam.half"] = True
            return true or junk.status(200, "html")
        if fault.action in INSTEAD:
            return junk.instead(fault, arrival.visit, true)
        return _spoiled(fault, true or self._answer(environ))

    def _happen(self, fault: Fault, arrival: Arrival) -> None:
        account = self._state.accounts.get(arrival.visit.account or "")
        if account is not None:
            with self._state.lock:
                events.happen(self._state, account, fault)

    def _slow(self, environ: Environ, fault: Fault) -> Answer:
        """The work is done in any case; a client of little patience does not hear of it."""
        patience: float | None = environ.get("sandbox.timeout")
        hopeless = patience is not None and fault.seconds > patience
        answer = self._answer(environ) if fault.phase == "after" else None
        self._state.clock.sleep(min(fault.seconds, patience or fault.seconds))
        answer = answer or self._answer(environ)
        if hopeless:
            raise Dropped("timeout")
        return answer


def _spoiled(fault: Fault, answer: Answer) -> Answer:
    """The true answer without a member or header, or with a text replaced."""
    if fault.action == "replace":
        spoiled = answer.body.replace(fault.text.encode(), fault.replacement.encode())
        return replace(answer, body=spoiled)
    headers = [(k, v) for k, v in answer.headers if k.lower() != fault.field.lower()]
    try:
        told = json.loads(answer.body)
    except ValueError:
        return replace(answer, headers=headers)
    for part in (told, told.get("response") if isinstance(told, dict) else None):
        if isinstance(part, dict):
            part.pop(fault.field, None)
    return replace(answer, headers=headers, body=json.dumps(told).encode())


def _half(body: bytes) -> Iterator[bytes]:
    """The first half; then the connection is gone."""
    yield body[: len(body) // 2]
    raise ConnectionAbortedError("only half was sent")

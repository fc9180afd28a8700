"""The way in: everything a request meets before and after the site itself.

It notes the request on arrival, lets the fault plan strike, and serves one request at a
time, so that the views behind it need no locks. Waiting happens outside of the lock.
"""

import json
import os
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from sandbox import answers
from sandbox.answers import Answer
from sandbox.faults import ANSWERS, Fault, Request
from sandbox.world import World

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

OWN = "/__sandbox__"
HANG_SECONDS = 3600.0


class Dropped(Exception):
    """No answer will come. `kind` is `cut`, `reset` or `timeout`."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Gate:
    """A WSGI application around the site's."""

    def __init__(self, world: World, app: App) -> None:
        self._world = world
        self._app = app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environ["sandbox.world"] = self._world
        if environ["PATH_INFO"].startswith(OWN):
            with self._world.lock:
                return [_whole(self._app(environ, start_response))]
        self._world.run_due()
        answer = self._serve(environ)
        if answer is None:
            return []
        start_response(answer.status, [*answer.headers, ("Content-Length", str(len(answer.body)))])
        return self._drip(answer) if answer.drip else [answer.body]

    def _serve(self, environ: Environ) -> Answer | None:
        request, noted = self._arrive(environ)
        fault = self._world.faults.strike(request)
        if fault is None:
            answer = self._answer(environ)
        else:
            noted["fault"] = f"{fault.kind} {fault.when}"
            try:
                answer = self._faulty(environ, fault)
            except Dropped as dropped:
                noted["status"] = dropped.kind
                _close(environ, dropped)
                return None
        noted["status"] = int(answer.status[:3])
        return answer

    def _arrive(self, environ: Environ) -> tuple[Request, dict[str, Any]]:
        """Strip the locale, read the body once, write the log."""
        path = environ["PATH_INFO"]
        locale = "ru"
        if path == "/en" or path.startswith("/en/"):
            locale, path = "en", path[3:] or "/"
        environ["PATH_INFO"], environ["sandbox.locale"] = path, locale
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        form = _form(environ, body)
        person = self._world.by_key(_cookie(environ, "golden_key"))
        account = person.name if person else None
        action = None
        if path == "/runner/":
            action = "send" if '"chat_message"' in form.get("request", "") else "poll"
        shown = {k: "***" if k == "csrf_token" else v for k, v in form.items()}
        facts = {"method": environ["REQUEST_METHOD"], "path": path, "action": action}
        entry = self._world.log.arrived(
            account, **facts, query=environ.get("QUERY_STRING", ""), form=shown
        )
        text = "\n".join(form.values()) if self._world.faults.all() else ""
        return Request(facts["method"], path, account, action, text), entry.facts

    def _answer(self, environ: Environ) -> Answer:
        """The site's own answer, one request at a time."""
        told: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            told.extend([status, headers])

        with self._world.lock:
            body = _whole(self._app(environ, start_response))
        headers = [(k, v) for k, v in told[1] if k.lower() != "content-length"]
        return Answer(told[0], headers, body)

    def _faulty(self, environ: Environ, fault: Fault) -> Answer:
        clock = self._world.clock
        environ["sandbox.fault"] = fault
        if fault.kind == "late":
            self._later(environ, fault.seconds)
            raise Dropped("cut")
        if fault.kind == "delay":
            return self._delayed(environ, fault)
        answer = None
        if fault.when == "after" or fault.kind not in (*ANSWERS, "cut", "reset", "hang"):
            answer = self._answer(environ)
        if fault.kind in ("cut", "reset"):
            raise Dropped(fault.kind)
        if fault.kind == "hang":
            _hang(environ, fault.seconds or HANG_SECONDS, clock.sleep)
            raise Dropped("timeout")
        if answer is None or fault.kind in ANSWERS:
            return answers.instead(fault, environ)
        return answers.changed(fault, answer)

    def _delayed(self, environ: Environ, fault: Fault) -> Answer:
        """Slow before or after the effect; longer than the client waits is a timeout."""
        patience: float | None = environ.get("sandbox.timeout")
        hopeless = patience is not None and fault.seconds > patience
        answer = self._answer(environ) if fault.when == "after" else None
        self._world.clock.sleep(min(fault.seconds, patience or fault.seconds))
        if answer is None:
            # The server does not notice that the client left: it does the work all the same.
            answer = self._answer(environ)
        if hopeless:
            raise Dropped("timeout")
        return answer

    def _later(self, environ: Environ, seconds: float) -> None:
        """Do the work when the client has long gone."""
        if self._world.clock.frozen:
            self._world.later(seconds, lambda: self._answer(environ))
        else:
            timer = threading.Timer(seconds, self._answer, [environ])
            timer.daemon = True
            timer.start()

    def _drip(self, answer: Answer) -> Iterator[bytes]:
        """One byte at a time; a client that leaves ends it."""
        for byte in answer.body:
            yield bytes([byte])
            self._world.clock.sleep(answer.drip)


def _whole(parts: Iterable[bytes]) -> bytes:
    try:
        return b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close:
            close()


def _form(environ: Environ, body: bytes) -> dict[str, str]:
    kind = environ.get("CONTENT_TYPE", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if kind.startswith("application/json"):
        try:
            told = json.loads(body)
        except ValueError:
            return {}
        return {k: str(v) for k, v in told.items()} if isinstance(told, dict) else {}
    return {}


def _cookie(environ: Environ, name: str) -> str | None:
    for piece in environ.get("HTTP_COOKIE", "").split(";"):
        key, _, value = piece.strip().partition("=")
        if key == name:
            return str(value)
    return None


def _close(environ: Environ, dropped: Dropped) -> None:
    """Close the connection; without one, let the exception reach the in-process transport."""
    connection: socket.socket | None = environ.get("sandbox.socket")
    if connection is None:
        raise dropped
    environ["sandbox.dropped"] = True
    try:
        if dropped.kind == "reset":
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            # Others hold the socket open too; putting another file in its place closes it now.
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, connection.fileno())
            os.close(null)
        else:
            connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _hang(environ: Environ, seconds: float, sleep: Callable[[float], None]) -> None:
    """Hold the line until the client gives up or the time is over."""
    connection: socket.socket | None = environ.get("sandbox.socket")
    if connection is None:
        sleep(min(seconds, environ.get("sandbox.timeout") or seconds))
        return
    # A client that leaves makes the socket readable.
    select.select([connection], [], [], seconds)

"""The way in: notes a request, lets faults strike, and serves one request at a time.

Waiting happens outside of the lock. Dropped connections are carried out as in `sandbox.gate`.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from sandbox.answers import JSON, Answer
from sandbox.gate import HANG_SECONDS, Dropped, _close, _hang, _whole
from sandbox.steam import junk
from sandbox.telegram import answering
from sandbox.telegram.asked import Asked, read
from sandbox.telegram.bots import Bot
from sandbox.telegram.call import Refused
from sandbox.telegram.faults import CUT, EVENTS, INSTEAD, Fault, Visit
from sandbox.telegram.state import State

Environ = dict[str, Any]
App = Callable[..., Iterable[bytes]]
Noted = dict[str, Any]
SHOWN = 8192
"""Characters of a parameter that the log keeps."""


class Gate:
    """A WSGI application: the Bot API, and beside it the page and the control calls."""

    def __init__(self, state: State, double: object, site: App) -> None:
        self._state, self._double, self._site = state, double, site

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(("/bot", "/file/bot")):
            environ["telegram.state"], environ["telegram.double"] = self._state, self._double
            with self._state.lock:
                return [_whole(self._site(environ, start_response))]
        asked = read(environ)
        environ["telegram.token"] = asked.token
        bot = self._state.tokens.get(asked.token)
        noted = self._note(asked, bot, environ)
        try:
            answer = self._serve(environ, asked, bot, noted)
        except Dropped as dropped:
            noted.update(outcome=dropped.kind, answered=False)
            _close(environ, dropped)
            return []
        noted.update(status=int(answer.status[:3]), answered=True)
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
        start_response(answer.status, headers)
        if environ.get("telegram.half"):
            noted["answered"] = False
            return _half(answer.body)
        return [answer.body]

    def _note(self, asked: Asked, bot: Bot | None, environ: Environ) -> Noted:
        """The line of the log; it never holds a token."""
        entry = self._state.log.arrived(
            bot.username if bot else None,
            method=asked.name,
            path=f"/{'file/' if asked.file else ''}bot***/{asked.name}",
            verb=asked.verb,
            params={name: value[:SHOWN] for name, value in asked.params.items()},
            files={name: len(upload.content) for name, upload in asked.files.items()},
            agent=environ.get("HTTP_USER_AGENT", ""),
            proxy=environ.get("HTTP_X_TEST_PROXY", ""),
            outcome="",
            answered=False,
        )
        return entry.facts

    def _serve(self, environ: Environ, asked: Asked, bot: Bot | None, noted: Noted) -> Answer:
        text = "\n".join(asked.params.values()) if self._state.faults.all() else ""
        chat = asked.params.get("chat_id", "")
        visit = Visit(asked.name, bot.username if bot else None, asked.token, chat, text)
        fault = self._state.faults.strike(visit)
        if fault is None:
            return self._answer(environ, asked, noted)
        noted["fault"] = f"{fault.action} {fault.phase}"
        return self._faulty(environ, asked, noted, fault)

    def _answer(self, environ: Environ, asked: Asked, noted: Noted) -> Answer:
        """Telegram's own answer, one request at a time."""
        with self._state.lock:
            return answering.answer(self._state, asked, environ, noted)

    def _faulty(self, environ: Environ, asked: Asked, noted: Noted, fault: Fault) -> Answer:
        after = fault.phase == "after"
        if fault.action in EVENTS:
            if after:
                answer = self._answer(environ, asked, noted)
                self._happen(fault, asked)
                return answer
            self._happen(fault, asked)
            return self._answer(environ, asked, noted)
        if fault.action == "slow":
            return self._slow(environ, asked, noted, fault)
        needed = after or fault.action in ("omit", "replace")
        true = self._answer(environ, asked, noted) if needed else None
        if fault.action in CUT:
            if fault.action == "hang":
                _hang(environ, fault.seconds or HANG_SECONDS, self._state.clock.sleep)
                raise Dropped("timeout")
            raise Dropped("reset")
        if fault.action == "half":
            environ["telegram.half"] = True
            return true or _json(500, {"ok": False, "error_code": 500, "description": "half"})
        if fault.action in INSTEAD:
            return self._instead(fault, asked, true)
        return _spoiled(fault, true or self._answer(environ, asked, noted))

    def _instead(self, fault: Fault, asked: Asked, true: Answer | None) -> Answer:
        if fault.action == "status":
            return junk.status(fault.status, fault.body, true)
        parameters = {"retry_after": fault.retry_after} if fault.retry_after else {}
        bot, chat = self._state.tokens.get(asked.token), asked.params.get("chat_id")
        if bot and chat and fault.retry_after:
            self._state.limits.told_to_wait(bot, chat, fault.retry_after)
        refused = Refused(fault.code, fault.description, **parameters)
        return answering.as_answer(refused)

    def _happen(self, fault: Fault, asked: Asked) -> None:
        bot = self._state.tokens.get(asked.token)
        chat = asked.params.get("chat_id", "")
        user = self._state.users.get(int(chat)) if chat.isdecimal() else None
        if fault.action == "revoke" and bot:
            bot.revoke()
        elif fault.action == "block" and bot and user:
            user.blocks(bot)

    def _slow(self, environ: Environ, asked: Asked, noted: Noted, fault: Fault) -> Answer:
        """The work is done in any case; a client of little patience does not hear of it."""
        patience: float | None = environ.get("sandbox.timeout")
        hopeless = patience is not None and fault.seconds > patience
        answer = self._answer(environ, asked, noted) if fault.phase == "after" else None
        self._state.clock.sleep(min(fault.seconds, patience or fault.seconds))
        answer = answer or self._answer(environ, asked, noted)
        if hopeless:
            raise Dropped("timeout")
        return answer


def _spoiled(fault: Fault, answer: Answer) -> Answer:
    """The true answer without a member, or with a text replaced."""
    if fault.action == "replace":
        spoiled = answer.body.replace(fault.text.encode(), fault.replacement.encode())
        return replace(answer, body=spoiled)
    told = json.loads(answer.body)
    result = told.get("result")
    for part in (told, *(result if isinstance(result, list) else [result])):
        if isinstance(part, dict):
            part.pop(fault.field, None)
    return replace(answer, body=json.dumps(told).encode())


def _json(code: int, told: dict[str, Any]) -> Answer:
    return Answer(f"{code} Error", [JSON], json.dumps(told).encode())


def _half(body: bytes) -> Iterator[bytes]:
    """The first half; then the connection is gone."""
    yield body[: len(body) // 2]
    raise ConnectionAbortedError("only half was sent")

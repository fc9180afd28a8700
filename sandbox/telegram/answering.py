"""From a request to Telegram's answer: token, method, parameters, result."""

import json
from typing import Any

from sandbox.answers import JSON, Answer
from sandbox.telegram import editing, own, polling, sending, topics
from sandbox.telegram.asked import Asked
from sandbox.telegram.bots import Bot
from sandbox.telegram.call import METHODS, Call, Method, Refused, bad
from sandbox.telegram.state import State

PARTS = (editing, own, polling, sending, topics)
"""The modules whose methods are in METHODS."""
PHRASES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 409: "Conflict", 413: "Request Entity Too Large",
    429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
}  # fmt: skip
UNAUTHORIZED, NOT_FOUND = Refused(401, "Unauthorized"), Refused(404, "Not Found")
IMAGE = ("Content-Type", "application/octet-stream")


def answer(state: State, asked: Asked, environ: dict[str, Any], noted: dict[str, Any]) -> Answer:
    """Called under the lock; `noted` learns how it ended."""
    try:
        bot = _bot(state, asked)
        if asked.file:
            return _file(state, asked)
        found = _method(state, asked)
        noted["method"] = found.name
        call = Call(state, bot, asked.params, asked.files, environ)
        _check(call, asked, found)
        told: dict[str, Any] = {"ok": True, "result": found.does(call)}
    except Refused as refused:
        noted["outcome"] = refused.description
        _remember_wait(state, asked, refused)
        return as_answer(refused)
    noted["outcome"] = "ok"
    if call.described:
        told["description"] = call.described
    return Answer("200 OK", [JSON], json.dumps(told, ensure_ascii=False).encode())


def as_answer(refused: Refused) -> Answer:
    """A refusal as Telegram words it."""
    line = f"{refused.code} {PHRASES.get(refused.code, 'Error')}"
    return Answer(line, [JSON], json.dumps(refused.as_json(), ensure_ascii=False).encode())


def _bot(state: State, asked: Asked) -> Bot:
    if not asked.well_formed:
        state.wrong(f"a malformed token was sent to {asked.name}")
        raise NOT_FOUND
    bot = state.tokens.get(asked.token)
    if bot is None or bot.revoked:
        raise UNAUTHORIZED
    return bot


def _method(state: State, asked: Asked) -> Method:
    if asked.verb not in ("GET", "POST"):
        state.wrong(f"{asked.name} called by {asked.verb}")
        raise Refused(405, "Method Not Allowed")
    found = METHODS.get(asked.name.lower())
    if found is None:
        state.wrong(f"there is no method {asked.name!r} here")
        raise NOT_FOUND
    return found


def _check(call: Call, asked: Asked, found: Method) -> None:
    """What Telegram lets pass and no client should rely on is a wrongdoing."""
    if asked.garbled:
        raise bad(asked.garbled)
    strangers = sorted({*asked.params, *asked.files} - found.knows)
    attached = [name for name in asked.files if f"attach://{name}" in asked.params.values()]
    if call.state.switches.strict_parameters:
        for name in strangers:
            if name not in attached:
                call.state.wrong(f"{found.name} knows no parameter {name!r}")
        for name in asked.twice:
            call.state.wrong(f"{found.name}: {name!r} came twice")
    if found.sends and call.text("chat_id"):
        call.state.limits.look(call.bot, call.text("chat_id"))


def _file(state: State, asked: Asked) -> Answer:
    for photo in state.photos.values():
        if photo.path == asked.name:
            return Answer("200 OK", [IMAGE], photo.content)
    raise NOT_FOUND


def _remember_wait(state: State, asked: Asked, refused: Refused) -> None:
    bot, chat = state.tokens.get(asked.token), asked.params.get("chat_id")
    if bot and chat and "retry_after" in refused.parameters:
        state.limits.told_to_wait(bot, chat, refused.parameters["retry_after"])

"""getUpdates: what happened since, at once or as soon as something happens."""

import select
import socket
import time
from typing import Any

from sandbox.gate import Dropped
from sandbox.telegram.call import Call, Refused, conflict, method
from sandbox.telegram.own import allow_updates
from sandbox.telegram.updates import TERMINATED, WEBHOOK

LONGEST, MOST = 50, 100
LOOK_EVERY, LOOK_AT_FROZEN = 0.2, 0.02
"""Real seconds between two looks at the clock and at whether the client is still there."""


@method("getUpdates", "offset", "limit", "timeout", "allowed_updates")
def get_updates(call: Call) -> Any:
    """Called under the lock, which is free while it waits."""
    if call.bot.webhook.url:
        raise conflict(WEBHOOK)
    if call.bot.rival:
        raise conflict(TERMINATED)
    offset = call.whole("offset")
    limit = min(max(call.whole("limit", MOST), 1), MOST)
    timeout = min(max(call.whole("timeout"), 0), LONGEST)
    allow_updates(call)
    poll = call.bot.updates.begin_poll()
    found = call.bot.updates.get(offset, limit)
    if not found and timeout:
        found = _wait(call, poll, offset, limit, timeout)
    return [update.as_json() for update in found]


def _wait(call: Call, poll: int, offset: int, limit: int, timeout: float) -> list[Any]:
    state, patience = call.state, call.environ.get("sandbox.timeout")
    on_socket = "sandbox.socket" in call.environ
    if state.clock.frozen and state.switches.polls_jump and not on_socket:
        state.clock.advance(min(timeout, patience or timeout))
        if patience is not None and patience < timeout:
            raise Dropped("timeout")
        return []
    until, real_until = state.now() + timeout, time.monotonic() + timeout
    gives_up = time.monotonic() + (patience if patience is not None else timeout + 1)
    look = LOOK_AT_FROZEN if state.clock.frozen else LOOK_EVERY
    while state.now() < until and time.monotonic() < real_until:
        state.changed.wait(min(look, timeout))
        _still_wanted(call, poll)
        if found := call.bot.updates.get(offset, limit):
            return found
        if time.monotonic() >= gives_up:
            raise Dropped("timeout")
    return []


def _still_wanted(call: Call, poll: int) -> None:
    """Whether anybody waits for this answer, and may have it."""
    if call.state.closing or _left(call.environ.get("sandbox.socket")):
        raise Dropped("cut")
    if call.bot.revoked or call.environ["telegram.token"] not in call.state.tokens:
        raise Refused(401, "Unauthorized")
    if call.bot.rival:
        raise conflict(TERMINATED)
    try:
        call.bot.updates.check(poll)
    except Refused as refused:
        if refused.description.endswith(TERMINATED):
            call.state.wrong(f"{call.bot.username}: two polls at once")
        raise


def _left(connection: socket.socket | None) -> bool:
    """Whether the client closed its end."""
    if connection is None:
        return False
    try:
        readable = select.select([connection], [], [], 0)[0]
        return bool(readable) and not connection.recv(1, socket.MSG_PEEK)
    except (OSError, ValueError):
        return True

"""Is this message the one we sent? Pure rules of reliability 3 and of the decisions, "marker".

A hit needs our user id as author and an id above the baseline of the send, and then the exact
marker line, or the equal text after folding spaces, or being a picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from opium.commands import Command, SendImage, SendMessage
from opium.funpay.models import Message

_SPACES = re.compile(r"\s+")


def own_echo(
    messages: Iterable[Message], user_id: int, baseline: int, command: Command, marker: str | None
) -> Message | None:
    """The message that proves the send, or None."""
    for message in written_by(user_id, messages):
        if message.id > baseline and _same(message, command, marker):
            return message
    return None


def written_by(user_id: int, messages: Iterable[Message]) -> list[Message]:
    """What this user wrote; FunPay sends a lot's automatic text in his name, with a badge."""
    return [m for m in messages if m.author_id == user_id and m.badge is None]


def has_marker(text: str, marker: str) -> bool:
    """Whether the text ends with exactly this marker; the site may fold the line break before."""
    return text.split()[-1:] == [marker]


def fold(text: str) -> str:
    """Text as the site shows it: trimmed, runs of white space as one space."""
    return _SPACES.sub(" ", text).strip()


def _same(message: Message, command: Command, marker: str | None) -> bool:
    if isinstance(command, SendImage):
        return message.image_url is not None
    if marker is not None:
        return has_marker(message.text, marker)
    return isinstance(command, SendMessage) and fold(message.text) == fold(command.text)

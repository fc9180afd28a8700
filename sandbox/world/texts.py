"""What the site does to a message before it stores it."""

import re

from sandbox.world.errors import Refused

LIMIT = 2000
LINES = 20
LONG_WORD = 160
KEEP_SPACE = "[a][/a]"


def stored(text: str, break_long_words: bool = False) -> str:
    """Trimmed, runs of spaces and of blank lines folded; too long or empty is refused."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    text = re.sub(r"[^\S\n]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    text = re.sub(r"\n{3,}", "\n\n", text)
    text = text.replace(KEEP_SPACE, "")
    if break_long_words:
        text = re.sub(rf"(\S{{{LONG_WORD}}})(?=\S)", r"\1 ", text)
    if not text:
        raise Refused("Введите сообщение.", "Please enter a message.")
    if len(text) > LIMIT or text.count("\n") >= LINES:
        raise Refused("Слишком длинное сообщение.", "The message is too long.")
    return text

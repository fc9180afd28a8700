"""Reading a chat back to where the database ends."""

from __future__ import annotations

from opium.funpay.client import FunPay
from opium.funpay.models import Message

MOST_PAGES = 40


def history_since(
    funpay: FunPay, chat: int | str, mark: int
) -> tuple[str, int, list[Message], bool]:
    """A chat's node name, its number, its messages above `mark`, and whether that is all of them.

    Raises Missing, PageChanged, and what `FunPay.history` raises.
    """
    messages: list[Message] = []
    before: int | None = None
    for _ in range(MOST_PAGES):
        page = funpay.history(chat, before=before, after=mark)
        messages = [*page.messages, *messages]
        if not page.has_more or page.oldest <= mark + 1:
            return page.name, page.chat_id, messages, True
        before = page.oldest
    return page.name, page.chat_id, messages, False

"""Buttons that were pressed, and the answers their owners saw."""

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.telegram.call import bad

if TYPE_CHECKING:
    from sandbox.telegram.bots import Bot
    from sandbox.telegram.messages import Message
    from sandbox.telegram.state import State
    from sandbox.telegram.users import User

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


@dataclass(eq=False)
class Callback:
    """One press. `answer` is the toast that the person saw (empty: only the clock went away)."""

    id: str
    user: "User"
    bot: "Bot"
    message: "Message"
    data: str
    at: float
    answer: str | None = None
    alert: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "from": self.user.as_user(),
            "message": self.message.as_json(),
            "chat_instance": str(abs(self.message.chat.id) * 31 + self.bot.id),
            "data": self.data,
        }


class Callbacks:
    """All presses of all buttons."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._numbers = itertools.count(1)
        self.all: list[Callback] = []
        self._by_id: dict[str, Callback] = {}

    def press(self, user: "User", bot: "Bot", message: "Message", data: str) -> Callback:
        """A press; its bot is told."""
        number = (user.id << 32) + next(self._numbers) * 7919
        made = Callback(str(number), user, bot, message, data, self._state.now())
        self.all.append(made)
        self._by_id[made.id] = made
        bot.updates.add("callback_query", made.as_json())
        return made

    def answer(self, bot: "Bot", number: str, text: str, *, alert: bool) -> Callback:
        """Show the toast, if it is not too late."""
        found, switches = self._by_id.get(number), self._state.switches
        if found is None or found.bot is not bot:
            raise bad(TOO_OLD)
        if self._state.now() - found.at > switches.callback_seconds:
            raise bad(TOO_OLD)
        if found.answer is not None and not switches.answer_twice:
            raise bad(TOO_OLD)
        found.answer, found.alert = text, alert
        return found

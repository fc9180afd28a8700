"""What waits for a bot until it says that it has seen it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.telegram.call import conflict

if TYPE_CHECKING:
    from sandbox.telegram.state import State

KINDS = (
    *("message", "edited_message", "channel_post", "edited_channel_post", "inline_query"),
    *("chosen_inline_result", "callback_query", "shipping_query", "pre_checkout_query", "poll"),
    *("poll_answer", "my_chat_member", "chat_member", "chat_join_request", "message_reaction"),
    *("message_reaction_count", "chat_boost", "removed_chat_boost", "business_connection"),
    *("business_message", "edited_business_message", "deleted_business_messages"),
    "purchased_paid_media",
)
ASKED_FOR = ("chat_member", "message_reaction", "message_reaction_count")
"""Only for bots that name them."""
FUTURE = 10
"""An offset further ahead than this is taken for a mistake, and nothing is confirmed."""
TERMINATED = (
    "terminated by other getUpdates request; make sure that only one bot instance is running"
)
TERMINATED_BY_WEBHOOK = "terminated by setWebhook request"
WEBHOOK = (
    "can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)


@dataclass(frozen=True)
class Update:
    """One thing that happened, as the bot is told of it."""

    id: int
    kind: str
    told: dict[str, Any]
    until: float

    def as_json(self) -> dict[str, Any]:
        return {"update_id": self.id, self.kind: self.told}


class Updates:
    """The queue of one bot. Ids ascend by one, from anywhere."""

    def __init__(self, state: "State", first: int) -> None:
        self._state = state
        self._next = first
        self._waiting: list[Update] = []
        self.allowed: tuple[str, ...] = ()
        """As last told by the bot; empty: the usual ones."""
        self.poll = 0
        """Number of the newest poll; an older one that still waits is told to go."""
        self.ended_by = TERMINATED

    def add(self, kind: str, told: dict[str, Any]) -> None:
        """Put something in, if the bot wants to hear of such things."""
        wanted = kind in self.allowed if self.allowed else kind not in ASKED_FOR
        if wanted:
            until = self._state.now() + self._state.switches.update_hours * 3600
            self._waiting.append(Update(self._next, kind, told, until))
            self._next += 1
            self._state.changed.notify_all()

    def allow(self, kinds: list[str]) -> None:
        """From now on only these; what waits already is not touched."""
        self.allowed = tuple(kind for kind in kinds if kind in KINDS)

    def waiting(self) -> list[Update]:
        """What is not confirmed and not too old."""
        now = self._state.now()
        self._waiting = [update for update in self._waiting if update.until > now]
        return list(self._waiting)

    def drop(self) -> None:
        self._waiting.clear()

    def get(self, offset: int, limit: int) -> list[Update]:
        """The next ones. What lies before the offset is confirmed and gone.

        A negative offset counts from the end; everything before is gone, too.
        """
        waiting = self.waiting()
        if offset < 0:
            waiting = waiting[offset:]
        elif 0 < offset <= self._next + FUTURE:
            waiting = [update for update in waiting if update.id >= offset]
        self._waiting = waiting
        return waiting[:limit]

    def begin_poll(self) -> int:
        """A new poll; one that still waits will find that it is no longer the newest."""
        self.ended_by = TERMINATED
        self.poll += 1
        self._state.changed.notify_all()
        return self.poll

    def end_poll(self, reason: str) -> None:
        """Whoever waits is told to go."""
        self.poll += 1
        self.ended_by = reason
        self._state.changed.notify_all()

    def check(self, poll: int) -> None:
        """409 for a poll that is not the newest any more."""
        if poll != self.poll:
            raise conflict(self.ended_by)

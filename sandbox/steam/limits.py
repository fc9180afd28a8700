"""Too many logins: 84, and each further try makes it last longer (§15)."""

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.steam.state import State


class Limits:
    """Counters per exit IP and per account; a key is `ip:…` or `account:…`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._tries: dict[str, list[float]] = defaultdict(list)
        self._wrong: dict[str, list[float]] = defaultdict(list)
        self._until: dict[str, float] = {}

    def knock(self, *keys: str) -> bool:
        """Count a BeginAuth; whether it is one too many."""
        now, switches = self._state.now(), self._state.switches
        refused = False
        for key in keys:
            self._tries[key] = self._recent(self._tries[key], switches.login_window)
            self._tries[key].append(now)
            if len(self._tries[key]) > switches.login_limit or self.cooling(key):
                refused = True
                self._until[key] = now + switches.cooldown
        return refused

    def wrong(self, *keys: str) -> None:
        """Count a wrong password."""
        now, switches = self._state.now(), self._state.switches
        for key in keys:
            self._wrong[key] = [*self._recent(self._wrong[key], switches.cooldown), now]
            if len(self._wrong[key]) >= switches.wrong_limit:
                self._until[key] = now + switches.cooldown

    def cooling(self, key: str) -> bool:
        return self._until.get(key, 0) > self._state.now()

    def forget(self) -> None:
        """As if a day had passed."""
        self._tries.clear()
        self._wrong.clear()
        self._until.clear()

    def as_json(self) -> dict[str, float]:
        """The keys that must wait, and for how many seconds."""
        now = self._state.now()
        return {key: until - now for key, until in self._until.items() if until > now}

    def _recent(self, times: list[float], seconds: float) -> list[float]:
        return [t for t in times if t > self._state.now() - seconds]

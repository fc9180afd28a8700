"""Browser sessions: PHPSESSID, the csrf token bound to it, and the golden_seal."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.world.world import World


@dataclass(eq=False)
class Session:
    """One PHPSESSID. Another golden_key in the same session gets another csrf token."""

    id: str
    csrf: str
    golden_key: str | None
    born: datetime


@dataclass(eq=False)
class Seal:
    value: str
    born: datetime


class Sessions:
    """All sessions of the site."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._by_id: dict[str, Session] = {}
        self._seals: dict[str, Seal] = {}

    def resume(self, session_id: str | None, golden_key: str | None) -> Session:
        """The session of this id, or a fresh one when there is none (any more)."""
        session = self._by_id.get(session_id or "")
        if session is None or self._over(session.born, self._world.switches.session_minutes):
            ids = self._world.ids
            session = Session(
                ids.word(26, "session"), ids.word(16, "csrf"), golden_key, self._world.now()
            )
            self._by_id[session.id] = session
        elif session.golden_key != golden_key:
            session.golden_key, session.csrf = golden_key, self._world.ids.word(16, "csrf")
        return session

    def expire(self) -> None:
        """Forget every session: csrf tokens in use become stale."""
        self._by_id.clear()

    def seal_for(self, golden_key: str) -> str:
        """The seal of the moment, a new one when the last has grown old."""
        seal = self._seals.get(golden_key)
        if seal is None or self._over(seal.born, self._world.switches.golden_seal_minutes):
            seal = Seal(self._world.ids.word(32, "seal"), self._world.now())
            self._seals[golden_key] = seal
        return seal.value

    def seal_holds(self, golden_key: str, value: str | None) -> bool:
        return not self._world.switches.golden_seal_minutes or value == self.seal_for(golden_key)

    def _over(self, born: datetime, minutes: float) -> bool:
        return bool(minutes) and self._world.now() - born > timedelta(minutes=minutes)

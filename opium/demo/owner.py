"""The owner with his phone: he answers a buyer, gives money back, sees to what waits for him."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any

from opium.demo.calls import DemoError, OpiumApi, Sandbox
from opium.demo.phone import BOT, OWNER, PHONE
from opium.demo.timeline import Line

LOOKS = 0.5
READS = 1.0
"""Seconds from the buzz to his thumb."""
PATIENCE = 20
QUESTION, ANSWER = "Ключ для РФ подойдёт?", "Да, ключ без привязки к региону"
WRONG_LOT = "верните"
REFUND, YES, SEEN = "Вернуть деньги", "Да", "Принято"
Message = dict[str, Any]


class Owner(threading.Thread):
    """Looks at his phone until `stop`; `news` are the lines that no log has."""

    def __init__(
        self, telegram: Sandbox, site: Sandbox, api: OpiumApi, stop: threading.Event
    ) -> None:
        super().__init__(name="owner", daemon=True)
        self.trouble = False
        self._news: SimpleQueue[Line] = SimpleQueue()
        self._telegram, self._site, self._api, self._stop_told = telegram, site, api, stop
        self._read = 0
        self._does: dict[str, Callable[[Message], None]] = {
            QUESTION: self._answers,
            WRONG_LOT: self._gives_money_back,
            SEEN: self._has_seen,
        }
        """By what a notice or its button says; each is done once, the first time."""

    def run(self) -> None:
        while not self._stop_told.wait(LOOKS):
            try:
                for message in self._unread():
                    self._looks_at(message)
            except DemoError as exc:
                if not self._stop_told.is_set():
                    self.trouble = True
                    self._tell("trouble", str(exc))

    def news(self) -> list[Line]:
        """What is new since the last call."""
        return [self._news.get() for _ in range(self._news.qsize())]

    def _looks_at(self, message: Message) -> None:
        says = (message["text"], *_buttons(message))
        sign = next((sign for sign in self._does if any(sign in text for text in says)), None)
        if sign is not None and not self._stop_told.wait(READS):
            self._does.pop(sign)(message)

    def _answers(self, message: Message) -> None:
        """Answer the notice, and the buyer reads it in his chat."""
        since = self._site_now()
        at = self._acts("reply", message, text=ANSWER)
        took = self._finds(lambda: self._on_site(since, "message", text=ANSWER)) - at
        self._tell("answered", f"the buyer reads it {_shown(took)} later")

    def _gives_money_back(self, message: Message) -> None:
        """Below the notice of that buyer's order; the bot asks whether he is sure."""
        who = message["text"].split("💬 ")[1].split("\n")[0]
        sale = next(m for m in reversed(self._chat()) if REFUND in _buttons(m) and who in m["text"])
        self._acts("press", sale, button=REFUND)
        question = self._finds(lambda: [m for m in self._chat() if YES in _buttons(m)])
        since = self._site_now()
        at = self._acts("press", question, button=YES)
        took = self._finds(lambda: self._on_site(since, "refund")) - at
        self._tell("pressed", f"«{REFUND}», «{YES}»: {who} has it {_shown(took)} later")

    def _has_seen(self, message: Message) -> None:
        """An alert that he has seen is his business from now on."""
        if not self._is_open(message["text"]):
            return  # it has ended by itself
        at = self._acts("press", message, button=SEEN)
        took = self._finds(lambda: self._closed(message["text"])) - at
        self._tell("pressed", f"«{SEEN}»: Opium knows {_shown(took)} later")

    # --- the phone

    def _chat(self) -> list[Message]:
        found: list[Message] = self._telegram.get(f"/users/{OWNER}/messages", bot=BOT)
        return found

    def _unread(self) -> list[Message]:
        new = [m for m in self._chat() if m["id"] > self._read and m["from_bot"]]
        self._read = max((m["id"] for m in new), default=self._read)
        return new

    def _acts(self, how: str, message: Message, **more: str) -> datetime:
        """When he did it."""
        at = datetime.now(UTC)
        body = {"bot": BOT, "message": message["id"], **more}
        self._telegram.post(f"/users/{OWNER}/{how}", body)
        return at

    # --- what comes of it

    def _site_now(self) -> int:
        """The number of the marketplace's last entry."""
        return max((entry["n"] for entry in self._site.get("/log")), default=0)

    def _on_site(self, since: int, what: str, **facts: str) -> list[datetime]:
        entries = self._site.get("/log", since=since)
        fits = [e for e in entries if e["what"] == what and facts.items() <= e.items()]
        return [datetime.fromisoformat(e["wall"]) for e in fits]

    def _is_open(self, text: str) -> bool:
        """Whether the alert that a notice tells of waits for him still."""
        found = self._api.get("/api/alerts", open="true", limit=100)["items"]
        return any(a["text"] in text and a["acked_at"] is None for a in found)

    def _closed(self, text: str) -> list[datetime]:
        return [] if self._is_open(text) else [datetime.now(UTC)]

    def _finds(self, look: Callable[[], list[Any]]) -> Any:
        """The first of what there is to see, as soon as there is something."""
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            if found := look():
                return found[0]
            if self._stop_told.wait(0.1):
                break
        raise DemoError(f"The owner waited in vain for {PATIENCE} s.")

    def _tell(self, what: str, text: str) -> None:
        self._news.put(Line(datetime.now(UTC), PHONE, what, "", text))


def _buttons(message: Message) -> list[str]:
    rows = (message["markup"] or {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


def _shown(took: timedelta) -> str:
    seconds = took.total_seconds()
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"

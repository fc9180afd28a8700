"""One update that is carried out: who asked, what he may steer, how he is answered."""

from __future__ import annotations

import logging
from typing import Any

from opium.kit import Job, hit
from opium.modules.telegram_bot import inbox
from opium.modules.telegram_bot.html import cut
from opium.modules.telegram_bot.shown import failure
from opium.modules.telegram_bot.telegram import Keyboard, Telegram, TelegramError, TooMany
from opium.modules.telegram_bot.updates import Asked
from opium.modules.telegram_bot.words import Words

log = logging.getLogger("opium.telegram_bot.scene")

PATIENT = 5
"""An answer may come so many seconds later, if Telegram wants that."""


class Scene:
    """Everything that one press or message is answered with."""

    def __init__(
        self,
        job: Job,
        telegram: Telegram,
        update_id: int,
        action: dict[str, Any],
        accounts: list[str],
    ) -> None:
        self.job = job
        self.telegram = telegram
        self.bot_id = telegram.bot_id
        self.update_id = update_id
        self.action = action
        self.asked = Asked.from_json(action["asked"])
        self.accounts = accounts
        """Those that he may steer from where he is."""
        self.result = "ok"
        self._toasted = False

    @property
    def actor(self) -> str:
        """As the audit log names him."""
        return f"telegram:{self.asked.user}"

    def words(self, account_id: str | None = None) -> Words:
        """The catalogue of an account; of the first one where none is meant."""
        return Words(self.job.settings(account_id or self.accounts[0]).language)

    # Answering

    def say(self, html: str, keyboard: Keyboard | None = None, *, asks: bool = False) -> int | None:
        """A message where he is, as an answer to what he wrote; its id, None if it is lost."""
        reply_to = self.asked.message if self.asked.kind == "text" or asks else None
        for patience in (PATIENT, 0):
            try:
                return self.telegram.send(
                    self.asked.chat,
                    cut(html),
                    keyboard=keyboard,
                    thread=self.asked.thread,
                    reply_to=reply_to,
                    asks=asks,
                )
            except TooMany as exc:
                if exc.seconds > patience:
                    self._untold(exc)
                    break
                self.job.wait(exc.seconds)
            except TelegramError as exc:
                self._untold(exc)
                break
        return None

    def toast(self, text: str = "", *, alert: bool = False) -> None:
        """End the clock on the pressed button, once; nothing depends on it."""
        if self.asked.kind != "press" or self._toasted:
            return
        self._toasted = True
        try:
            self.telegram.answer(self.asked.callback, text, alert=alert)
        except TelegramError as exc:
            log.info("A press was not acknowledged: %s", exc)

    def clear_keyboard(self) -> None:
        """The question is answered: its buttons go."""
        try:
            self.telegram.clear_keyboard(self.asked.chat, self.asked.message)
        except TelegramError as exc:
            log.info("Buttons of an answered question stay: %s", exc)

    def refuse(self, account_id: str | None, word: str, target: str) -> None:
        """He may not, or too late: said to him, and noted."""
        self.result = f"refused: {word}"
        account = account_id or self.accounts[0]
        with self.job.work(account) as work:
            work.audit(self.actor, "TELEGRAM_REFUSED", f"{account}: {target}", word)
        text = self.words(account_id)(word)
        if self.asked.kind == "press":
            self.toast(text, alert=True)
        else:
            self.say(text)

    # Doing

    def get(self, path: str) -> Any:
        """What a route shows; None if it refuses."""
        reply = self.job.inside.call("GET", path, actor=self.actor)
        return reply.data if reply.ok else None

    def shown(self, account_id: str, what: str, path: str) -> Any:
        """What a route of the account shows; else he is told why not, and None."""
        reply = self.job.inside.call("GET", self.path(account_id, path), actor=self.actor)
        if reply.ok:
            return reply.data
        self.failed(account_id, self.label(account_id, what), reply.status, reply.data)
        return None

    def act(
        self,
        account_id: str,
        what: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        repeatable: bool = False,
    ) -> Any:
        """Do something through the API, once; its answer, or None after he was told why not.

        `repeatable`: the route does nothing when it is asked again (it knows the key of this
        update, or the state that it reaches). All others are marked as begun before.
        """
        if not repeatable:
            self.begin(account_id, self.label(account_id, what))
        full = self.path(account_id, path) if not path.startswith("/api/") else path
        reply = self.job.inside.call(method, full, body, actor=self.actor, key=self.key)
        hit("telegram_done")
        if reply.ok:
            return reply.data if reply.data is not None else {}
        self.failed(account_id, self.label(account_id, what), reply.status, reply.data)
        return None

    def begin(self, account_id: str, what: str) -> None:
        """From here on a crash leaves it unknown whether it was done."""
        self.action = {**self.action, "begun": what, "account": account_id}
        with self.job.work(account_id) as work:
            inbox.rewrite(work.db, self.bot_id, self.update_id, self.action)
        hit("telegram_begun")

    def failed(self, account_id: str, what: str, status: int, detail: Any) -> None:
        """It did not work: said to him in the words of the route."""
        self.result = f"failed: {status}"
        self.say(failure(self.words(account_id), what, status, detail))

    @property
    def key(self) -> str:
        """Names this update to routes that know an Idempotency-Key."""
        return f"telegram-{self.bot_id}-{self.update_id}"

    def path(self, account_id: str, path: str) -> str:
        return f"/api/accounts/{account_id}{path}"

    def label(self, account_id: str, what: str) -> str:
        """What it is called, for messages about how it ended."""
        return self.words(account_id).word(f"label_{what}", what)

    def _untold(self, exc: TelegramError) -> None:
        self.result = f"{self.result}, untold"
        log.warning("An answer to %s was not delivered: %s", self.actor, exc)

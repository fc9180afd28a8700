"""The threads of the outbox, one per bot: woken after each commit that put something into it."""

from __future__ import annotations

import logging
import threading

from opium.kit import Job
from opium.modules.telegram_bot import bots, ending
from opium.modules.telegram_bot.bell import Bell
from opium.modules.telegram_bot.sending import send_of

log = logging.getLogger("opium.telegram_bot")

TRY_AGAIN = 5.0


class Postman:
    """A thread for each bot that serves somebody; a bot in trouble holds up no other."""

    def __init__(self) -> None:
        self._threads: dict[int, threading.Thread] = {}
        self._bell: Bell | None = None

    def attend(self, job: Job) -> None:
        """See to it that somebody sends for each bot."""
        if self._bell is None:
            self._bell = job.kept("bell", Bell)
            job.at_stop(self.stop)
        for bot_id in bots.bot_ids(job):
            known = self._threads.get(bot_id)
            if not self._bell.stopped and (known is None or not known.is_alive()):
                name = f"telegram-out-{bot_id}"
                args = (job, bot_id, self._bell)
                thread = threading.Thread(target=_run, name=name, args=args, daemon=True)
                self._threads[bot_id] = thread
                thread.start()

    def stop(self) -> None:
        """Begin nothing new; what is on the wire gets a few seconds to end."""
        if self._bell is not None:
            self._bell.stop()
        for thread in list(self._threads.values()):
            thread.join(5)


def _run(job: Job, bot_id: int, bell: Bell) -> None:
    while not bell.stopped:
        heard = bell.rings
        try:
            pause = send_of(job, bot_id, lambda: not bell.stopped)
        except Exception as exc:
            log.exception("Bot %d cannot send: %s", bot_id, type(exc).__name__)
            pause = TRY_AGAIN
            heard = bell.rings
        if pause is None:
            return
        bell.wait(heard, pause)


def wipe(job: Job) -> None:
    """Forget the notices of a week ago."""
    for account_id in job.accounts():
        ending.wipe(job, account_id)

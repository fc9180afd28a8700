"""What goes out by itself: the outbox is carried out, alerts are told, the log is watched.

The threads that do it are kept by a task, so that one that died is there again soon.
"""

from __future__ import annotations

from opium.kit import Job
from opium.modules.telegram_bot import module, postman, telling
from opium.modules.telegram_bot.watching import Watch


@module.every(seconds=5, first_after=0.5)
def keep_sending(job: Job) -> None:
    """A thread for each bot that has something to say."""
    job.kept("postman", postman.Postman).attend(job)


@module.every(seconds=3, first_after=2)
def tell_alerts(job: Job) -> None:
    """What waits for a person."""
    telling.tell_alerts(job)


@module.every(seconds=60, first_after=1)
def watch_the_log(job: Job) -> None:
    """Lines that the seller wants to hear of."""
    job.kept("watch", lambda: Watch(job.clock.monotonic)).begin(job)


@module.every(seconds=3600, first_after=60)
def forget(job: Job) -> None:
    """Notices are kept for a week."""
    postman.wipe(job)

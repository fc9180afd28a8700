"""Carries out what the inbox holds, one by one, each to a known end."""

from __future__ import annotations

import logging
import threading
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from opium.errors import Unavailable
from opium.kit import Job
from opium.modules.telegram_bot import bots, commands, effects, inbox, presses, rights
from opium.modules.telegram_bot.scene import Scene
from opium.modules.telegram_bot.telegram import Telegram
from opium.modules.telegram_bot.updates import Asked

log = logging.getLogger("opium.telegram_bot.desk")


def carry_out(job: Job, bot_id: int) -> int:
    """Do everything that waits; how many there were. What the database refuses waits on."""
    # A thread that was replaced may still be at work on what its successor would find waiting.
    with job.kept(f"desk:{bot_id}", threading.Lock):
        waiting = inbox.waiting(job, bot_id)
        for update_id, action in waiting:
            _carry_out(job, bot_id, update_id, action)
        return len(waiting)


def _carry_out(job: Job, bot_id: int, update_id: int, action: dict[str, Any]) -> None:
    telegram = bots.client(job, bot_id, "answer")
    asked = Asked.from_json(action["asked"])
    with job.read() as db:
        served = bots.served(job, db, bot_id)
        accounts = rights.steers(job, db, bot_id, asked)
    if not served:
        return
    if accounts:
        result = _served(Scene(job, telegram, update_id, action, accounts))
    else:
        result = _turned_away(job, telegram, asked, served[0])
    with job.work(served[0]) as work:
        inbox.finish(work.db, bot_id, update_id, result)


def _served(scene: Scene) -> str:
    """What somebody asks who may; how it ended."""
    try:
        if "begun" in scene.action:
            # It was begun, and the process died: nobody knows more (reliability 4).
            scene.result = "unknown"
            words = scene.words(scene.action["account"])
            scene.say(words("unknown", what=scene.action["begun"]))
        elif "effect" in scene.action:
            effects.run(scene, scene.action["effect"])
        elif scene.asked.kind == "press":
            presses.press(scene)
        else:
            commands.heard(scene)
    except (SQLAlchemyError, Unavailable):
        raise  # nothing was done: it waits on
    except Exception:  # one bad update must not hold up all others
        log.exception("Update %d of bot %d failed", scene.update_id, scene.bot_id)
        scene.result = "broken"
        scene.say(scene.words()("broken"))
    scene.toast()
    return scene.result


def _turned_away(job: Job, telegram: Telegram, asked: Asked, account: str) -> str:
    """A stranger's first `/start`, or somebody who was removed since he asked."""
    if asked.kind == "text" and asked.private and asked.text.split()[:1] == ["/start"]:
        commands.greet(job, telegram, asked, account)
        return "greeted"
    with job.work(account) as work:
        work.audit(
            f"telegram:{asked.user}", "TELEGRAM_REFUSED", f"bot {telegram.bot_id}", "removed"
        )
    return "refused"

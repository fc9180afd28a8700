"""Questions that the bot puts: a yes or no within a minute, a text for a buyer within a quarter.

A question is a row with a one-time nonce, for one person. Its answer takes the row and becomes
the update's action in one transaction, so that a crash neither loses nor repeats it.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from opium.kit import Work
from opium.modules.telegram_bot import inbox
from opium.modules.telegram_bot.callback import Pressed, data
from opium.modules.telegram_bot.models import Nonce, Notice
from opium.modules.telegram_bot.scene import Scene

CONFIRM = timedelta(seconds=60)
WRITE = timedelta(minutes=15)

Effect = dict[str, Any]


def ask(scene: Scene, account_id: str, effect: Effect, html: str) -> None:
    """Ask whether `effect` is really wanted."""
    words = scene.words(account_id)
    nonce = secrets.token_hex(8)
    with scene.job.work(account_id) as work:
        _put(scene, work, nonce, {**effect, "account": account_id}, CONFIRM)
    yes = (words("yes"), data(None, "yes", nonce))
    no = (words("no"), data(None, "no", nonce))
    scene.toast(words("asked"))
    scene.say(html, [[yes, no]])


def ask_text(scene: Scene, account_id: str, effect: Effect, html: str) -> None:
    """Ask for a text; the answer to the question becomes the effect's `text`."""
    scene.toast()
    message = scene.say(html, asks=True)
    if message is None:
        return
    where = {"account": account_id, "in": scene.asked.chat, "question": message}
    with scene.job.work(account_id) as work:
        _put(scene, work, secrets.token_hex(8), {**effect, **where}, WRITE)


def settle(scene: Scene, pressed: Pressed) -> Effect | None:
    """The effect that a yes allows; None for a no, and for all that is no valid answer."""
    with scene.job.read() as db:
        row = db.get(Nonce, pressed.arg)
    if row is None or row.account_id not in scene.accounts or "question" in row.action:
        scene.refuse(None, "stale", "an unknown question")
        return None
    target = str(row.action.get("do"))
    if row.telegram_id != scene.asked.user:
        scene.refuse(row.account_id, "not_yours", target)
        return None
    effect: Effect | None = row.action if pressed.verb == "yes" else None
    if not _taken(scene, row, effect):
        scene.refuse(row.account_id, "expired", target)
        return None
    if effect is None:
        scene.result = "cancelled"
        scene.toast(scene.words(row.account_id)("cancelled"))
    scene.clear_keyboard()
    return effect


def answered(scene: Scene) -> Effect | None:
    """What a reply asks for: the text that a question wanted, or a word to a notice's buyer."""
    row = _question(scene)
    if row is not None:
        effect = {**row.action, "text": scene.asked.text}
        if _taken(scene, row, effect):
            return effect
        scene.refuse(row.account_id, "expired", str(row.action.get("do")))
        return None
    notice = notice_of(scene)
    if notice is None or not notice.about.get("chat"):
        return None
    return {
        "do": "reply",
        "account": notice.account_id,
        "chat": str(notice.about["chat"]),
        "text": scene.asked.text,
    }


def notice_of(scene: Scene) -> Notice | None:
    """The notice that was answered, or below which he pressed; of an account he may steer."""
    message = scene.asked.message if scene.asked.kind == "press" else scene.asked.reply_to
    with scene.job.read() as db:
        row = db.scalar(
            select(Notice).where(
                Notice.bot_id == scene.bot_id,
                Notice.chat == scene.asked.chat,
                Notice.message_id == message,
            )
        )
    return row if row is not None and row.account_id in scene.accounts else None


def _question(scene: Scene) -> Nonce | None:
    """The question that he answers; also one that is over."""
    with scene.job.read() as db:
        rows = db.scalars(
            select(Nonce)
            .where(Nonce.telegram_id == scene.asked.user)
            .order_by(Nonce.expires_at.desc())
            .limit(50)
        )
        for row in rows:
            here = (row.action.get("in"), row.action.get("question"))
            known = here == (scene.asked.chat, scene.asked.reply_to)
            if known and row.account_id in scene.accounts:
                return row
    return None


def _taken(scene: Scene, row: Nonce, effect: Effect | None) -> bool:
    """Whether this answer, and no other, settles the question; its effect is then to be done."""
    with scene.job.work(row.account_id) as work:
        used = work.db.execute(
            update(Nonce)
            .where(
                Nonce.nonce == row.nonce,
                Nonce.telegram_id == scene.asked.user,
                Nonce.used_at.is_(None),
                Nonce.expires_at > work.now,
            )
            .values(used_at=work.now)
        )
        if used.rowcount != 1:  # type: ignore[attr-defined]  # a CursorResult at run time
            return False
        if effect is not None:
            scene.action = {**scene.action, "effect": effect}
            inbox.rewrite(work.db, scene.bot_id, scene.update_id, scene.action)
    return True


def _put(scene: Scene, work: Work, nonce: str, effect: Effect, lasts: timedelta) -> None:
    work.db.add(
        Nonce(
            nonce=nonce,
            account_id=work.account.id,
            telegram_id=scene.asked.user,
            action=effect,
            expires_at=work.now + lasts,
        )
    )

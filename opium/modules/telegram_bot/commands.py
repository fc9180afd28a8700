"""What happens when somebody writes: `/start /status /events /menu /help`, and answers to notices.

Everything else that is written is ignored.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from opium.kit import Job
from opium.modules.telegram_bot import (
    bots,
    cards,
    effects,
    event_log,
    presses,
    questions,
    whitelist,
)
from opium.modules.telegram_bot.config import EVENTS, setup
from opium.modules.telegram_bot.html import esc, line, plain
from opium.modules.telegram_bot.models import Told
from opium.modules.telegram_bot.scene import Scene
from opium.modules.telegram_bot.telegram import Telegram, TelegramError
from opium.modules.telegram_bot.updates import Asked
from opium.modules.telegram_bot.words import Words, lines

LAST = 10


def heard(scene: Scene) -> None:
    """Carry out a message of somebody who may write to us."""
    name = _command(scene)
    if name is not None:
        COMMANDS.get(name, _unknown)(scene)
    elif scene.asked.reply_to:
        effect = questions.answered(scene)
        if effect is not None:
            effects.run(scene, effect)


def greet(job: Job, telegram: Telegram, asked: Asked, account: str) -> None:
    """Tell a stranger his id, and nothing else; he may never learn it if Telegram is down."""
    words = Words(job.settings(account).language)
    try:
        telegram.send(asked.chat, words("stranger", id=asked.user))
    except TelegramError:
        return


def start(scene: Scene) -> None:
    words = scene.words()
    told = words("hello", accounts=", ".join(scene.accounts), commands=words("commands"))
    scene.say(told)


def help_(scene: Scene) -> None:
    words = scene.words()
    scene.say(words("help", commands=words("commands")))


def status(scene: Scene) -> None:
    """State, balance and bot of each account that he may steer."""
    for account in scene.accounts:
        scene.say(_status(scene, account))


def events(scene: Scene) -> None:
    """The last notices of each account, without their buttons."""
    for account in scene.accounts:
        words = scene.words(account)
        with scene.job.read() as db:
            rows = event_log.latest(db, account, LAST)
        shown = [f"{_time(scene, row)} {esc(line(plain(row.text_preview), 250))}" for row in rows]
        title = words("events" if rows else "events_none", account=account)
        scene.say(lines(title, *shown))


def menu(scene: Scene) -> None:
    """The menu; of several accounts one is chosen first."""
    if len(scene.accounts) == 1:
        presses.show_menu(scene, scene.accounts[0])
    else:
        scene.say(*cards.choice(scene.words(), scene.accounts, "menu"))


COMMANDS: dict[str, Callable[[Scene], None]] = {
    "start": start,
    "status": status,
    "events": events,
    "menu": menu,
    "help": help_,
}


def _unknown(scene: Scene) -> None:
    words = scene.words()
    scene.say(words("unknown_command", commands=words("commands")))


def _command(scene: Scene) -> str | None:
    """The command that a message begins with; one for another bot of the group is none."""
    first = scene.asked.text.split(maxsplit=1)[:1]
    if not first or not first[0].startswith("/"):
        return None
    name, _, whose = first[0][1:].partition("@")
    if whose:
        with scene.job.read() as db:
            ours = bots.username_of(db, scene.bot_id)
        if ours is not None and whose.casefold() != ours.casefold():
            return None
    return name.casefold()


def _status(scene: Scene, account: str) -> str:
    words = scene.words(account)
    info = scene.get(scene.path(account, "")) or {}
    state = str(info.get("state", "—"))
    with scene.job.read() as db:
        row = setup(db, account)
        bot, chosen = row.username, list(row.notify_events)
        people = len(whitelist.users(db, account))
        count = select(func.count()).select_from(Told).where(Told.account_id == account)
        told = db.scalar(count) or 0
    text = words(
        "status",
        account=account,
        state=words.word(f"state_{state}", state),
        seller=info.get("username") or "—",
        balance=_balance(scene, account, info),
        bot=f"@{bot}" if bot else scene.bot_id,
        listed=people,
        told=told,
        events=", ".join(_title(words, key) for key in chosen) or words("no_events"),
    )
    error = info.get("last_error")
    return lines(text, words("last_error", error=line(error, 300)) if error else "")


def _balance(scene: Scene, account: str, info: dict[str, object]) -> str:
    """What can be spent, if the account runs and FunPay says it."""
    told = scene.get(scene.path(account, "/balance")) if info.get("is_running") else None
    if not told:
        return "—"
    parts = (("₽", "rub"), ("$", "usd"), ("€", "eur"))
    shown = [f"{told[f'total_{name}']:.2f} {sign}" for sign, name in parts if told[f"total_{name}"]]
    return ", ".join(shown) or "0 ₽"


def _title(words: Words, key: str) -> str:
    titles: dict[str, str] = {str(name): title for name, title in EVENTS.items()}
    return titles.get(key, key) if words.language == "ru" else key.replace("_", " ")


def _time(scene: Scene, row: Told) -> str:
    return row.at.astimezone(scene.job.zone).strftime("%d.%m %H:%M")

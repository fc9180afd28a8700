"""What the control API and the page tell of things, as plain JSON."""

from typing import Any

from sandbox.telegram.bots import Bot
from sandbox.telegram.callbacks import Callback
from sandbox.telegram.chats import Chat, Dialog, Group, Topic
from sandbox.telegram.messages import Message
from sandbox.telegram.users import User


def bot(found: Bot) -> dict[str, Any]:
    """With its token: this is made-up data."""
    return {
        "id": found.id,
        "username": found.username,
        "name": found.name,
        "token": found.token,
        "revoked": found.revoked,
        "rival": found.rival,
        "reads_all": found.reads_all,
        "webhook": found.webhook.url,
        "pending": len(found.updates.waiting()),
        "commands": commands(found),
    }


def commands(found: Bot) -> list[dict[str, str]]:
    """The list behind the button `/`: Russian first, then whichever there is."""
    lists = sorted(found.commands.items(), key=lambda item: item[0][1] != "ru")
    return lists[0][1] if lists else []


def user(found: User) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "username": found.username,
        "language": found.language,
        "deactivated": found.deactivated,
        "blocked": sorted(b.username for b in found.state.bots.values() if b.id in found.blocked),
    }


def group(found: Group) -> dict[str, Any]:
    return {
        "id": found.id,
        "kind": found.kind,
        "title": found.title,
        "forum": found.forum,
        "muted": found.muted,
        "members": [member.id for member in found.members.values()],
        "bots": {str(number): status for number, status in found.status.items()},
        "topics": [topic(one) for one in found.topics if not one.deleted],
        "migrated_to": found.migrated_to.id if found.migrated_to else None,
    }


def topic(found: Topic) -> dict[str, Any]:
    return {"id": found.id, "name": found.name, "closed": found.closed}


def message(found: Message) -> dict[str, Any]:
    """With its HTML, as a phone would draw it."""
    replied = found.reply_to
    return {
        "id": found.id,
        "chat": found.chat.id,
        "topic": found.thread_id,
        "from": found.sender.id,
        "from_name": found.sender.name,
        "from_bot": isinstance(found.sender, Bot),
        "at": found.date.isoformat(),
        "text": found.text,
        "html": found.html,
        "entities": [entity.as_json() for entity in found.entities],
        "markup": found.markup,
        "keyboard": found.keyboard,
        "photo": found.photo.id if found.photo else None,
        "reply_to": replied
        and {"id": replied.id, "text": replied.text, "from": replied.sender.name},
        "other": found.other,
        "silent": found.silent,
        "edited": found.edited is not None,
        "versions": found.versions,
    }


def callback(found: Callback) -> dict[str, Any]:
    return {
        "id": found.id,
        "user": found.user.id,
        "bot": found.bot.username,
        "chat": found.message.chat.id,
        "message": found.message.id,
        "data": found.data,
        "answer": found.answer,
        "alert": found.alert,
    }


def phone(found: User) -> list[dict[str, Any]]:
    """The list of chats on somebody's phone: bots first, then groups, topic by topic."""
    state = found.state
    shown: list[dict[str, Any]] = []
    for one in state.bots.values():
        dialog = state.find_dialog(one, found)
        shown.append({
            "key": f"bot:{one.username}", "kind": "private", "title": one.name,
            "bot": one.username, "blocked": one.id in found.blocked,
            "commands": commands(one), **_last(dialog, None),
        })  # fmt: skip
    for place in state.groups.values():
        if place.migrated_to is None and place.holds(found):
            for part in (None, *(t for t in place.topics if not t.deleted)):
                shown.append({
                    "key": f"chat:{place.id}:{part.id if part else 0}", "kind": place.kind,
                    "title": place.title, "chat": place.id, "topic": part and part.id,
                    "topic_name": part.name if part else ("Общее" if place.forum else ""),
                    "commands": [], **_last(place, part),
                })  # fmt: skip
    return shown


def said(chat: Chat | None, part: Topic | None) -> list[Message]:
    """The messages of a dialog, a group or one topic; `part` None is the general one."""
    if chat is None:
        return []
    if part is not None:
        return part.messages()
    return [m for m in chat.visible() if m.topic is None or isinstance(chat, Dialog)]


def _last(chat: Chat | None, part: Topic | None) -> dict[str, Any]:
    messages = said(chat, part)
    last = messages[-1] if messages else None
    return {
        "count": len(messages),
        "from_bots": sum(isinstance(m.sender, Bot) for m in messages),
        "last": last and {"text": last.text or "…", "at": last.date.isoformat()},
    }

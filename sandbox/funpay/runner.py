"""`POST /runner/`: the one address a client polls, and sends messages through."""

import json
from bisect import bisect_left
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.funpay.html import message_html, render, tags
from sandbox.funpay.visits import is_xhr, signed_in, stale, visit
from sandbox.world import Chat, Message, Refused

bp = Blueprint("runner", __name__)
MAX_OBJECTS = 10


@bp.post("/runner/")
@signed_in
def run() -> ResponseReturnValue:
    if not is_xhr():
        return Response("", content_type="text/html; charset=utf-8")
    objects, action = _json("objects"), _json("request")
    if objects is None:
        return jsonify(msg="Bad request"), 400
    if not isinstance(objects, list):
        # None were asked for: clients say so by `false`, in quotes or not, or by leaving it out.
        objects = []
    token = request.form.get("csrf_token")
    # A poll without a token passes; with a wrong one it tells that the session is over.
    if token != visit().session.csrf and (action or token is not None):
        return stale()
    answer: Any = False
    if isinstance(action, dict):
        try:
            answer = _act(action)
        except Refused as error:
            return jsonify(objects=[], response={"error": error.text(visit().locale)})
    changed = [o for o in map(_changed, objects[:MAX_OBJECTS]) if o]
    return jsonify(objects=changed, response=answer)


def history(chat: Chat, before: int | None = None) -> list[Message]:
    """The newest page of a chat, or the one before a message."""
    current = visit()
    fault = current.fault
    messages = chat.messages
    if fault and fault.kind == "lag":
        now = current.world.now()
        messages = [m for m in messages if (now - m.at).total_seconds() >= fault.seconds]
    if before is not None:
        messages = [m for m in messages if m.id < before]
    return messages[-page_size(chat) :]


def page_size(chat: Chat) -> int:
    return 25 if chat.public else visit().world.switches.history_size


def has_history(chat: Chat, page: list[Message]) -> bool:
    return bool(page) and bool(chat.messages) and chat.messages[0].id < page[0].id


def node_json(chat: Chat, messages: list[Message], first_head: bool) -> dict[str, Any]:
    """A chat and some of its messages, as the runner and the history show them."""
    shown = []
    for i, message in enumerate(messages):
        at = bisect_left(chat.messages, message.id, key=lambda m: m.id)
        previous = chat.messages[at - 1] if at else None
        html = message_html(message, previous, first=first_head and i == 0)
        shown.append({"id": message.id, "author": message.author, "html": html})
    return {
        "node": {"id": chat.id, "name": chat.name, "silent": chat.public},
        "messages": shown,
        "hasHistory": has_history(chat, messages),
    }


def _json(field: str) -> Any:
    try:
        return json.loads(request.form.get(field) or "false")
    except ValueError:
        return None


def _act(action: dict[str, Any]) -> dict[str, Any]:
    """Carry out the one action there is: a message."""
    current = visit()
    data = action.get("data")
    if action.get("action") != "chat_message" or not isinstance(data, dict):
        raise Refused("Неизвестное действие.", "Unknown action.")
    chats, world, me = current.world.chats, current.world, current.me
    chat = chats.to_write(me, data.get("node", ""))
    image = None
    if data.get("image_id"):
        image = world.files.owned(me, int(data["image_id"]))
    text, fault = str(data.get("content", "")), current.fault
    if fault and fault.kind == "quoted" and not chat.public and text.strip():
        buyer = world.people[chat.other(me.id)]
        chats.send(buyer, chat, text.strip().splitlines()[-1], via="hand")
        return {"error": None}
    chats.send(me, chat, text, image=image, via="http")
    if fault and fault.kind == "newer_message" and not chat.public:
        chats.send(world.people[chat.other(me.id)], chat, fault.text or "Ещё вопрос", via="hand")
    return {"error": None}


def _changed(asked: Any) -> dict[str, Any] | None:
    """One object, if its tag is not the one the client knows."""
    if not isinstance(asked, dict):
        return None
    kind, object_id = asked.get("type"), asked.get("id")
    if kind == "chat_node":
        return _chat_node(asked)
    if kind == "c-p-u":
        return _looking_at(asked)
    me = visit().me
    tag = tags(visit()).get(str(kind))
    if tag is None or str(object_id) != str(me.id) or asked.get("tag") == tag:
        return None
    data: Any
    if kind == "orders_counters":
        data = {"buyer": me.open_purchases, "seller": me.open_sales}
    elif kind == "chat_counter":
        data = {"counter": len(me.unread), "message": me.newest_message}
    else:
        data = _bookmarks(asked.get("data"))
    return {"type": kind, "id": me.id, "tag": tag, "data": data}


def _bookmarks(known: Any) -> dict[str, Any]:
    """All ids in order, and the HTML of those that differ from what the client told."""
    current = visit()
    me = current.me
    chats = current.world.chats.of(me)[:50]
    seen: dict[str, tuple[int, int]] = {}
    for item in known if isinstance(known, list) else []:
        if isinstance(item, list) and len(item) >= 2:
            seen[str(item[0])] = (item[1], item[2] if len(item) > 2 else item[1])
    changed = [c for c in chats if seen.get(str(c.id)) != (c.last_id, c.marks.get(me.id, 0))]
    return {
        "counter": len(me.unread),
        "message": me.newest_message,
        "order": [c.id for c in chats],
        "html": render("bookmarks.html", chats=changed, open_chat=None),
    }


def _chat_node(asked: dict[str, Any]) -> dict[str, Any] | None:
    """New messages of a chat; looking marks it read."""
    current = visit()
    world, me = current.world, current.me
    data = asked.get("data") or {}
    node = data.get("node", asked.get("id")) if isinstance(data, dict) else asked.get("id")
    chat = world.chats.open_for(me, node) if isinstance(node, str | int) else None
    if chat is None:
        return {"type": "chat_node", "id": asked.get("id"), "tag": asked.get("tag"), "data": False}
    world.chats.mark_read(me, chat)
    tag = world.ids.tag("node", me.id, chat.id, chat.version)
    if asked.get("tag") == tag:
        return None
    last = data.get("last_message", -1) if isinstance(data, dict) else -1
    last = int(last) if str(last).lstrip("-").isdecimal() else -1
    page = history(chat)
    shown = [m for m in page if m.id > last] if last > 0 else page
    return {
        "type": "chat_node",
        "id": asked.get("id"),
        "tag": tag,
        "data": node_json(chat, shown, first_head=last <= 0),
    }


def _looking_at(asked: dict[str, Any]) -> dict[str, Any] | None:
    """The offer on the other person's screen."""
    world, me = visit().world, visit().me
    raw = str(asked.get("id"))
    other = world.people.get(int(raw)) if raw.isdecimal() else None
    lot = other.viewing if other else None
    tag = world.ids.tag("looking", me.id, int(raw) if other else 0, lot.id if lot else 0)
    if asked.get("tag") == tag:
        return None
    html = render("looking.html", lot=lot) if lot else ""
    data = {"html": {"desktop": html, "mobile": html}} if lot else False
    return {"type": "c-p-u", "id": asked.get("id"), "tag": tag, "data": data}

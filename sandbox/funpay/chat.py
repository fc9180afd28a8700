"""Chat pages, history, mute and pictures."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from sandbox.funpay.html import page
from sandbox.funpay.runner import has_history, history, node_json
from sandbox.funpay.visits import csrf_checked, refused, signed_in, visit, xhr_only
from sandbox.world import Chat, Refused

bp = Blueprint("chat", __name__)


@bp.get("/chat/")
@signed_in
def index() -> ResponseReturnValue:
    """The list of dialogs, one of them open; opening marks it read."""
    current = visit()
    me, chats = current.me, current.world.chats
    node = request.args.get("node", "")
    chat = chats.open_for(me, node) if node else None
    if chat:
        chats.mark_read(me, chat)
    return page(
        "chat.html",
        "chat-index",
        active="chat",
        chats=chats.of(me)[:50],
        open_chat=chat,
        unknown=bool(node) and chat is None,
        **thread(chat),
    )


@bp.get("/chat/history")
@signed_in
@xhr_only
def older() -> ResponseReturnValue:
    """Messages before an id; does not mark anything read."""
    current = visit()
    chat = current.world.chats.open_for(current.me, request.args.get("node", ""))
    if chat is None:
        return jsonify(chat=None)
    last = request.args.get("last_message", "")
    before = int(last) if last.isdecimal() and int(last) > 0 else None
    return jsonify(chat=node_json(chat, history(chat, before), first_head=True))


@bp.post("/chat/mute")
@signed_in
@xhr_only
@csrf_checked
def mute() -> ResponseReturnValue:
    current = visit()
    chat = current.world.chats.open_for(current.me, request.form.get("node_id", ""))
    if chat is None or chat.public:
        return refused(Refused("Чат не найден.", "The chat was not found."))
    if request.form.get("mute") == "1":
        chat.muted_by.add(current.me.id)
    else:
        chat.muted_by.discard(current.me.id)
    return jsonify(closeModal=True)


@bp.post("/file/addChatImage")
@bp.post("/file/addOfferImage")
@signed_in
@xhr_only
def add_image() -> ResponseReturnValue:
    sent = request.files.get("file")
    place = "offer" if request.path.endswith("OfferImage") else "chat"
    try:
        if sent is None:
            raise Refused("Файл не выбран.", "No file chosen.")
        world = visit().world
        name, content = sent.filename or "file", sent.read()
        image = world.files.add(visit().me, name, content, sent.mimetype, place)
    except Refused as error:
        return jsonify(msg=error.text(visit().locale)), 400
    return jsonify(fileId=image.id)


@bp.get("/s/chat/<path:_rest>")
@bp.get("/s/offer/<path:_rest>")
def picture(_rest: str) -> ResponseReturnValue:
    image = visit().world.files.at(request.path)
    if image is None:
        raise NotFound
    return Response(image.content, content_type=image.type)


def thread(chat: Chat | None) -> dict[str, Any]:
    """What a page with an open chat shows of it."""
    if chat is None:
        return {"messages": [], "node_tag": "", "has_history": False, "other": None}
    current = visit()
    shown = history(chat)
    return {
        "messages": shown,
        "node_tag": current.world.ids.tag("node", current.me.id, chat.id, chat.version),
        "has_history": has_history(chat, shown),
        "other": None if chat.public else current.world.people[chat.other(current.me.id)],
    }

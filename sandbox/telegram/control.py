"""`/__sandbox__/`: bots, people and groups, seen and moved from outside. For loopback only.

Every call is in the README beside this file. Wrong input is 400 and unknown things are 404,
both with `{"detail": ...}`. The gate serves these calls one at a time.
"""

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.telegram import knobs, show, visit

bp = Blueprint("telegram_control", __name__, url_prefix="/__sandbox__")
bp.register_blueprint(knobs.bp)
BOT_KNOBS = ("rival", "reads_all")


@bp.errorhandler(ValueError)
@bp.errorhandler(TypeError)
@bp.errorhandler(KeyError)
def wrong(error: Exception) -> ResponseReturnValue:
    return jsonify(detail=str(error)), 400


@bp.errorhandler(LookupError)
def unknown(error: Exception) -> ResponseReturnValue:
    return jsonify(detail=str(error)), 404


# Bots


@bp.get("/bots")
def bots() -> ResponseReturnValue:
    return jsonify([show.bot(one) for one in visit.state().bots.values()])


@bp.post("/bots")
def add_bot() -> ResponseReturnValue:
    """`username`, and `name` if wanted; the answer holds the `token`."""
    made = visit.double().add_bot(visit.text("username"), visit.text("name", ""))
    return jsonify(show.bot(made)), 201


@bp.get("/bots/<username>")
def bot(username: str) -> ResponseReturnValue:
    return jsonify(show.bot(visit.bot(username)))


@bp.patch("/bots/<username>")
def change_bot(username: str) -> ResponseReturnValue:
    """`rival`: somebody else polls, too; `reads_all`: privacy mode is off."""
    found = visit.bot(username)
    for name, value in visit.body().items():
        if name not in BOT_KNOBS or not isinstance(value, bool):
            raise ValueError(f"{name!r} is none of {', '.join(BOT_KNOBS)}, or not true or false")
        setattr(found, name, value)
    return bot(username)


@bp.post("/bots/<username>/revoke")
def revoke(username: str) -> ResponseReturnValue:
    """A new token; the old one is 401."""
    visit.bot(username).revoke()
    return bot(username)


# People


@bp.get("/users")
def users() -> ResponseReturnValue:
    return jsonify([show.user(one) for one in visit.state().users.values()])


@bp.post("/users")
def add_user() -> ResponseReturnValue:
    """`id`, `name`, and `username`, `language` if wanted."""
    made = visit.double().add_user(
        visit.number("id"), visit.text("name"), visit.text("username", ""),
        visit.text("language", "ru"),
    )  # fmt: skip
    return jsonify(show.user(made)), 201


@bp.delete("/users/<int:user_id>")
def delete_account(user_id: int) -> ResponseReturnValue:
    """He deletes his account; bots are told that he is deactivated."""
    visit.user(user_id).deletes_account()
    return jsonify(show.user(visit.user(user_id)))


@bp.get("/users/<int:user_id>/chats")
def phone(user_id: int) -> ResponseReturnValue:
    return jsonify(show.phone(visit.user(user_id)))


@bp.get("/users/<int:user_id>/messages")
def messages(user_id: int) -> ResponseReturnValue:
    """Of `bot`, or of `chat` and `topic`."""
    found = visit.chat(visit.user(user_id), request.args.to_dict())
    return jsonify([show.message(one) for one in show.said(*found)])


@bp.post("/users/<int:user_id>/write")
def write(user_id: int) -> ResponseReturnValue:
    """`text` to `bot`, or into `chat` and `topic`; with `sticker` a sticker instead."""
    who, where = visit.user(user_id), visit.place(visit.body())
    if visit.body().get("sticker"):
        return jsonify(show.message(who.sends_sticker(where))), 201
    return jsonify(show.message(who.writes(where, visit.text("text")))), 201


@bp.post("/users/<int:user_id>/reply")
def reply(user_id: int) -> ResponseReturnValue:
    who = visit.user(user_id)
    made = who.replies(visit.message(who, visit.body()), visit.text("text"))
    return jsonify(show.message(made)), 201


@bp.post("/users/<int:user_id>/edit")
def edit(user_id: int) -> ResponseReturnValue:
    who = visit.user(user_id)
    found = visit.message(who, visit.body())
    who.edits(found, visit.text("text"))
    return jsonify(show.message(found))


@bp.post("/users/<int:user_id>/press")
def press(user_id: int) -> ResponseReturnValue:
    """`button`: text or data; with `forged` any data."""
    who, told = visit.user(user_id), visit.body()
    forged = told.get("forged") is True
    made = who.presses(visit.message(who, told), visit.text("button"), forged=forged)
    return jsonify(show.callback(made)), 201


@bp.get("/users/<int:user_id>/callbacks")
def callbacks(user_id: int) -> ResponseReturnValue:
    """The buttons he pressed, and what he was told."""
    return jsonify([
        show.callback(one) for one in visit.state().callbacks.all if one.user.id == user_id
    ])  # fmt: skip


@bp.post("/users/<int:user_id>/block")
def block(user_id: int) -> ResponseReturnValue:
    visit.user(user_id).blocks(visit.bot(visit.text("bot")))
    return jsonify(show.user(visit.user(user_id)))


@bp.post("/users/<int:user_id>/unblock")
def unblock(user_id: int) -> ResponseReturnValue:
    visit.user(user_id).unblocks(visit.bot(visit.text("bot")))
    return jsonify(show.user(visit.user(user_id)))


# Groups


@bp.get("/groups")
def groups() -> ResponseReturnValue:
    return jsonify([show.group(one) for one in visit.state().groups.values()])


@bp.post("/groups")
def add_group() -> ResponseReturnValue:
    """`title`, `kind` (`group`, `supergroup`), `forum`."""
    told = visit.body()
    made = visit.double().add_group(
        visit.text("title"), kind=visit.text("kind", "supergroup"), forum=told.get("forum") is True
    )
    return jsonify(show.group(made)), 201


@bp.patch("/groups/<signed:chat_id>")
def change_group(chat_id: int) -> ResponseReturnValue:
    """`muted`: bots may not write."""
    muted = visit.body().get("muted")
    if not isinstance(muted, bool):
        raise ValueError("`muted` must be true or false")
    visit.group(chat_id).muted = muted
    return jsonify(show.group(visit.group(chat_id)))


@bp.post("/groups/<signed:chat_id>/members")
def add_member(chat_id: int) -> ResponseReturnValue:
    """`user` or `bot`; a bot with `admin` is an administrator."""
    told = visit.body()
    visit.group(chat_id).adds(visit.member(told), admin=told.get("admin") is True)
    return jsonify(show.group(visit.group(chat_id)))


@bp.post("/groups/<signed:chat_id>/kick")
def kick(chat_id: int) -> ResponseReturnValue:
    visit.group(chat_id).kicks(visit.member(visit.body()))
    return jsonify(show.group(visit.group(chat_id)))


@bp.post("/groups/<signed:chat_id>/upgrade")
def upgrade(chat_id: int) -> ResponseReturnValue:
    """A group becomes a supergroup: the answer is the new one."""
    return jsonify(show.group(visit.group(chat_id).upgrades()))


@bp.post("/groups/<signed:chat_id>/topics")
def add_topic(chat_id: int) -> ResponseReturnValue:
    return jsonify(show.topic(visit.group(chat_id).opens(visit.text("name")))), 201


@bp.patch("/groups/<signed:chat_id>/topics/<int:topic_id>")
def change_topic(chat_id: int, topic_id: int) -> ResponseReturnValue:
    """`closed`, `deleted`."""
    found = visit.topic(visit.group(chat_id), topic_id)
    for name, value in visit.body().items():
        if name not in ("closed", "deleted") or not isinstance(value, bool):
            raise ValueError(f"{name!r} is none of closed, deleted, or not true or false")
        setattr(found, name, value)
    return jsonify(show.topic(found))


@bp.get("/photos/<file_id>")
def photo(file_id: str) -> ResponseReturnValue:
    found = visit.state().photos.get(file_id)
    if found is None:
        raise LookupError(f"no photo {file_id!r}")
    return Response(found.content, mimetype="image/png")

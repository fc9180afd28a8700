"""People who block and leave, groups, topics, and who hears what."""

from __future__ import annotations

from typing import Any

import pytest
from telegram_double_cast import Client, inline

from sandbox.telegram import Bot, Group, TelegramDouble, Topic, User


@pytest.fixture
def bob(telegram: TelegramDouble) -> User:
    return telegram.add_user(502, "Боб")


@pytest.fixture
def group(telegram: TelegramDouble, bot: Bot, ann: User) -> Group:
    return telegram.add_group("Магазин", ann, bot)


@pytest.fixture
def forum(telegram: TelegramDouble, bot: Bot, ann: User) -> Group:
    return telegram.add_group("Форум", ann, forum=True, admins=(bot,))


@pytest.fixture
def topic(forum: Group, ann: User) -> Topic:
    return forum.opens("Заказы", ann)


def kinds(updates: list[dict[str, Any]]) -> list[str]:
    return [sorted(set(update) - {"update_id"})[0] for update in updates]


def heard(client: Client) -> list[str]:
    """What people wrote, as the bot hears it; everything is confirmed."""
    found = client.polls()
    if found:
        client.polls(found[-1]["update_id"] + 1)
    return [u["message"].get("text", "") for u in found if "message" in u]


def test_nobody_is_written_to_who_did_not_begin(client: Client, ann: User) -> None:
    assert client.fails("sendMessage", chat_id=501, text="hi") == (
        "403 Forbidden: bot can't initiate conversation with a user"
    )
    client.telegram.switches.strangers_unknown = True
    assert client.fails("sendMessage", chat_id=501, text="hi") == "400 Bad Request: chat not found"
    ann.starts(client.bot)
    client("sendMessage", chat_id=501, text="hi")
    assert ann.texts(client.bot) == ["hi"]


def test_a_bot_does_not_write_to_bots(client: Client, telegram: TelegramDouble) -> None:
    other = telegram.add_bot("other_bot")
    assert client.fails("sendMessage", chat_id=other.id, text="hi") == (
        "403 Forbidden: bots can't send messages to bots"
    )


def test_dialogs_of_two_bots_are_apart(started: Client, ann: User) -> None:
    other = Client(started.telegram, started.telegram.add_bot("other_bot"))
    assert other.fails("sendMessage", chat_id=501, text="hi").startswith("403")
    ann.starts(other.bot)
    other("sendMessage", chat_id=501, text="hi")
    assert ann.texts(started.bot) == []
    assert heard(started) == []
    assert heard(other) == ["/start"]


def test_blocking_is_told_and_stops_everything(started: Client, ann: User) -> None:
    sent = started("sendMessage", chat_id=501, text="hi", reply_markup=inline([("a", "b")]))
    ann.blocks(started.bot)
    (update,) = started.polls()
    change = update["my_chat_member"]
    assert change["chat"] == {"id": 501, "first_name": "Аня", "username": "anya", "type": "private"}
    assert (change["old_chat_member"]["status"], change["new_chat_member"]["status"]) == (
        "member", "kicked",
    )  # fmt: skip
    blocked = "403 Forbidden: bot was blocked by the user"
    which = {"chat_id": 501, "message_id": sent["message_id"]}
    assert started.fails("sendMessage", chat_id=501, text="hi") == blocked
    assert started.fails("editMessageText", **which, text="other") == blocked
    assert started.fails("deleteMessage", **which) == blocked
    with pytest.raises(ValueError, match="unblock first"):
        ann.writes(started.bot, "hi")
    ann.unblocks(started.bot)
    started("sendMessage", chat_id=501, text="again")
    assert ann.texts(started.bot) == ["hi", "again"]


def test_a_deleted_account_is_deactivated(started: Client, ann: User) -> None:
    ann.deletes_account()
    assert started.fails("sendMessage", chat_id=501, text="hi") == (
        "403 Forbidden: user is deactivated"
    )
    with pytest.raises(ValueError, match="no account any more"):
        ann.writes(started.bot, "hi")


def test_replies_edits_and_stickers_are_told(started: Client, ann: User) -> None:
    started("sendMessage", chat_id=501, text="question")
    mine = ann.replies(ann.messages(started.bot)[0], "answer /cancel")
    ann.edits(mine, "better")
    ann.sends_sticker(started.bot)
    reply, edit, sticker = started.polls()
    assert reply["message"]["reply_to_message"]["text"] == "question"
    assert reply["message"]["entities"][0]["type"] == "bot_command"
    assert edit["edited_message"]["text"] == "better"
    assert "edit_date" in edit["edited_message"]
    assert "text" not in sticker["message"]


def test_a_message_may_answer_another(started: Client, ann: User) -> None:
    asked = ann.writes(started.bot, "?")
    told = started("sendMessage", chat_id=501, text="!", reply_parameters={"message_id": asked.id})
    assert told["reply_to_message"]["text"] == "?"
    lost = {"message_id": 99_999, "allow_sending_without_reply": True}
    assert "reply_to_message" not in started(
        "sendMessage", chat_id=501, text="!", reply_parameters=lost
    )


def test_with_privacy_a_bot_hears_only_what_is_meant_for_it(
    client: Client, group: Group, ann: User
) -> None:
    assert kinds(client.polls()) == ["my_chat_member"]
    client("sendMessage", chat_id=group.id, text="I am here")
    ann.writes(group, "talk")
    ann.writes(group, "/menu")
    ann.writes(group, "/menu@other_bot")
    ann.writes(group, "/menu@shop_bot")
    ann.writes(group, "hey @shop_bot!")
    ann.replies(client.bot.messages()[0], "yes")
    ann.sends_sticker(group)
    assert heard(client) == ["/menu", "/menu@shop_bot", "hey @shop_bot!", "yes"]
    client.bot.reads_all = True
    ann.writes(group, "talk")
    assert heard(client) == ["talk"]


def test_out_of_a_group_there_is_no_writing(client: Client, group: Group, bob: User) -> None:
    with pytest.raises(ValueError, match="is not in"):
        bob.writes(group, "hi")
    group.kicks(client.bot)
    assert client.fails("sendMessage", chat_id=group.id, text="hi") == (
        "403 Forbidden: bot was kicked from the supergroup chat"
    )
    assert kinds(client.polls()) == ["my_chat_member", "my_chat_member"]
    stranger = Client(client.telegram, client.telegram.add_bot("other_bot"))
    assert stranger.fails("sendMessage", chat_id=group.id, text="hi") == (
        "400 Bad Request: chat not found"
    )
    group.adds(client.bot)
    group.muted = True
    assert client.fails("sendMessage", chat_id=group.id, text="hi") == (
        "400 Bad Request: not enough rights to send text messages to the chat"
    )


def test_in_groups_a_bot_deletes_only_its_own_unless_it_is_admin(
    client: Client, group: Group, ann: User
) -> None:
    said = ann.writes(group, "/menu")
    which = {"chat_id": group.id, "message_id": said.id}
    assert client.fails("deleteMessage", **which) == "400 Bad Request: message can't be deleted"
    group.adds(client.bot, admin=True)
    assert client("deleteMessage", **which) is True


def test_an_upgraded_group_names_the_new_one(
    client: Client, telegram: TelegramDouble, bot: Bot, ann: User
) -> None:
    old = telegram.add_group("Старая", ann, bot, kind="group")
    client("sendMessage", chat_id=old.id, text="hi")
    new = old.upgrades()
    answer = client.raw("sendMessage", chat_id=old.id, text="hi").json()
    assert answer == {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": new.id},
    }
    client("sendMessage", chat_id=new.id, text="hi")
    told = [u["message"] for u in client.polls() if "message" in u]
    assert told[0]["migrate_to_chat_id"] == new.id
    assert told[1]["migrate_from_chat_id"] == old.id


def test_nothing_happens_in_an_empty_group(telegram: TelegramDouble) -> None:
    with pytest.raises(ValueError, match="nobody is in"):
        telegram.add_group("Leer", forum=True).opens("x")
    with pytest.raises(ValueError, match="nobody is in"):
        telegram.add_group("Leer", kind="group").upgrades()


def test_topics_are_apart(client: Client, forum: Group, topic: Topic, ann: User) -> None:
    client("sendMessage", chat_id=forum.id, text="into it", message_thread_id=topic.id)
    client("sendMessage", chat_id=forum.id, text="general")
    assert [m.text for m in topic.messages()] == ["into it"]
    ann.writes(topic, "thanks")
    told = client.polls()[-1]["message"]
    assert (told["message_thread_id"], told["is_topic_message"]) == (topic.id, True)
    assert told["chat"]["is_forum"] is True
    assert told["reply_to_message"]["forum_topic_created"]["name"] == "Заказы"
    for wrong in (1, 99_999):
        assert client.fails("sendMessage", chat_id=forum.id, text="x", message_thread_id=wrong) == (
            "400 Bad Request: message thread not found"
        )


def test_topics_are_made_closed_and_deleted(
    client: Client, telegram: TelegramDouble, forum: Group, group: Group, ann: User
) -> None:
    made = client("createForumTopic", chat_id=forum.id, name="Логи")
    where = {"chat_id": forum.id, "message_thread_id": made["message_thread_id"]}
    client("sendMessage", **where, text="one")
    assert client.fails("createForumTopic", chat_id=group.id, name="x") == (
        "400 Bad Request: the chat is not a forum"
    )
    client("closeForumTopic", **where)
    client("sendMessage", **where, text="an admin may")
    other = Client(telegram, telegram.add_bot("other_bot"))
    forum.adds(other.bot)
    assert other.fails("sendMessage", **where, text="x") == "400 Bad Request: TOPIC_CLOSED"
    assert other.fails("createForumTopic", chat_id=forum.id, name="x") == (
        "400 Bad Request: not enough rights to create a topic"
    )
    found = forum.topic(made["message_thread_id"])
    assert found is not None
    found.deleted = True
    assert client.fails("sendMessage", **where, text="x") == (
        "400 Bad Request: message thread not found"
    )


def test_get_chat_tells_of_chats_the_bot_met(started: Client, forum: Group, bob: User) -> None:
    assert started("getChat", chat_id=501)["type"] == "private"
    assert started("getChat", chat_id=forum.id)["is_forum"] is True
    assert started.fails("getChat", chat_id=bob.id) == "400 Bad Request: chat not found"


def test_buttons_in_a_group_tell_who_pressed(
    client: Client, group: Group, ann: User, bob: User
) -> None:
    client("sendMessage", chat_id=group.id, text="?", reply_markup=inline([("Да", "yes")]))
    (shown,) = client.bot.messages()
    with pytest.raises(ValueError, match="sees no such message"):
        bob.presses(shown, "Да")
    group.adds(bob)
    bob.presses(shown, "Да")
    asked = client.polls()[-1]["callback_query"]
    assert (asked["from"]["id"], asked["message"]["chat"]["id"]) == (502, group.id)

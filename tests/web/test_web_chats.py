"""Chats through the API, over the marketplace (seed 5, contract 6)."""

from __future__ import annotations

from typing import Any

import pytest
from web_cast import SHOP, Scene, Web, furnish, json_of, refusal

SHORT = {"chat_id", "name", "last_message", "unread", "media_url"}
MESSAGE = {"id", "text", "html", "author", "author_id", "is_my", "image_url"}


def test_chats_are_listed_with_members_that_are_never_null(web: Web, scene: Scene) -> None:
    scene.ann.writes(scene.seller, "Вы тут?")
    body = web.get(f"{SHOP}/chats")
    assert set(body) == {"chats", "total"}
    (chat,) = body["chats"]
    assert set(chat) == SHORT
    assert chat | {"media_url": None} == {
        "chat_id": scene.chat,
        "name": "ann",
        "last_message": "Вы тут?",
        "unread": True,
        "media_url": None,
    }
    assert isinstance(chat["media_url"], str | None)
    assert body["total"] == 1


def test_without_update_the_last_poll_is_shown_and_nobody_is_asked(web: Web, scene: Scene) -> None:
    first = web.get(f"{SHOP}/chats?update=false")
    assert [chat["chat_id"] for chat in first["chats"]] == [scene.chat]
    assert set(first["chats"][0]) == SHORT
    before = len(web.world.log.requests())
    scene.ann.writes(scene.seller, "Новое")
    assert web.get(f"{SHOP}/chats?update=false") == first
    assert len(web.world.log.requests()) == before
    web.poll(scene.seller)
    (chat,) = web.get(f"{SHOP}/chats?update=false")["chats"]
    assert (chat["last_message"], chat["unread"]) == ("Новое", True)


def test_an_account_that_has_no_chats_has_an_empty_list(web: Web) -> None:
    web.open()
    for query in ("", "?update=false"):
        assert web.get(f"{SHOP}/chats{query}") == {"chats": [], "total": 0}


def test_a_chat_shows_who_wrote_what_by_bot_or_by_hand(web: Web, scene: Scene) -> None:
    scene.seller.writes(scene.ann, "Сейчас")
    scene.ann.sends_image(scene.seller, b"png")
    body = web.get(f"{SHOP}/chats/{scene.chat}")
    assert set(body) == {"id", "name", "messages"}
    assert (body["id"], body["name"]) == (scene.chat, "ann")
    everything = body["messages"]
    assert all(set(message) == MESSAGE for message in everything)
    messages = everything[-5:]
    assert [m["id"] for m in messages] == sorted(m["id"] for m in messages)
    assert [(m["author"], m["author_id"], m["is_my"]) for m in messages] == [
        ("FunPay", 0, False),
        ("ann", scene.ann.id, False),
        ("my_shop", scene.seller.id, True),
        ("my_shop", scene.seller.id, True),
        ("ann", scene.ann.id, False),
    ]
    assert messages[1]["text"] == "Здравствуйте!"
    assert messages[-1]["text"] == ""
    assert messages[-1]["image_url"].startswith("http")
    assert all(isinstance(m["html"], str) for m in messages)


def test_an_unknown_chat_is_not_found(web: Web, scene: Scene) -> None:
    refusal(web.owner("GET", f"{SHOP}/chats/999999"), 404)
    refusal(web.owner("GET", f"{SHOP}/chats/999999/history"), 404)


def test_the_history_is_paged_with_the_smallest_id_seen(web: Web, scene: Scene) -> None:
    for n in range(70):
        scene.ann.writes(scene.seller, f"Сообщение {n}")
    pages: list[list[int]] = []
    query = ""
    while not pages or pages[-1]:
        body = web.get(f"{SHOP}/chats/{scene.chat}/history{query}")
        assert set(body) == {"chat_id", "messages", "count"}
        assert (body["chat_id"], body["count"]) == (scene.chat, len(body["messages"]))
        assert all(set(message) == MESSAGE for message in body["messages"])
        ids = [message["id"] for message in body["messages"]]
        assert ids == sorted(ids)
        pages.append(ids)
        query = f"?last_message_id={min(ids, default=0)}"
    everything = [n for page in reversed(pages) for n in page]
    assert everything == [m.id for m in scene.ann.messages_with(scene.seller)]
    assert 0 < len(pages[0]) <= 100
    assert web.get(f"{SHOP}/chats/{scene.chat}/history?last_message_id={pages[0][0]}")["count"] > 0


def test_the_history_leaves_a_chat_unread_and_names_its_people(web: Web, scene: Scene) -> None:
    scene.ann.writes(scene.seller, "Новое")
    messages = web.get(f"{SHOP}/chats/{scene.chat}/history")["messages"][-4:]
    assert [m["author"] for m in messages] == ["FunPay", "ann", "my_shop", "ann"]
    assert [m["is_my"] for m in messages] == [False, False, True, False]
    web.advance(10)
    assert web.get(f"{SHOP}/chats")["chats"][0]["unread"] is True


def test_a_message_is_sent_as_given(web: Web, scene: Scene) -> None:
    text = "Здравствуйте!\nЧем могу помочь?"
    answer = web.ok("POST", f"{SHOP}/chats/{scene.chat}/send", {"text": text})
    assert answer == {"status": "sent", "chat_id": scene.chat}
    assert scene.ann.messages_from(scene.seller)[-1] == text
    assert web.get(f"{SHOP}/chats/{scene.chat}")["messages"][-1]["text"] == text


def test_the_same_idempotency_key_sends_once(web: Web, scene: Scene) -> None:
    path, key = f"{SHOP}/chats/{scene.chat}/send", {"Idempotency-Key": "k1"}
    before = len(scene.ann.messages_from(scene.seller))
    for _ in range(3):
        web.ok("POST", path, {"text": "раз"}, headers=key)
    assert scene.ann.messages_from(scene.seller)[before:] == ["раз"]
    refusal(web.owner("POST", path, {"text": "два"}, headers=key), 400)


@pytest.mark.parametrize("text", ["", "   ", "\n", "x" * 2001, 5, None, [], True])
def test_a_message_has_one_to_two_thousand_characters(web: Web, text: Any) -> None:
    web.open()
    answer = web.owner("POST", f"{SHOP}/chats/5/send", {"text": text})
    assert "text" in refusal(answer, 400)
    assert web.world.log.effects("message") == []


def test_a_text_is_measured_without_its_blanks(web: Web, scene: Scene) -> None:
    web.ok("POST", f"{SHOP}/chats/{scene.chat}/send", {"text": "  " + "x" * 2000 + "\n"})


def test_what_funpay_refuses_is_400_with_its_reason(web: Web, scene: Scene) -> None:
    web.world.chat(scene.seller, scene.ann).muted_by.add(scene.ann.id)
    answer = web.owner("POST", f"{SHOP}/chats/{scene.chat}/send", {"text": "x"})
    assert "заблокировал" in refusal(answer, 400)


def test_a_chat_of_others_cannot_be_written_to(web: Web, scene: Scene) -> None:
    ann, bob = scene.ann, web.world.buyer("bob")
    bob.writes(ann, "Наше")
    theirs = web.world.chat(ann, bob).id
    answer = web.owner("POST", f"{SHOP}/chats/{theirs}/send", {"text": "x"})
    assert answer.status_code in (400, 404)
    assert [m.text for m in ann.messages_with(bob)] == ["Наше"]


def test_an_outcome_that_nobody_knows_is_an_upstream_error(web: Web, scene: Scene) -> None:
    web.world.faults.add("cut", "after", path="/runner/", action="send")
    web.world.faults.add("502", path="/chat/history", count=None)
    answer = web.owner("POST", f"{SHOP}/chats/{scene.chat}/send", {"text": "Один раз"})
    refusal(answer, 500)
    assert json_of(answer)["code"] == "upstream_error"
    web.world.faults.clear()
    web.pass_time(scene.seller, 120)
    assert scene.ann.messages_from(scene.seller).count("Один раз") == 1
    assert web.get("/api/commands")["total"] == 0


def test_answers_younger_than_five_seconds_are_shared(web: Web) -> None:
    scene = furnish(web)
    web.advance(60)
    before = web.asked("/orders/trade")
    for _ in range(3):
        web.get(f"{SHOP}/orders")
        web.get(f"{SHOP}/orders?include_paid=false")
    assert web.asked("/orders/trade") == before + 1
    web.ok("POST", f"{SHOP}/chats/{scene.chat}/send", {"text": "x"})
    web.get(f"{SHOP}/orders")
    assert web.asked("/orders/trade") == before + 2

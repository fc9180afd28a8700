"""Telegram moved from outside, by the calls of `/__sandbox__/`, and its page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from telegram_double_cast import Client, inline

from sandbox.telegram import User
from sandbox.telegram.site import WEB


class Control:
    """Calls of `/__sandbox__/`."""

    def __init__(self, client: Client) -> None:
        self._session, self._base = client.session, client.telegram.url

    def __call__(self, method: str, call: str, expected: int = 200, told: Any = None) -> Any:
        url = f"{self._base}/__sandbox__{call}"
        answer = self._session.request(method, url, json=told, timeout=5)
        assert answer.status_code == expected, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def control(client: Client) -> Control:
    return Control(client)


def test_a_bot_and_a_person_are_made_and_meet(control: Control, client: Client) -> None:
    bot = control("POST", "/bots", 201, {"username": "new_bot", "name": "Новый"})
    client.token = bot["token"]
    assert client("getMe")["first_name"] == "Новый"
    control("POST", "/users", 201, {"id": 900, "name": "Вера"})
    assert client.fails("sendMessage", chat_id=900, text="hi").startswith("403")
    said = control("POST", "/users/900/write", 201, {"bot": "new_bot", "text": "/start"})
    assert (said["text"], said["from"]) == ("/start", 900)
    client("sendMessage", chat_id=900, text="<b>да</b>", parse_mode="HTML",
           reply_markup=inline([("OK", "ok")]))  # fmt: skip
    shown = control("GET", "/users/900/messages?bot=new_bot")
    assert [m["html"] for m in shown] == ["/start", "<b>да</b>"]
    pressed = {"bot": "new_bot", "message": shown[1]["id"], "button": "OK"}
    press = control("POST", "/users/900/press", 201, pressed)
    control("POST", "/users/900/press", 400, {**pressed, "button": "none"})
    control("POST", "/users/900/press", 201, {**pressed, "button": "none", "forged": True})
    client("answerCallbackQuery", callback_query_id=press["id"], text="готово")
    answers = [p["answer"] for p in control("GET", "/users/900/callbacks")]
    assert answers == ["готово", None]
    reply = {"bot": "new_bot", "message": shown[1]["id"], "text": "re"}
    made = control("POST", "/users/900/reply", 201, reply)
    assert made["reply_to"]["text"] == "да"
    control("POST", "/users/900/edit", told={**reply, "message": made["id"], "text": "better"})
    control("POST", "/users/900/write", 201, {"bot": "new_bot", "sticker": True})
    assert [sorted(u)[-1] for u in client.polls()].count("update_id") == 6
    chats = {c["key"]: c for c in control("GET", "/users/900/chats")}
    assert chats["bot:new_bot"]["from_bots"] == 1
    assert chats["bot:shop_bot"]["last"] is None


def test_what_is_wrong_is_said(control: Control, ann: User) -> None:
    control("POST", "/bots", 400, {})
    control("POST", "/bots", 400, {"username": "SHOP_BOT"})
    control("POST", "/users", 400, {"id": 501, "name": "again"})
    control("POST", "/users", 400, {"id": True, "name": "x"})
    control("GET", "/bots/none", 404)
    control("GET", "/users/1/chats", 404)
    control("POST", "/users/501/write", 404, {"bot": "none", "text": "x"})
    control("POST", "/users/501/write", 400, {"text": "x"})
    control("POST", "/users/501/press", 404, {"bot": "shop_bot", "message": 5, "button": "x"})
    control("POST", "/groups", 400, {"title": "x", "kind": "channel"})
    control("GET", "/photos/none", 404)
    control("GET", "/nothing", 404)
    control("DELETE", "/faults/9", 404)


def test_bots_are_revoked_and_have_rivals(control: Control, client: Client) -> None:
    control("PATCH", "/bots/shop_bot", told={"rival": True})
    assert client.fails("getUpdates").startswith("409")
    control("PATCH", "/bots/shop_bot", 400, {"rival": 1})
    control("PATCH", "/bots/shop_bot", 400, {"token": "x"})
    new = control("POST", "/bots/shop_bot/revoke")["token"]
    assert client.fails("getMe") == "401 Unauthorized"
    assert [b["token"] for b in control("GET", "/bots")] == [new]


def test_people_block_and_leave(control: Control, started: Client, ann: User) -> None:
    assert control("POST", "/users/501/block", told={"bot": "shop_bot"})["blocked"] == ["shop_bot"]
    control("POST", "/users/501/write", 400, {"bot": "shop_bot", "text": "x"})
    assert control("POST", "/users/501/unblock", told={"bot": "shop_bot"})["blocked"] == []
    assert control("DELETE", "/users/501")["deactivated"] is True
    assert [u["name"] for u in control("GET", "/users")] == ["Аня"]


def test_groups_and_topics(control: Control, client: Client, ann: User) -> None:
    made = control("POST", "/groups", 201, {"title": "Форум", "forum": True})
    where = f"/groups/{made['id']}"
    control("POST", f"{where}/members", told={"user": 501})
    control("POST", f"{where}/members", told={"bot": "shop_bot", "admin": True})
    topic = control("POST", f"{where}/topics", 201, {"name": "Логи"})
    client("sendMessage", chat_id=made["id"], text="log", message_thread_id=topic["id"])
    query = f"?chat={made['id']}&topic={topic['id']}"
    assert [m["text"] for m in control("GET", f"/users/501/messages{query}")] == ["log"]
    general = control("GET", f"/users/501/messages?chat={made['id']}")
    assert general == []
    said = {"chat": made["id"], "topic": topic["id"], "text": "ok"}
    assert control("POST", "/users/501/write", 201, said)["topic"] == topic["id"]
    control("PATCH", f"{where}/topics/{topic['id']}", told={"deleted": True})
    control("PATCH", f"{where}/topics/{topic['id']}", 404, {"closed": True})
    control("PATCH", where, told={"muted": True})
    control("POST", f"{where}/kick", told={"bot": "shop_bot"})
    assert client.fails("sendMessage", chat_id=made["id"], text="x").startswith("403")
    old = control("POST", "/groups", 201, {"title": "Old", "kind": "group"})
    control("POST", f"/groups/{old['id']}/members", told={"user": 501})
    new = control("POST", f"/groups/{old['id']}/upgrade")
    control("POST", f"/groups/{old['id']}/upgrade", 400)
    found = {g["id"]: g for g in control("GET", "/groups")}
    assert found[old["id"]]["migrated_to"] == new["id"]
    assert [c["title"] for c in control("GET", "/users/501/chats")][-2:] == ["Форум", "Old"]


def test_faults_switches_limits_and_the_clock(control: Control, started: Client) -> None:
    fault = {"action": "error", "method": "sendMessage", "retry_after": 3}
    (made,) = control("POST", "/faults", 201, fault)
    assert made["code"] == 429
    assert started.fails("sendMessage", chat_id=501, text="x").startswith("429")
    assert control("GET", "/limits")[0]["seconds"] == 3
    control("DELETE", "/limits", 204)
    assert control("GET", "/limits") == []
    control("DELETE", f"/faults/{made['id']}", 204)
    control("POST", "/faults", 201, [fault, fault])
    control("POST", "/faults", 400, {"action": "none"})
    assert len(control("GET", "/faults")) == 2
    control("DELETE", "/faults", 204)
    assert control("GET", "/faults") == []
    assert control("PATCH", "/switches", told={"limits": False})["limits"] is False
    for wrong in ({"limits": 1}, {"none": 1}, {"per_second": -1}, {"per_second": True}):
        control("PATCH", "/switches", 400, wrong)
    assert control("POST", "/clock", told={"advance": 60})["now"] == "2025-11-01T00:01:00+00:00"
    control("POST", "/clock", told={"set": "2026-01-01T00:00:00+00:00"})
    control("POST", "/clock", 400, {"set": "2026-01-01T00:00:00"})
    assert control("GET", "/clock")["frozen"] is True


def test_the_log_knows_requests_and_effects(control: Control, started: Client) -> None:
    started("sendMessage", chat_id=501, text="x")
    first = control("GET", "/log?what=message")[0]
    assert (first["text"], first["account"], first["chat"]) == ("x", "shop_bot", 501)
    sent = control("GET", "/log?method=sendMessage&bot=shop_bot")
    assert [(e["status"], e["outcome"], e["answered"]) for e in sent] == [(200, "ok", True)]
    assert control("GET", f"/log?since={first['n']}") == []
    assert control("GET", "/wrongdoings") == []


def test_the_page_needs_nothing_from_elsewhere(client: Client) -> None:
    base = client.telegram.url
    page = client.session.get(f"{base}/", timeout=5)
    assert page.headers["Content-Type"].startswith("text/html")
    assert client.session.get(f"{base}/__sandbox__/", timeout=5).text == page.text
    names = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    own = [name for name in names if name != "data:,"]
    assert len(own) == 3
    for name in own:
        answer = client.session.get(base + name, timeout=5)
        assert answer.status_code == 200, name
        assert "https://" not in answer.text.replace("https?:", "")
    assert client.session.get(f"{base}/__sandbox__/web/../site.py", timeout=5).status_code == 404


def test_the_page_puts_nothing_in_as_html() -> None:
    for path in WEB.glob("*.js"):
        code = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", code)

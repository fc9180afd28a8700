"""What waits for a person, the audit log and passwords."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, update
from web_cast import HOME, PASSWORD, SHOP, Web, furnish, json_of, refusal

from opium.db.tables import Alert, AuditEntry, Setting, StoredCommand
from opium.errors import Invalid, TooMany
from opium.security import audit, passwords
from opium.security.passwords import Hashing, check_rules, ensure_password, hash_password, verify

COMMAND = {"id", "account_id", "kind", "order_id", "chat_id", "state", "reason", "since"}
NOON = datetime(2026, 2, 15, 9, 0, tzinfo=UTC)


def command(number: int, state: str, **members: Any) -> StoredCommand:
    values: dict[str, Any] = {
        "id": number,
        "account_id": "my_shop",
        "fp_id": 1,
        "kind": "send_message",
        "chat": "67890",
        "state": state,
        "created_at": NOON,
    }
    return StoredCommand(**(values | members))


def test_held_and_unknown_commands_are_shown(web: Web) -> None:
    with web.db.write() as session:
        session.add_all(
            [
                command(1, "held", reason="which lot?", order_id="ABC"),
                command(2, "done"),
                command(3, "unknown", chat="users-1-2"),
                command(4, "held", account_id="other"),
            ]
        )
    body = json_of(web.owner("GET", "/api/commands"))
    assert (body["total"], [item["id"] for item in body["items"]]) == (3, [1, 3, 4])
    assert body["items"][0] == {
        "id": 1,
        "account_id": "my_shop",
        "kind": "send_message",
        "order_id": "ABC",
        "chat_id": 67890,
        "state": "held",
        "reason": "which lot?",
        "since": "2026-02-15T12:00:00+03:00",
    }
    assert body["items"][1]["chat_id"] is None
    held = json_of(web.owner("GET", "/api/commands?state=held&account_id=my_shop"))
    assert [item["id"] for item in held["items"]] == [1]
    paged = json_of(web.owner("GET", "/api/commands?limit=1&offset=1"))
    assert (paged["total"], [item["id"] for item in paged["items"]]) == (3, [3])


@pytest.mark.parametrize(
    ("decision", "state"), [("done", "done"), ("again", "waiting"), ("drop", "failed")]
)
def test_a_held_command_is_settled_once_by_a_person(web: Web, decision: str, state: str) -> None:
    with web.db.write() as session:
        session.add_all([command(1, "held"), command(2, "unknown")])
    path = "/api/commands/1/resolve"
    assert "decision" in refusal(web.owner("POST", path, {"decision": "perhaps"}), 400)
    refusal(web.owner("POST", "/api/commands/9/resolve", {"decision": decision}), 404)
    refusal(web.owner("POST", "/api/commands/2/resolve", {"decision": decision}), 409)
    item = web.ok("POST", path, {"decision": decision})
    assert (set(item), item["id"], item["state"]) == (COMMAND, 1, state)
    refusal(web.owner("POST", path, {"decision": decision}), 409)
    newest = web.get("/api/audit")["items"][0]
    assert (newest["action"], newest["target"], newest["result"]) == (
        "COMMAND_RESOLVED",
        "my_shop:1",
        decision,
    )


def test_an_account_in_trouble_leaves_an_alert(web: Web) -> None:
    seller = web.open()
    seller.loses_key()
    web.poll(seller, 2)
    (alert,) = web.get("/api/alerts")["items"]
    assert set(alert) == {"id", "kind", "account_id", "text", "created_at", "acked_at"}
    assert (alert["account_id"], alert["acked_at"]) == ("my_shop", None)
    assert web.ok("POST", f"/api/alerts/{alert['id']}/ack") == {"ok": True}
    assert web.get("/api/alerts")["items"][0]["acked_at"].endswith("+03:00")


def test_everything_a_person_changes_is_in_the_audit_log(web: Web) -> None:
    scene = furnish(web)
    claim = {"X-Forwarded-For": "192.0.2.77"}  # is in no row
    refund = f"{SHOP}/orders/{scene.order.id}/refund"
    assert web.owner("POST", refund, headers=claim).status_code == 200
    web.ok("PATCH", f"{SHOP}/config", {"disable_messages": True})
    web.ok("PUT", f"{SHOP}/modules/auto_raise", {"config": {}})
    web.ok("DELETE", f"{SHOP}/modules/auto_raise")
    web.ok("POST", f"{SHOP}/stop", status=202)
    web.ok("POST", f"{SHOP}/start", status=202)
    web.ok("DELETE", SHOP)
    *entries, first = web.get("/api/audit?limit=500")["items"]
    assert (first["action"], first["actor"], first["ip"]) == ("PASSWORD_SET", "opium", "")
    assert {entry["ip"] for entry in entries} == {HOME}
    assert {entry["actor"] for entry in entries} == {"admin"}
    assert {
        ("SIGN_IN", "ok"),
        ("ACCOUNT_CREATED", "ok"),
        ("MODULE_ATTACHED", "ok"),
        ("REFUND", "asked"),
        ("CONFIG_CHANGED", "disable_messages"),
        ("CONFIG_CHANGED", "ok"),
        ("SECRET_REVEALED", "ok"),
        ("MODULE_DETACHED", "ok"),
        ("ACCOUNT_STOPPED", "ok"),
        ("ACCOUNT_STARTED", "ok"),
        ("ACCOUNT_DELETED", "ok"),
    } <= {(entry["action"], entry["result"]) for entry in entries}
    with web.db.read() as session:
        assert audit.verify(session) is None


def test_alerts_are_seen_and_acknowledged(web: Web) -> None:
    with web.db.write() as session:
        session.add_all(
            [
                Alert(id=1, kind="stock", key="a", text="Empty", created_at=NOON),
                Alert(id=2, kind="key", key="b", text="Dead", created_at=NOON, closed_at=NOON),
            ]
        )
    body = json_of(web.owner("GET", "/api/alerts"))
    assert body == {
        "items": [
            {
                "id": 1,
                "kind": "stock",
                "account_id": None,
                "text": "Empty",
                "created_at": "2026-02-15T12:00:00+03:00",
                "acked_at": None,
            }
        ],
        "total": 1,
    }
    assert json_of(web.owner("GET", "/api/alerts?open=false"))["total"] == 2
    for _ in range(2):
        assert json_of(web.owner("POST", "/api/alerts/1/ack")) == {"ok": True}
    assert json_of(web.owner("GET", "/api/alerts"))["items"][0]["acked_at"]
    refusal(web.owner("POST", "/api/alerts/9/ack"), 404)
    actions = [item["action"] for item in json_of(web.owner("GET", "/api/audit"))["items"]]
    assert actions.count("ALERT_ACKED") == 1


def test_the_audit_log_is_newest_first(web: Web) -> None:
    web.register()
    web.owner("POST", "/api/accounts/my_shop/stop")
    body = json_of(web.owner("GET", "/api/audit?limit=1"))
    assert set(body) == {"items", "total"}
    (item,) = body["items"]
    assert set(item) == {"id", "at", "actor", "action", "target", "result", "ip"}
    assert (item["action"], item["actor"], item["ip"]) == (
        "ACCOUNT_STOPPED",
        "admin",
        "203.0.113.7",
    )


def test_a_changed_or_removed_audit_row_is_found(web: Web) -> None:
    """S16: each way to spoil the chain."""
    with web.db.write() as session:
        for n in range(4):  # the first row tells of the password
            audit.record(session, "admin", "TEST", str(n), "ok", "")
        assert audit.verify(session) is None
    third = update(AuditEntry).where(AuditEntry.id == 3)
    texts = ("actor", "action", "target", "result", "ip")
    spoils = [
        *((third.values({name: "x"}), 3) for name in texts),
        (third.values(actor="adminT", action="EST"), 3),
        (update(AuditEntry).where(AuditEntry.id == 2).values(at=NOON), 2),
        (delete(AuditEntry).where(AuditEntry.id == 1), 2),
        (delete(AuditEntry).where(AuditEntry.id == 3), 4),
        (delete(AuditEntry).where(AuditEntry.id == 5), 0),
        (delete(AuditEntry), 0),
    ]
    for spoil, found in spoils:
        with web.db.read() as session:
            session.execute(spoil)
            assert audit.verify(session) == found
    with web.db.read() as session:
        assert audit.verify(session) is None


def test_password_hashes_have_the_old_form() -> None:
    stored = hash_password("пароль и пробел", 1000)
    kind, salt, digest = stored.split("$")
    assert (kind, len(salt), len(digest)) == ("pbkdf2:sha256:1000", 64, 64)
    assert verify(stored, "пароль и пробел")
    assert not verify(stored, "пароль")
    assert not verify("nonsense", "x")


def test_a_hash_of_werkzeug_is_understood() -> None:
    from werkzeug.security import generate_password_hash

    assert verify(generate_password_hash("x" * 10, "pbkdf2:sha256:1000"), "x" * 10)


@pytest.mark.parametrize("password", ["", "short", "x" * 257, "password", "Password1", "12345678"])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(Invalid):
        check_rules(password)


def test_the_first_password_comes_from_the_settings_once(make_web: Any) -> None:
    web: Web = make_web(admin_password="first secret text")
    assert ensure_password(web.db, web.config)
    assert web.login(PASSWORD).status_code == 200
    with web.db.write() as session:
        session.execute(delete(Setting).where(Setting.key == passwords.SETTING))
    assert ensure_password(web.db, web.config)
    assert web.login("first secret text").status_code == 200


def test_hashing_has_little_room() -> None:
    hashing = Hashing(at_work=1, waiting=1)
    inside, go = threading.Event(), threading.Event()

    def hold() -> None:
        with hashing.turn("192.0.2.0"):
            inside.set()
            go.wait(10)

    def queue() -> None:
        with hashing.turn("192.0.2.1"):
            pass

    first, second = threading.Thread(target=hold), threading.Thread(target=queue)
    first.start()
    assert inside.wait(10)
    second.start()
    while hashing._room._value:
        threading.Event().wait(0.001)
    with pytest.raises(TooMany) as refused, hashing.turn("192.0.2.2"):
        pass
    assert refused.value.retry_after == 1
    go.set()
    first.join(10)
    second.join(10)

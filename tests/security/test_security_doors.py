"""Who gets in, and for how long (S2 to S8)."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint
from sqlalchemy import func, select
from test_web_auth import forged
from web_cast import HOME, MODULES, PASSWORD, SHOP, Web, json_of, refusal

from opium.db.tables import AuditEntry, LoginAttempt
from opium.errors import TooMany
from opium.kit import Module
from opium.security import set_password
from opium.security.passwords import Hashing, check_rules

DAY = timedelta(days=1).total_seconds()


def test_a_module_that_forgets_the_token_is_asked_for_it(tmp_path: Path, template: Path) -> None:
    """S2: the gate stands before the application, not in each view."""

    def routes() -> Blueprint:
        careless = Blueprint("careless", __name__)
        careless.get("/open")(lambda **_ids: {"secret": "open to all"})
        return careless

    careless = Module("careless", title="Careless", blueprint=routes)
    web = Web(tmp_path / "i", modules={**MODULES, "careless": careless}, template=template)
    web.register("my_shop", "careless")
    path = "/api/accounts/my_shop/modules/careless/open"
    assert web.get(path) == {"secret": "open to all"}
    refusal(web.call("GET", path), 401)
    web.close()


def test_what_ended_all_sessions_holds_after_a_restart(web: Web) -> None:
    """S3: sign-out everywhere."""
    token, other = web.sign_in(), web.sign_in()
    assert (
        web.call("POST", "/api/auth/logout", {"everywhere": True}, token=token).status_code == 200
    )
    for _ in range(2):
        for ended in (token, other):
            refusal(web.call("GET", "/api/auth/me", token=ended), 401)
            refusal(web.call("POST", "/api/auth/refresh", token=ended), 401)
        web.restart()


def test_a_new_password_ends_old_tokens_after_a_restart_too(web: Web) -> None:
    """S3: a password set while the server was down."""
    token = web.sign_in()
    set_password(web.db, "another long secret", 1000)
    web.restart()
    refusal(web.call("GET", "/api/auth/me", token=token), 401)


def test_refreshing_every_day_ends_thirty_days_after_the_sign_in(web: Web) -> None:
    """S4: the newest token is as old as its first one."""
    token = web.sign_in()
    for _ in range(29):
        web.advance(DAY)
        answer = web.call("POST", "/api/auth/refresh", token=token)
        assert answer.status_code == 200
        token = json_of(answer)["access_token"]
    web.advance(DAY + 1)
    refusal(web.call("POST", "/api/auth/refresh", token=token), 401)
    refusal(web.call("GET", "/api/auth/me", token=token), 401)


def test_the_age_that_a_token_tells_is_asked_for_too(web: Web) -> None:
    """S4: not only the end of its session, which is another one's."""
    month = int(timedelta(days=30).total_seconds())
    now = int(web.core.clock.now().timestamp())
    for age, status in ((month - 60, 200), (month + 1, 401)):
        token = forged(web, auth_time=now - age)
        assert web.call("POST", "/api/auth/refresh", token=token).status_code == status


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_the_audit_log_names_the_peer_and_not_what_it_claims(web: Web, header: str) -> None:
    """S5: an address that a client writes into a header is in no row."""
    web.register("my_shop")
    claim = {header: "192.0.2.77"}
    body = {"username": "admin", "password": PASSWORD}
    assert web.call("POST", "/api/auth/login", body, headers=claim).status_code == 200
    for method, path in (("POST", "/stop"), ("GET", "/config"), ("POST", "/modules")):
        body = {"module_name": "auto_raise"}
        web.call(method, f"{SHOP}{path}", body, token=web.token, headers=claim)
    with web.db.read() as session:
        rows = session.execute(select(AuditEntry.action, AuditEntry.ip)).all()
    assert {action for action, _ip in rows} >= {
        "SIGN_IN", "ACCOUNT_STOPPED", "SECRET_REVEALED", "MODULE_ATTACHED"
    }  # fmt: skip
    assert {ip for action, ip in rows if action != "PASSWORD_SET"} == {HOME}


def test_a_restart_forgets_no_failure_and_changes_no_ban(web: Web) -> None:
    """S6: neither helps who guesses, nor does it make anybody wait longer."""
    for _ in range(9):
        refusal(web.login("wrong", ip="192.0.2.1"), 401)
    web.restart()
    refusal(web.login("wrong", ip="192.0.2.1"), 401)
    for waited, left in ((0, 1800), (1000, 800), (799, 1)):
        web.advance(waited)
        web.restart()
        assert json_of(web.login(ip="192.0.2.1"))["retry_after"] == left
    web.advance(1)
    assert web.login(ip="192.0.2.1").status_code == 200


def test_failures_count_for_half_an_hour(web: Web) -> None:
    """S6: nine and, later, one more are not ten."""
    for _ in range(9):
        refusal(web.login("wrong", ip="192.0.2.1"), 401)
    web.advance(1801)
    refusal(web.login("wrong", ip="192.0.2.1"), 401)
    assert web.login(ip="192.0.2.1").status_code == 200


def test_an_ipv4_address_is_the_same_inside_ipv6(web: Web) -> None:
    """S6: on a socket for both, all of IPv4 would be one network of IPv6."""
    for n in range(10):
        refusal(web.login("wrong", ip=("192.0.2.1", "::ffff:192.0.2.1")[n % 2]), 401)
    refusal(web.login(ip="192.0.2.1"), 429)
    assert web.login(ip="::ffff:192.0.2.2").status_code == 200


def test_a_name_that_was_guessed_at_waits_and_no_other(web: Web) -> None:
    """S7, contract 1.4"""
    for n in range(30):
        refusal(web.login("wrong", "eve", ip=f"198.51.100.{n}"), 401)
    assert json_of(web.login("wrong", "eve", ip="192.0.2.1"))["code"] == "too_many"
    assert web.login(ip="192.0.2.1").status_code == 200


def test_failures_of_any_name_ban_their_address(web: Web) -> None:
    """S6: a wrong name is a guess too."""
    for n in range(10):
        refusal(web.login("wrong", f"name{n}", ip="192.0.2.1"), 401)
    refusal(web.login(ip="192.0.2.1"), 429)
    assert web.login(ip="192.0.2.2").status_code == 200


def test_names_drawn_at_random_do_not_keep_the_owner_out(web: Web) -> None:
    """S7: the throttle counts all names too, and is not for an address with a good sign-in."""
    web.sign_in(HOME)
    for n in range(120):
        refusal(web.login("wrong", f"name{n}", ip=f"198.51.100.{n}"), 401)
    for name in ("name199", "admin"):  # and so it tells nobody which name is the right one
        assert json_of(web.login(name=name, ip="192.0.2.1"))["code"] == "too_many"
    assert json_of(web.login(ip="198.51.100.7"))["code"] == "too_many"  # it has only failed
    assert attempts(web) == 120
    assert web.login(ip=HOME).status_code == 200


def test_an_address_is_known_for_thirty_days(web: Web) -> None:
    """S7: and not for ever."""
    web.sign_in(HOME)
    for days, status in ((29, 200), (31, 429)):
        web.advance(days * DAY)
        for n in range(30):
            web.login("wrong", ip=f"198.51.{days}.{n}")
        assert web.login(ip=HOME).status_code == status


def test_those_who_waited_are_refused_when_a_ban_came_meanwhile(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S6: many at once get no more tries than one after the other."""
    for _ in range(9):
        web.login("wrong", ip="192.0.2.1")
    real = Hashing.turn
    inside: list[int] = []

    def overtaken(self: Hashing, address: str, *, patient: bool = False) -> Any:
        if not inside:  # the tenth failure ends while the eleventh waits for its turn
            inside.append(1)
            refusal(web.login("wrong", ip="192.0.2.1"), 401)
        return real(self, address, patient=patient)

    monkeypatch.setattr(Hashing, "turn", overtaken)
    refusal(web.login(ip="192.0.2.1"), 429)
    assert attempts(web) == 10


def test_few_hash_at_once_few_wait_and_the_owner_waits_longer() -> None:
    """8.2, S7: two at work, four waiting; a known address waits for the room itself."""
    hashing, release = Hashing(), threading.Event()
    inside = threading.Semaphore(0)

    def hold(address: str) -> None:
        with hashing.turn(address):
            inside.release()
            release.wait(10)

    crowd = [threading.Thread(target=hold, args=(f"192.0.2.{n}",)) for n in range(6)]
    for thread in crowd:
        thread.start()
    assert inside.acquire(timeout=10)
    assert inside.acquire(timeout=10)
    while hashing._room._value:
        assert not release.is_set()
    assert not inside.acquire(blocking=False)
    with pytest.raises(TooMany), hashing.turn("192.0.2.9"):
        pass
    entered = threading.Event()

    def owner() -> None:
        with hashing.turn("192.0.2.10", patient=True):
            entered.set()

    patient = threading.Thread(target=owner)
    patient.start()
    release.set()
    assert entered.wait(10)
    for thread in (*crowd, patient):
        thread.join(10)


def test_of_each_address_one_is_compared_at_a_time() -> None:
    """S6: two at once would both find nine failures, and be the tenth and the eleventh."""
    hashing, release, entered = Hashing(), threading.Event(), threading.Event()
    with hashing.turn("192.0.2.1"):

        def next_guess() -> None:
            with hashing.turn("192.0.2.1"):
                assert release.is_set()
                entered.set()

        guess = threading.Thread(target=next_guess)
        guess.start()
        with hashing.turn("192.0.2.2"):  # another one is not kept waiting
            pass
        assert not entered.is_set()
        release.set()
    guess.join(10)
    assert entered.is_set()


def test_three_thousand_common_passwords_are_refused(web: Web) -> None:
    """8.2: the list is whole, and upper case does not get past it."""
    from opium.security import passwords

    common = passwords._common()
    assert len(common) >= 3000
    assert all(word == word.lower() and len(word) >= 8 for word in common)
    for word in ("password", "qwertyuiop", "ILOVEYOU1"):
        with pytest.raises(Exception, match="common"):
            check_rules(word)
    with pytest.raises(Exception, match="common"):
        set_password(web.db, "password", 1000)
    assert web.login().status_code == 200


def test_the_rounds_of_a_real_server_are_six_hundred_thousand() -> None:
    """8.2: the default, which no test uses."""
    from opium.config import Config

    assert Config.model_fields["password_rounds"].default == 600_000


def attempts(web: Web) -> int:
    with web.db.read() as session:
        bad = select(func.count()).where(LoginAttempt.good.is_(False))
        return session.scalar(bad) or 0

"""Signing in, renewing, closing, and what a stale session or dead key leads to."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from client_cast import Canned, Cast, answer, cast, moving

from opium.funpay.client import FunPay
from opium.funpay.errors import (
    Banned,
    Limited,
    Missing,
    SignedOut,
    Stale,
    Unanswered,
    Unreachable,
)
from opium.funpay.gate import Gate, Pace
from sandbox.transport import ORIGIN


def cookie(stage: Cast, request: int = -1) -> str:
    return str(stage.wire.sent[request].headers["Cookie"])


def test_signing_in_tells_who_we_are(stage: Cast) -> None:
    header = stage.funpay.sign_in()
    assert (header.username, header.app.user_id) == ("shop", stage.shop.id)
    assert stage.funpay.user_id == stage.shop.id
    assert stage.wire.lines() == ["GET /"]


def test_the_first_call_signs_in_by_itself(stage: Cast) -> None:
    assert stage.funpay.session_age == float("inf")
    stage.funpay.look()
    assert stage.wire.lines() == ["GET /", "POST /runner/"]


def test_the_session_is_renewed_when_it_is_due() -> None:
    stage = cast(session_refresh_interval=600.0, session_refresh_jitter=100.0)
    stage.funpay.look()
    first = cookie(stage)
    stage.clock.advance(499)
    stage.funpay.look()
    assert cookie(stage) == first
    stage.clock.advance(202)
    stage.funpay.look()
    assert "PHPSESSID" not in cookie(stage, -2)
    assert cookie(stage) != first


def test_renewals_are_never_close_together() -> None:
    stage = cast(session_refresh_interval=300.0, session_refresh_jitter=300.0)
    for _ in range(20):
        stage.funpay.sign_in()
        stage.clock.advance(299)
        assert not stage.funpay.session_is_due


def test_the_interval_changes_while_it_runs(stage: Cast) -> None:
    stage.funpay.sign_in()
    stage.clock.advance(400)
    assert not stage.funpay.session_is_due
    stage.funpay.set_refresh(300.0, 0.0)
    assert stage.funpay.session_is_due


@pytest.mark.parametrize("fault", ["502", "cut", "challenge", "maintenance"])
def test_the_old_session_stays_until_the_new_one_works(stage: Cast, fault: str) -> None:
    stage.funpay.look()
    working = cookie(stage)
    stage.fault(fault, path="/")
    with pytest.raises(Unreachable):
        stage.funpay.refresh()
    stage.funpay.look()
    assert cookie(stage) == working


def test_a_read_with_a_stale_session_renews_it_and_asks_again(stage: Cast) -> None:
    stage.funpay.look()
    stage.fault("stale", path="/runner/")
    stage.funpay.look()
    assert stage.wire.lines()[2:] == ["POST /runner/", "GET /", "POST /runner/"]


def test_a_session_that_stays_stale_is_for_a_person(stage: Cast) -> None:
    stage.funpay.look()
    stage.fault("stale", path="/runner/", count=2)
    with pytest.raises(SignedOut, match="even a renewed session"):
        stage.funpay.look()
    assert len(stage.wire.sent) == 5


@pytest.mark.parametrize("how", ["403", "redirect"])
def test_a_dead_key_is_signed_out(stage: Cast, how: str) -> None:
    stage.world.switches.xhr_signed_out = how
    stage.funpay.look()
    stage.shop.loses_key()
    for call in (stage.funpay.look, stage.funpay.sales, stage.funpay.sign_in):
        with pytest.raises(SignedOut):
            call()


def test_a_seal_that_rotates_is_kept(stage: Cast) -> None:
    stage.world.switches.golden_seal_minutes = 5
    stage.funpay.look()
    assert "golden_seal" in cookie(stage)
    stage.world.clock.advance(3600)
    stage.funpay.look()


def test_a_blocked_account_says_why(stage: Cast) -> None:
    stage.fault("blocked", path="/orders/trade", text="Обман покупателей.")
    with pytest.raises(Banned, match="Обман покупателей"):
        stage.funpay.sales()


def test_the_accounts_language_is_followed(stage: Cast) -> None:
    stage.shop.locale = "en"
    assert stage.funpay.sign_in().app.locale == "en"
    stage.funpay.look()
    stage.funpay.sales()
    assert stage.wire.lines() == ["GET /", "GET /en/", "POST /en/runner/", "GET /en/orders/trade"]


def test_a_429_pauses_the_address_as_long_as_it_says(stage: Cast) -> None:
    stage.funpay.look()
    stage.fault("429", path="/orders/trade", retry_after=20)
    with pytest.raises(Limited) as limited:
        stage.funpay.sales()
    assert limited.value.wait == 20
    asked = len(stage.wire.sent)
    with pytest.raises(Limited):
        stage.funpay.look()
    assert len(stage.wire.sent) == asked
    stage.clock.advance(20)
    stage.funpay.look()


def test_closed_means_closed(stage: Cast) -> None:
    stage.funpay.look()
    stage.funpay.close()
    for call in (stage.funpay.look, stage.funpay.sales, stage.funpay.sign_in):
        with pytest.raises(Unreachable):
            call()
    with pytest.raises(Unreachable):
        stage.funpay.send("users-1-2", "hello")


def test_the_core_can_forbid_a_request() -> None:
    """The core asserts here that this thread has no transaction open."""

    def forbid() -> None:
        raise AssertionError("a transaction is open")

    stage = cast(before_request=forbid)
    with pytest.raises(AssertionError):
        stage.funpay.sign_in()
    assert stage.wire.sent == []


def test_headers_are_those_of_the_sellers_browser() -> None:
    stage = cast(user_agent="Mozilla/5.0 (mine)\r\nEvil: y")
    stage.funpay.look()
    page, poll = stage.wire.sent
    assert page.headers["User-Agent"] == "Mozilla/5.0 (mine)Evil: y"
    assert "X-Requested-With" not in page.headers
    assert poll.headers["X-Requested-With"] == "XMLHttpRequest"
    assert poll.headers["Content-Type"].startswith("application/x-www-form-urlencoded")


def test_the_sites_clock_is_compared_with_ours(stage: Cast) -> None:
    client = canned(stage, answer(503, "", Date="Tue, 01 Sep 2026 09:10:00 GMT"))
    assert client.site_clock_ahead is None
    with pytest.raises(Unreachable):
        client.sign_in()
    assert client.site_clock_ahead == 600


# Answers that the sandbox would never give


def canned(stage: Cast, *answers: object) -> FunPay:
    gate = Gate(Pace(), clock=stage.clock, random=Random(1), wait=moving(stage.clock))
    return FunPay(
        ORIGIN,
        stage.shop.golden_key or "gone",
        gate=gate,
        clock=stage.clock,
        random=Random(1),
        adapter=Canned(list(answers)),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("/account/login", SignedOut),
        ("https://funpay.example/", Unreachable),
        ("//evil.example/account/login", Unreachable),
        ("http://funpay.sandbox:8080/", Unreachable),
        ("/uk/account/login", SignedOut),
    ],
)
def test_a_redirect_leads(stage: Cast, location: str, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        canned(stage, answer(302, "", Location=location)).sign_in()
    assert type(raised.value) is error


def test_redirects_in_a_circle_end(stage: Cast) -> None:
    answers = [answer(302, "", Location="/a")] * 20
    client = canned(stage, *answers)
    with pytest.raises(Unreachable, match="circle"):
        client.sign_in()


def test_a_redirect_to_the_blocked_page_is_followed_for_its_reason(stage: Cast) -> None:
    page = '<div class="account-blocked-box"><p>Обман</p></div>'
    client = canned(stage, answer(302, "", Location="/account/blocked"), answer(200, page))
    with pytest.raises(Banned, match="Обман"):
        client.sign_in()


def test_a_browser_check_with_403_is_no_dead_key(stage: Cast) -> None:
    page = "<title>Just a moment...</title>"
    with pytest.raises(Limited):
        canned(stage, answer(403, page)).sign_in()


@pytest.mark.parametrize("status", [400, 405, 413, 500, 502, 503, 504])
def test_other_statuses_are_unreachable(stage: Cast, status: int) -> None:
    with pytest.raises(Unreachable, match=str(status)):
        canned(stage, answer(status, "<html>nginx</html>")).sign_in()


def test_an_unknown_page_is_missing(stage: Cast) -> None:
    page = '<h1 class="page-header">Страница <b>не</b> найдена</h1>'
    with pytest.raises(Missing, match=r"Страница\s+не\s+найдена"):
        canned(stage, answer(404, page)).sign_in()


def test_a_stale_send_that_comes_too_late_is_left_to_the_caller(stage: Cast) -> None:
    """The process may have slept: what was decided before is decided again."""
    stage.funpay.look()
    stage.fault("stale", path="/runner/")

    def sleep(request: object) -> None:
        stage.clock.advance(6)

    stage.wire.first = sleep
    with pytest.raises(Stale, match="Not sent"):
        stage.funpay.send(f"users-{stage.shop.id}-{stage.ann.id}", "hello")
    assert stage.posts() == 2  # the poll, and the one that was refused


@pytest.mark.parametrize("when", ["a lost answer", "half of it", "a redirect elsewhere"])
def test_a_lost_answer_of_an_effect_is_unknown(stage: Cast, when: str) -> None:
    header = stage.funpay.sign_in()
    given = {
        "a lost answer": ConnectionResetError(),
        "half of it": answer(200, '{"objects":['),
        "a redirect elsewhere": answer(302, "", Location="https://funpay.example/"),
    }[when]
    client = canned(stage, given)
    client._header = replace(header)
    with pytest.raises(Unanswered):
        client.send("users-1-2", "hello")

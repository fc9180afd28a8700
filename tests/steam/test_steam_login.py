"""Signing in: one try, one code nobody else used, and what every refusal means."""

from __future__ import annotations

from typing import Any

import pytest
from steam_cast import (
    ACCESS,
    AUTH,
    LOGIN,
    NOW,
    PASSWORD,
    REFRESH,
    SHARED,
    STEAM_ID,
    TWO_FACTOR,
    Cast,
    FakeSteam,
    as_json,
    begun,
    cast,
    jwt,
    lost,
    ma_file,
    not_sent,
    obliging,
    proto,
)

from opium.clock import ManualClock
from opium.modules.steam_rent.steam import Options, Throttle, Tokens, Verdict, crypto, errors
from opium.modules.steam_rent.steam import messages as m
from opium.net.proxy import Proxy

KEY = f"{AUTH}GetPasswordRSAPublicKey/v1/"
BEGIN = f"{AUTH}BeginAuthSessionViaCredentials/v1/"
CODE = f"{AUTH}UpdateAuthSessionWithSteamGuardCode/v1/"
POLL = f"{AUTH}PollAuthSessionStatus/v1/"
RENEW = f"{AUTH}GenerateAccessTokenForApp/v1/"
WINDOW = crypto.code_window(NOW.timestamp())
HARMLESS = {"x-eresult": "5"}, b'{"response":{"interval":5,"extended_error_message":""}}'


def began(site: FakeSteam) -> int:
    return site.count("BeginAuthSessionViaCredentials/v1")


def signed_in(**how: Any) -> Cast:
    found = cast(**how)
    found.steam.sign_in(PASSWORD)
    return found


def test_a_sign_in_gives_tokens_to_keep() -> None:
    done = signed_in()
    assert done.kept == [Tokens(REFRESH, ACCESS)]
    assert done.steam.steam_id == STEAM_ID
    begin = done.site.requests("BeginAuthSessionViaCredentials/v1")[0].message(m.BeginRequest)
    assert (begin.account_name, begin.platform_type) == (LOGIN, 3)
    code = done.site.requests("SteamGuardCode/v1")[0].message(m.GuardCodeRequest)
    assert code.code == crypto.guard_code(SHARED, NOW.timestamp())
    assert (code.client_id, code.steamid) == ((1 << 64) - 3, STEAM_ID)


def test_a_sign_in_with_plain_forms() -> None:
    site = obliging()
    key = {"publickey_mod": "f" * 512, "publickey_exp": "010001", "timestamp": "12"}
    allowed = [{"confirmation_type": 3}]
    begin = {"client_id": "7", "request_id": "AAH/", "interval": 5, "steamid": str(STEAM_ID)}
    site.on(KEY, as_json({"response": key}))
    site.on(BEGIN, as_json({"response": {**begin, "allowed_confirmations": allowed}}))
    site.on(CODE, as_json({"response": {}}))
    site.on(POLL, as_json({"response": {"refresh_token": REFRESH, "access_token": ACCESS}}))
    done = signed_in(site=site, options=Options(plain=True))
    assert done.kept == [Tokens(REFRESH, ACCESS)]
    assert site.requests("BeginAuthSessionViaCredentials/v1")[0].form["account_name"] == LOGIN
    assert "device_details" not in site.requests("BeginAuthSessionViaCredentials/v1")[0].form


@pytest.mark.parametrize("plain", [False, True])
def test_a_wrong_password_is_one_try_and_no_waiting(plain: bool) -> None:
    site = obliging().on(BEGIN, (200, *HARMLESS))
    if plain:
        key = {"publickey_mod": "f" * 512, "publickey_exp": "010001", "timestamp": "12"}
        site.on(KEY, as_json({"response": key}))
    here = cast(site, options=Options(plain=plain))
    begun_at = here.clock.monotonic()
    with pytest.raises(errors.WrongPassword):
        here.steam.sign_in(PASSWORD)
    assert began(site) == 1
    assert site.count("PollAuthSessionStatus/v1") == 0
    assert here.clock.monotonic() - begun_at < 5


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (5, errors.WrongPassword),
        (18, errors.WrongPassword),
        (63, errors.GuardMissing),
        (85, errors.GuardMissing),
        (43, errors.Locked),
        (17, errors.Locked),
        (73, errors.Locked),
        (118, errors.Locked),
        (84, errors.Throttled),
        (87, errors.Throttled),
        (15, errors.Throttled),
        (20, errors.Unreachable),
        (8, errors.Refused),
        (9999, errors.Refused),
    ],
)
def test_what_a_refused_sign_in_means(result: int, error: type[errors.SteamError]) -> None:
    here = cast(obliging().on(BEGIN, proto(result=result)))
    with pytest.raises(error):
        here.steam.sign_in(PASSWORD)


@pytest.mark.parametrize(
    ("allowed", "error"),
    [((), errors.GuardMissing), ((1,), errors.GuardMissing), ((2, 5), errors.GuardMissing),
     ((4,), errors.GuardMoved)],
)  # fmt: skip
def test_an_account_without_our_authenticator_stops(
    allowed: tuple[int, ...], error: type[errors.SteamError]
) -> None:
    here = cast(obliging().on(BEGIN, begun(allowed=allowed)))
    with pytest.raises(error):
        here.steam.sign_in(PASSWORD)
    assert here.site.count("SteamGuardCode/v1") == 0


def test_a_new_agreement_is_the_owner_s_business() -> None:
    here = cast(obliging().on(BEGIN, begun(agreement_session_url="https://x")))
    with pytest.raises(errors.Locked, match="agreement"):
        here.steam.sign_in(PASSWORD)


def test_the_mafile_of_another_account_is_refused() -> None:
    here = cast(obliging().on(BEGIN, begun(steamid=STEAM_ID + 1)))
    with pytest.raises(errors.WrongAccount):
        here.steam.sign_in(PASSWORD)
    assert here.kept == []


def test_a_mafile_without_id_learns_it() -> None:
    assert signed_in(mafile=ma_file(steam_id=None)).steam.steam_id == STEAM_ID


# --- codes


def test_a_window_that_the_tenant_got_is_never_used() -> None:
    here = cast()
    here.windows.given = {WINDOW, WINDOW + 1}
    here.steam.sign_in(PASSWORD)
    assert here.windows.taken == [WINDOW + 2]
    sent = here.site.requests("SteamGuardCode/v1")[0].message(m.GuardCodeRequest).code
    assert sent == crypto.guard_code(SHARED, (WINDOW + 2) * 30)


def test_two_sign_ins_never_share_a_window() -> None:
    here = signed_in()
    here.steam._signing.start_over()
    assert len(set(here.windows.taken)) == 2


def test_a_code_about_to_expire_is_not_sent() -> None:
    clock = ManualClock(NOW)
    clock.advance(27)
    site = obliging().on(f"{TWO_FACTOR}QueryTime/v1/", proto(result=20))
    assert signed_in(site=site, clock=clock).windows.taken == [WINDOW + 1]


def test_a_refused_code_asks_for_the_time_and_takes_the_next_window() -> None:
    done = signed_in(site=obliging().on(CODE, proto(result=88), proto()))
    assert done.windows.taken == [WINDOW, WINDOW + 1]
    assert done.site.count("QueryTime/v1") == 2


def test_codes_that_are_always_refused_mean_a_wrong_secret() -> None:
    here = cast(obliging().on(CODE, proto(result=88)))
    with pytest.raises(errors.WrongCode):
        here.steam.sign_in(PASSWORD)
    assert here.site.count("SteamGuardCode/v1") == 3
    assert began(here.site) == 1


def test_a_code_that_was_taken_already_is_polled() -> None:
    assert signed_in(site=obliging().on(CODE, proto(result=29))).kept


def test_a_lost_answer_to_a_code_is_looked_up_before_another_is_sent() -> None:
    done = signed_in(site=obliging().on(CODE, lost))
    assert done.site.count("SteamGuardCode/v1") == 1
    pending = proto(m.PollAnswer())
    site = obliging().on(CODE, lost, proto()).on(POLL, pending, proto(m.PollAnswer(0, "r", "a")))
    assert signed_in(site=site).windows.taken == [WINDOW, WINDOW + 1]


def test_our_clock_may_be_wrong() -> None:
    ahead = int(NOW.timestamp()) + 95
    site = obliging().on(f"{TWO_FACTOR}QueryTime/v1/", proto(m.QueryTimeAnswer(ahead)))
    assert signed_in(site=site).windows.taken == [crypto.code_window(ahead)]


@pytest.mark.parametrize("answer", [proto(result=20), (503, {}, b""), lost])
def test_without_steam_s_time_ours_will_do(answer: Any) -> None:
    site = obliging().on(f"{TWO_FACTOR}QueryTime/v1/", answer)
    assert signed_in(site=site).windows.taken == [WINDOW]


# --- polling and renewing


def test_polling_goes_on_with_the_new_client_id() -> None:
    pending = proto(m.PollAnswer(new_client_id=99))
    done = signed_in(site=obliging().on(POLL, pending, proto(m.PollAnswer(0, REFRESH, ACCESS))))
    asked = [a.message(m.PollRequest).client_id for a in done.site.requests("SessionStatus/v1")]
    assert asked == [(1 << 64) - 3, 99]


def test_polling_ends() -> None:
    here = cast(obliging().on(POLL, proto(m.PollAnswer())))
    with pytest.raises(errors.Unreachable):
        here.steam.sign_in(PASSWORD)
    assert here.site.count("PollAuthSessionStatus/v1") < 10


def test_a_missing_access_token_is_asked_for() -> None:
    done = signed_in(site=obliging().on(POLL, proto(m.PollAnswer(0, REFRESH, ""))))
    assert done.kept[-1] == Tokens(REFRESH, ACCESS)


def test_a_young_token_costs_no_request() -> None:
    kept = Tokens(jwt(lives=30 * 86400), jwt())
    assert signed_in(tokens=kept).site.asked == []


def test_an_old_token_is_renewed() -> None:
    clock = ManualClock(NOW)
    clock.advance(3600)
    done = signed_in(tokens=Tokens(jwt(lives=30 * 86400), jwt()), clock=clock)
    assert [asked.path for asked in done.site.asked] == [RENEW]


def test_a_rotated_token_is_kept_before_it_is_used() -> None:
    site = obliging().on(RENEW, proto(m.RenewAnswer(ACCESS, "rotated-refresh")))
    done = signed_in(site=site, tokens=Tokens(jwt(lives=86400), ""))
    assert done.kept == [Tokens("rotated-refresh", ACCESS)]
    assert site.requests("TokenForApp/v1")[0].message(m.RenewRequest).renewal_type == 1


def test_what_cannot_be_kept_is_not_used() -> None:
    site = obliging().on(RENEW, proto(m.RenewAnswer(ACCESS, "rotated-refresh")))
    here = cast(site, tokens=Tokens(jwt(lives=86400), ""))

    def full(tokens: Tokens) -> None:
        raise RuntimeError("disk full")

    here.steam._signing._keep = full
    with pytest.raises(RuntimeError):
        here.steam.sign_in(PASSWORD)
    assert not site.requests("EnumerateTokens/v1")
    with pytest.raises(errors.SignedOut):
        assert here.steam._signing.token


@pytest.mark.parametrize("answer", [proto(result=15), proto(result=26), proto(result=27),
                                    (401, {}, b"")])  # fmt: skip
def test_a_dead_refresh_token_is_one_sign_in(answer: Any) -> None:
    done = signed_in(site=obliging().on(RENEW, answer), tokens=Tokens(jwt(), ""))
    assert began(done.site) == 1
    assert done.kept == [Tokens(REFRESH, ACCESS)]


def test_the_tokens_of_another_account_are_not_sent() -> None:
    done = signed_in(tokens=Tokens(jwt(STEAM_ID + 1), jwt(STEAM_ID + 1)))
    assert done.site.count("TokenForApp/v1") == 0


# --- too often


def test_after_84_the_address_rests_and_all_accounts_know() -> None:
    clock = ManualClock(NOW)
    throttle = Throttle(clock)
    one = cast(obliging().on(BEGIN, proto(result=84)), clock=clock, throttle=throttle)
    two = cast(clock=clock, throttle=throttle)
    with pytest.raises(errors.Throttled) as told:
        one.steam.sign_in(PASSWORD)
    assert told.value.wait >= 1800
    for here in (one, two):
        with pytest.raises(errors.Throttled):
            here.steam.sign_in(PASSWORD)
    assert (began(one.site), began(two.site)) == (1, 0)
    clock.advance(1801)
    two.steam.sign_in(PASSWORD)


def test_each_84_makes_the_rest_longer() -> None:
    here = cast(obliging().on(BEGIN, proto(result=84)))
    waits = []
    for _ in range(3):
        with pytest.raises(errors.Throttled) as told:
            here.steam.sign_in(PASSWORD)
        waits.append(told.value.wait)
        here.clock.advance(told.value.wait)
    assert waits == [1800, 3600, 7200]


def test_84_does_not_stop_a_session_that_lives() -> None:
    here = signed_in()
    here.site.on(BEGIN, proto(result=84))
    assert here.steam.probe(PASSWORD).verdict is Verdict.UNKNOWN
    assert here.steam.kick() == 0


def test_429_stops_everything() -> None:
    here = cast(obliging().on(KEY, (429, {}, b"<html>slow down</html>")))
    with pytest.raises(errors.Throttled):
        here.steam.sign_in(PASSWORD)
    asked = len(here.site.asked)
    with pytest.raises(errors.Throttled):
        here.steam.sessions()
    assert len(here.site.asked) == asked


def test_sign_ins_of_one_address_keep_their_distance() -> None:
    clock = ManualClock(NOW)
    throttle = Throttle(clock)
    for _ in range(3):
        cast(clock=clock, throttle=throttle).steam.probe(PASSWORD)
    assert clock.monotonic() - 1000 >= 30


# --- probing


def test_a_probe_asks_and_goes_no_further() -> None:
    here = cast()
    assert here.steam.probe(PASSWORD).verdict is Verdict.RIGHT
    assert [asked.path for asked in here.site.asked] == [KEY, BEGIN]
    assert here.windows.taken == []


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (proto(result=5), Verdict.WRONG),
        (proto(result=84), Verdict.UNKNOWN),
        (proto(result=20), Verdict.UNKNOWN),
        (proto(result=15), Verdict.UNKNOWN),
        (proto(), Verdict.UNKNOWN),
        ((502, {}, b"<html>"), Verdict.UNKNOWN),
        ((200, {}, b"<html>"), Verdict.UNKNOWN),
        (lost, Verdict.UNKNOWN),
        (begun(steamid=STEAM_ID + 1), Verdict.UNKNOWN),
        (begun(allowed=(2,)), Verdict.RIGHT),
    ],
)
def test_a_probe_knows_only_what_steam_said(answer: Any, verdict: Verdict) -> None:
    here = cast(obliging().on(BEGIN, answer))
    probe = here.steam.probe(PASSWORD)
    assert probe.verdict is verdict
    assert (probe.reason != "") is (verdict is not Verdict.RIGHT)
    assert began(here.site) == 1


# --- the way there


def test_a_failing_proxy_is_told_and_not_gone_around() -> None:
    here = cast(obliging().on(KEY, not_sent), proxy=Proxy("http", "10.0.0.1", 8080, "u", "pw"))
    with pytest.raises(errors.ProxyFailed) as told:
        here.steam.sign_in(PASSWORD)
    assert not told.value.sent
    assert "pw" not in str(told.value)
    assert began(here.site) == 0


def test_a_lost_start_is_tried_once_more_with_a_fresh_key() -> None:
    done = signed_in(site=obliging().on(BEGIN, lost, begun()))
    assert began(done.site) == 2
    assert done.site.count("RSAPublicKey/v1") == 2
    here = cast(obliging().on(BEGIN, lost))
    with pytest.raises(errors.Unreachable):
        here.steam.sign_in(PASSWORD)
    assert began(here.site) == 2

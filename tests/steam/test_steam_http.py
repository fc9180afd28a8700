"""Where requests go, what they carry, and that each goes out once."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from steam_cast import (
    NOW,
    PASSWORD,
    SITE,
    FakeSteam,
    cast,
    lost,
    not_sent,
    to,
)

from opium.clock import Clock, ManualClock
from opium.modules.steam_rent.steam import Endpoints, Throttle, errors
from opium.modules.steam_rent.steam.cookies import Cookies
from opium.modules.steam_rent.steam.endpoints import Host, Place
from opium.modules.steam_rent.steam.http import Http, pauses
from opium.modules.steam_rent.steam.server_time import ServerTime
from opium.net.proxy import Proxy
from opium.net.wire import Wire

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
HERE = Place(Host.HELP, "/en/wizard/Somewhere")


def http(site: FakeSteam, proxy: Proxy | None = None) -> Http:
    clock = ManualClock(NOW)
    return Http(SITE, clock=clock, throttle=Throttle(clock), adapter=site, proxy=proxy)


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        (f"{SITE.help}/a?b=1", Host.HELP, "/a"),
        ("HTTPS://HELP.steampowered.com/a", Host.HELP, "/a"),
        ("https://help.steampowered.com:443/a", Host.HELP, "/a"),
        ("/a", Host.HELP, "/a"),
        ("a", Host.HELP, "/en/wizard/a"),
        (f"{SITE.community}", Host.COMMUNITY, "/"),
    ],
)
def test_an_address_of_steam_is_found(url: str, host: Host, path: str) -> None:
    found = SITE.place(url, HERE)
    assert found is not None
    assert (found.host, found.path) == (host, path)


@calm
@given(st.text(max_size=40) | st.text("/\\:@.?#htpselamowrdc%0", max_size=40))
def test_any_address_leads_to_steam_or_nowhere(url: str) -> None:
    found = SITE.place(url, HERE)
    if found:
        sent = http(FakeSteam()).prepare("GET", found).url or ""
        assert sent.startswith(f"{SITE.base(found.host)}/")


def test_an_address_with_a_user_in_it_is_foreign() -> None:
    assert SITE.place("https://user:pw@help.steampowered.com/a", HERE) is None


def test_hosts_may_be_anywhere() -> None:
    double = Endpoints(help="http://127.0.0.1:5001/", store="http://127.0.0.1:5002")
    assert double.place("http://127.0.0.1:5002/x", HERE) == Place(Host.STORE, "/x")
    assert double.place("http://127.0.0.1:5003/x", HERE) is None
    assert double.place(f"{SITE.help}/x", HERE) is None


def test_redirects_inside_steam_are_followed_with_the_cookies_of_each_host() -> None:
    site = FakeSteam().on("/a", to(f"{SITE.store}/b")).on("/b", (200, {}, b"there"))
    asking = http(site)
    asking.cookies.store(Host.HELP, ["mine=1; Path=/"])
    asking.cookies.store(Host.STORE, ["yours=2"])
    assert asking.page(Place(Host.HELP, "/a")).text == "there"
    first, second = (asked.request.headers["Cookie"] for asked in site.asked)
    assert "mine=1" in first
    assert "mine=1" not in second
    assert "yours=2" in second


@pytest.mark.parametrize("url", ["https://evil.example/", "http://steamcommunity.com/", ""])
def test_a_redirect_to_elsewhere_is_refused(url: str) -> None:
    site = FakeSteam().on("/a", to(url or "//[bad"))
    with pytest.raises(errors.Refused, match="foreign"):
        http(site).page(Place(Host.HELP, "/a"))
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "/login",
        "/login/home/?goto=x",
        "/en/login/",
        f"{SITE.login}/jwt/refresh?redir=x",
        "/en/wizard/x?need_password=1",
    ],
)
def test_a_redirect_to_the_sign_in_means_signed_out(url: str) -> None:
    with pytest.raises(errors.SignedOut):
        http(FakeSteam().on("/a", to(url))).page(Place(Host.HELP, "/a"))


def test_a_circle_of_redirects_ends() -> None:
    site = FakeSteam().on("/a", to("/a"))
    with pytest.raises(errors.Unreachable):
        http(site).page(Place(Host.HELP, "/a"))
    assert len(site.asked) < 12


@pytest.mark.parametrize("answer", [lost, not_sent, (500, {}, b""), (503, {}, b"<html>")])
def test_a_request_is_never_repeated_by_itself(answer: object) -> None:
    site = FakeSteam().on("/a", answer)  # type: ignore[arg-type]
    with pytest.raises(errors.Unreachable):
        http(site).post(Place(Host.HELP, "/a"), {"x": "y"})
    with pytest.raises(errors.Unreachable):
        http(site).get(Place(Host.HELP, "/a"))
    assert [asked.request.method for asked in site.asked] == ["POST", "GET"]


def test_reads_are_asked_three_times_with_pauses() -> None:
    site = FakeSteam().on("/a", lost)
    asking = http(site)
    begun = asking.monotonic()
    with pytest.raises(errors.Unreachable):
        asking.patiently(lambda: asking.get(Place(Host.HELP, "/a")))
    assert len(site.asked) == 3
    assert asking.monotonic() - begun == 7


def test_requests_of_one_account_keep_a_second_apart() -> None:
    here = cast()
    here.steam.sign_in(PASSWORD)
    assert here.clock.monotonic() - 1000 >= len(here.site.asked) - 1


def test_without_a_proxy_nothing_is_blamed_on_one() -> None:
    site = FakeSteam().on("/a", not_sent)
    with pytest.raises(errors.Unreachable) as direct:
        http(site).get(Place(Host.HELP, "/a"))
    assert not isinstance(direct.value, errors.ProxyFailed)
    with pytest.raises(errors.ProxyFailed):
        http(site, proxy=Proxy("http", "10.0.0.1", 8080)).get(Place(Host.HELP, "/a"))


def test_each_host_has_a_connection_of_its_own_with_a_deadline() -> None:
    clock = Clock()
    asking = Http(SITE, clock=clock, throttle=Throttle(clock))
    wires = {id(adapter) for adapter in asking._adapters.values()}
    assert len(wires) == len(Host)
    assert all(isinstance(adapter, Wire) for adapter in asking._adapters.values())
    asking.close()


def test_time_is_let_pass_by_the_clock_that_was_given() -> None:
    clock = ManualClock(NOW)
    pauses(clock)(60)
    assert clock.monotonic() == 1060


def test_values_are_percent_encoded() -> None:
    request = http(FakeSteam()).prepare("POST", Place(Host.HELP, "/a"), form={"password": "a+b/c="})
    assert request.body == "password=a%2Bb%2Fc%3D"
    query = http(FakeSteam()).prepare("GET", Place(Host.HELP, "/a"), query={"k": "a+b/c="}).url
    assert query == f"{SITE.help}/a?k=a%2Bb%2Fc%3D"


# --- cookies


def test_a_host_may_change_and_delete_its_own_cookies_only() -> None:
    cookies = Cookies("0a" * 12)
    cookies.sign_in(76561199437752045, "access")
    cookies.store(Host.HELP, ["sessionid=fresh", "steamLoginSecure=deleted; Max-Age=0"])
    assert cookies.session_id(Host.HELP) == "fresh"
    assert cookies.login_value(Host.HELP) == ""
    assert cookies.login_value(Host.STORE) == "76561199437752045%7C%7Caccess"
    assert cookies.session_id(Host.STORE) == "0a" * 12
    assert "steamLoginSecure" not in cookies.header(Host.API)
    assert cookies.header(Host.LOGIN) == ""


def test_cookies_that_could_break_a_header_are_not_kept() -> None:
    cookies = Cookies("0a" * 12)
    cookies.store(Host.HELP, ["a=b\r\nX: y", "c d=e", "novalue", "ok=1;secure"])
    assert cookies.header(Host.HELP) == f"sessionid={'0a' * 12}; ok=1"
    cookies.store(Host.HELP, [f"n{number}=1" for number in range(100)])
    assert cookies.header(Host.HELP).count(";") < 40


# --- throttle and time


def test_an_answer_on_its_way_does_not_end_a_pause() -> None:
    clock = ManualClock(NOW)
    throttle = Throttle(clock)
    throttle.limited("direct")
    throttle.answered("direct")
    with pytest.raises(errors.Throttled):
        throttle.check("direct")
    throttle.check("http://other@10.0.0.1:8080")


def test_after_a_good_answer_the_next_pause_is_short_again() -> None:
    clock = ManualClock(NOW)
    throttle = Throttle(clock)
    assert throttle.limited("direct", login=True).wait == 1800
    clock.advance(1801)
    throttle.answered("direct", login=True)
    assert throttle.limited("direct", login=True).wait == 1800


def test_a_pause_has_a_longest_length() -> None:
    clock = ManualClock(NOW)
    throttle, waits = Throttle(clock), []
    for _ in range(50):
        waits.append(throttle.limited("direct").wait)
        clock.advance(waits[-1] + 1)
    assert waits[:3] == [1800, 3600, 7200]
    assert waits[-1] == 8 * 3600


def test_what_was_asked_before_a_pause_began_does_not_double_it() -> None:
    throttle = Throttle(ManualClock(NOW))
    assert [throttle.limited("direct", login=True).wait for _ in range(4)] == [1800] * 4


def test_eight_sign_ins_in_ten_minutes_are_one_too_many() -> None:
    clock = ManualClock(NOW)
    throttle = Throttle(clock)
    for _ in range(7):
        clock.advance(throttle.login_turn("direct"))
    with pytest.raises(errors.Throttled) as put_off:
        throttle.login_turn("direct")
    assert 500 < put_off.value.wait <= 600
    assert throttle.login_turn("elsewhere") == 0
    clock.advance(put_off.value.wait)
    assert throttle.login_turn("direct") == 0


def test_steam_s_time_is_kept_and_asked_again() -> None:
    clock = ManualClock(NOW)
    time = ServerTime(clock)
    assert time.is_stale()
    time.learn(NOW.timestamp() + 95, time.local() - 1, time.local() + 1)
    assert (time.now() - time.local(), time.is_stale()) == (95, False)
    clock.advance(900)
    assert time.is_stale()
    time.failed()
    assert not time.is_stale()
    time.drop()
    assert (time.now() - time.local(), time.is_stale()) == (95, True)

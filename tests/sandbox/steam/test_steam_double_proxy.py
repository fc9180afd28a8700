"""Proxies of the double: who came through which, and what can happen to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from steam_double_cast import PASSWORD, Client

from sandbox.steam import ForwardProxy, SteamDouble


@pytest.fixture(params=["in process", "over sockets"])
def steam(request: pytest.FixtureRequest) -> Iterator[SteamDouble]:
    made = SteamDouble(seed=7)
    if request.param == "over sockets":
        made.start()
    yield made
    made.close()


@pytest.fixture
def proxy(steam: SteamDouble) -> ForwardProxy:
    return steam.add_proxy("berlin", "192.0.2.10", "ann:s3cret")


@pytest.fixture
def through(steam: SteamDouble, proxy: ForwardProxy) -> Client:
    """A client whose account must come through the proxy, and does."""
    account = steam.add_account("rent_alpha01", PASSWORD)
    steam.require_proxy(account.login, proxy.name)
    return Client(steam, account, http=proxy.address)


def test_a_proxy_shows_its_own_address(through: Client, proxy: ForwardProxy) -> None:
    through.sign_in().up_to_change()
    seen = {(facts["proxy"], facts["ip"]) for facts in through.steam.requests()}
    assert seen == {("berlin", "192.0.2.10")}
    assert proxy.served == len(through.steam.requests())
    assert through.steam.wrongdoings == []


def test_a_request_past_the_proxy_fails_and_is_told(through: Client) -> None:
    through.sign_in()
    through.session.proxies = {}
    answer = through.web("GET", "store", "/twofactor/manage")
    assert answer.status_code == 403
    assert through.steam.wrongdoings == ["rent_alpha01: manage through no proxy instead of berlin"]


def test_buyers_come_from_elsewhere(through: Client) -> None:
    assert through.steam.buyer_login("rent_alpha01", PASSWORD).works()
    assert through.steam.wrongdoings == []


def test_a_wrong_password_of_the_proxy_is_407(through: Client, proxy: ForwardProxy) -> None:
    through.session.proxies = {"http": proxy.url}
    answer = through.session.post(f"{through.steam.endpoints.api}/x", timeout=5)
    assert answer.status_code == 407
    assert through.steam.requests() == []


def test_a_proxy_that_is_down_sends_nothing(through: Client, proxy: ForwardProxy) -> None:
    proxy.down = True
    with pytest.raises(requests.ConnectionError):
        through.begin()
    assert through.steam.requests() == []
    proxy.down = False
    assert through.begin()[0] == 1


@pytest.mark.parametrize("answering", [False, True])
def test_a_proxy_dies_before_or_after_steam_heard(
    through: Client, proxy: ForwardProxy, answering: bool
) -> None:
    proxy.dies_after, proxy.dies_answering = 1, answering
    with pytest.raises(requests.ConnectionError):
        through.begin()
    assert len(through.steam.requests()) == 1 + answering


def test_limits_are_kept_for_each_exit(steam: SteamDouble, proxy: ForwardProxy) -> None:
    other = steam.add_proxy("oslo", "192.0.2.20")
    steam.switches.login_limit = 2
    clients = [Client(steam, steam.add_account(f"a{n}", PASSWORD)) for n in range(4)]
    for client in clients:
        client.session.proxies = {"http": proxy.address}
    assert [c.begin()[0] for c in clients[:3]] == [1, 1, 84]
    clients[3].session.proxies = {"http": other.address}
    assert clients[3].begin()[0] == 1


def test_a_slow_proxy_moves_a_frozen_clock(through: Client, proxy: ForwardProxy) -> None:
    before = through.steam.state.now()
    proxy.slow = 2
    through.call("QueryTime", service="ITwoFactorService")
    assert through.steam.state.now() == before + 2


def test_an_unknown_target_is_a_bad_gateway() -> None:
    with SteamDouble() as steam:
        proxies = {"http": steam.add_proxy("berlin", "192.0.2.10").address}
        answer = requests.get("http://elsewhere.example/", proxies=proxies, timeout=5)
        assert answer.status_code == 502

"""Steam moved from outside, by the calls of `/__sandbox__/`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from steam_double_cast import PASSWORD, Client

from sandbox.steam import SteamDouble


class Control:
    """Calls of `/__sandbox__/` on one of the ports."""

    def __init__(self, client: Client) -> None:
        self._session, self._base = client.session, client.steam.endpoints.store

    def __call__(self, method: str, call: str, expected: int = 200, told: Any = None) -> Any:
        url = f"{self._base}/__sandbox__{call}"
        answer = self._session.request(method, url, json=told, timeout=5)
        assert answer.status_code == expected, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def control(client: Client) -> Control:
    return Control(client)


def test_an_account_is_made_and_changed(control: Control, steam: SteamDouble) -> None:
    made = control("POST", "/accounts", 201, {"login": "Bravo", "password": PASSWORD})
    assert json.loads(made["mafile"])["account_name"] == "bravo"
    assert control("GET", "/accounts/bravo/mafile")["Session"]["SteamID"] == int(made["steamid"])
    control("PATCH", "/accounts/bravo", told={"guard": "email", "proxy": "berlin"})
    assert steam.account("bravo").guard == "email"
    control("PATCH", "/accounts/bravo", 400, {"guard": "dog"})
    control("PATCH", "/accounts/bravo", 400, {"steamid": 5})
    assert [a["login"] for a in control("GET", "/accounts")] == ["rent_alpha01", "bravo"]
    assert control("GET", "/accounts/bravo")["guard"] == "email"


def test_a_buyer_signs_in_kicks_and_takes_the_password(control: Control, owner: Client) -> None:
    login = owner.account.login
    code = control("GET", f"/accounts/{login}/code")["code"]
    told = {"login": login, "password": PASSWORD, "code": code}
    control("POST", "/buyers", 409, told)  # the owner used this window
    del told["code"]
    buyer = control("POST", "/buyers", 201, told)
    assert buyer["works"]
    control("POST", f"/buyers/{buyer['id']}/wizard")
    assert not control("POST", f"/buyers/{buyer['id']}/deauthorize")["works"]
    assert not owner.works()
    control("POST", f"/buyers/{buyer['id']}/password", told={"password": "Stolen12345"})
    assert owner.account.password == "Stolen12345"
    assert len(control("GET", "/buyers")) == 1
    assert control("GET", "/buyers/0")["login"] == login
    control("GET", "/buyers/7", 404)


def test_sessions_decoys_and_expiry(control: Control, owner: Client) -> None:
    owner.open_wizard()
    place = f"/accounts/{owner.account.login}"
    control("POST", f"{place}/decoys")
    told = control("GET", f"{place}/sessions")
    assert (len(told["tokens"]), len(told["confirmations"])) == (1, 5)
    assert told["wizards"][0]["state"] == "NEW"
    told = control("POST", f"{place}/expire", told={"what": "refresh_token"})
    assert not told["tokens"][0]["lives"]
    control("POST", f"{place}/expire", 400, {"what": "milk"})


def test_faults_switches_limits_and_the_clock(control: Control, client: Client) -> None:
    (made,) = control("POST", "/faults", 201, {"action": "status", "status": 503})
    assert control("GET", "/faults")[0]["status"] == 503
    assert "reset" in control("GET", "/faults/actions")
    control("DELETE", f"/faults/{made['id']}", 204)
    control("DELETE", "/faults/99", 404)
    control("DELETE", "/faults", 204)
    control("POST", "/faults", 400, {"action": "explode"})
    assert control("GET", "/switches")["kick_kills_own"] is True
    control("PATCH", "/switches", told={"kick_kills_own": False, "login_limit": 0})
    control("PATCH", "/switches", 400, {"kick_kills_own": "no"})
    assert client.begin()[0] == 84
    assert "ip:203.0.113.1" in control("GET", "/limits")
    control("DELETE", "/limits", 204)
    assert control("GET", "/limits") == {}
    before = control("GET", "/clock")
    after = control("POST", "/clock", told={"advance": 60})
    assert before["frozen"]
    assert before["now"] < after["now"]
    control("POST", "/clock", told={"frozen": False})
    control("POST", "/clock", told={"set": before["now"], "frozen": True})
    control("POST", "/clock", 400, {"set": "2026-01-01T00:00:00"})


def test_the_log_and_the_wrongdoings(control: Control, owner: Client) -> None:
    owner.web("POST", "store", "/nowhere")
    assert control("GET", "/wrongdoings") == ["unexpected path store POST /nowhere"]
    (login,) = control("GET", "/log?what=login&account=rent_alpha01")
    assert login["platform"] == 3
    (request,) = control("GET", "/log?step=nowhere")
    assert (request["status"], request["outcome"]) == (404, "unexpected")
    assert control("GET", f"/log?since={request['n']}") == []
    assert control("GET", "/endpoints")["OPIUM_STEAM_API_URL"] == owner.steam.endpoints.api
    control("GET", "/milk", 404)
    assert len(owner.steam.wrongdoings) == 1


def test_proxies(control: Control) -> None:
    told = {"name": "oslo", "ip": "192.0.2.1", "login": "a:b"}
    made = control("POST", "/proxies", 201, told)
    assert "a:b@" in made["address"]
    assert control("PATCH", "/proxies/oslo", told={"down": True})["down"]
    control("PATCH", "/proxies/oslo", 400, {"colour": 1})
    control("PATCH", "/proxies/rome", 404, {"down": True})
    assert len(control("GET", "/proxies")) == 1


@pytest.mark.parametrize("told", [{}, [], {"login": "x"}, {"login": 1, "password": "x"},
                                  {"login": "rent_alpha01", "password": "x"}])  # fmt: skip
def test_nonsense_is_refused(control: Control, told: Any) -> None:
    assert "detail" in control("POST", "/accounts", 400, told)

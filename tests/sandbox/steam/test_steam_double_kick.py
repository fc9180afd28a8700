"""Signing others out, web logins, and what buyers can do."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from bs4 import BeautifulSoup
from steam_double_cast import PASSWORD, SESSIONID, Client

from sandbox.steam import Account, Buyer, SteamDouble

COMMUNITY = "https://steamcommunity.com"


@pytest.fixture
def buyer(steam: SteamDouble, owner: Client) -> Buyer:
    return steam.buyer_login(owner.account.login, PASSWORD)


def test_a_signed_revoke_takes_exactly_the_chosen_one(
    owner: Client, buyer: Buyer, steam: SteamDouble
) -> None:
    second = steam.buyer_login(owner.account.login, PASSWORD)
    first_id, second_id = owner.others()
    assert owner.revoke(first_id) == 1
    assert (buyer.works(), second.works(), owner.works()) == (False, True, True)
    assert owner.others() == [second_id]
    assert owner.revoke(first_id) == 9


def test_ids_beyond_a_signed_number_occur(owner: Client, buyer: Buyer) -> None:
    _, told = owner.call("EnumerateTokens", plain=True, token=owner.access)
    ids = [told["requesting_token"], *(t["token_id"] for t in told["refresh_tokens"])]
    assert all(isinstance(i, str) for i in ids)
    assert any(int(i) >= 2**63 for i in ids)


def test_without_a_signature_or_from_the_web_nothing_is_revoked(
    owner: Client, buyer: Buyer
) -> None:
    (token_id,) = owner.others()
    assert owner.revoke(token_id, b"") == 15
    assert owner.revoke(token_id, b"x" * 32) == 15
    owner.sign_in(platform_type=2)
    assert owner.revoke(token_id) == 15
    assert buyer.works()


def test_a_client_can_sign_itself_out(owner: Client, buyer: Buyer) -> None:
    def leave(text: str) -> int:
        url = f"{owner.steam.endpoints.api}/IAuthenticationService/RevokeToken/v1/"
        form = {"token": text, "revoke_action": 2}
        return int(owner.session.post(url, data=form, timeout=5).headers["x-eresult"])

    assert [leave("x"), leave(owner.refresh), leave(owner.refresh)] == [15, 1, 9]
    assert (owner.works(), buyer.works()) == (False, True)


@pytest.mark.parametrize("kills_own", [True, False])
def test_deauthorize_all(owner: Client, buyer: Buyer, kills_own: bool) -> None:
    owner.steam.switches.kick_kills_own = kills_own
    page = BeautifulSoup(owner.web("GET", "store", "/twofactor/manage").text, "html.parser")
    field = page.select('#deauthorize_devices_form input[name="sessionid"]')[0]
    form = {"action": "deauthorize", "sessionid": field["value"]}
    answer = owner.web("POST", "store", "/twofactor/manage_action", data=form)
    assert (answer.status_code, "<html" in answer.text) == (200, True)
    assert not buyer.works()
    assert owner.works() is not kills_own
    assert owner.steam.wrongdoings == []


def test_any_other_action_takes_the_guard_and_is_told(owner: Client, account: Account) -> None:
    form = {"action": "actuallynone", "sessionid": SESSIONID}
    owner.web("POST", "store", "/twofactor/manage_action", data=form)
    assert account.guard_removed
    assert "actuallynone" in owner.steam.wrongdoings[0]


def test_a_foreign_form_does_nothing(owner: Client, buyer: Buyer) -> None:
    form = {"action": "deauthorize", "sessionid": "f" * 24}
    answer = owner.web("POST", "store", "/twofactor/manage_action", data=form)
    assert answer.status_code == 403
    assert buyer.works()


def test_the_device_page_agrees_with_the_list(owner: Client, buyer: Buyer) -> None:
    (gone,) = owner.others()
    owner.revoke(gone)
    page = owner.web("GET", "store", "/account/authorizeddevices").text
    config = BeautifulSoup(page, "html.parser").select("#application_config")[0]
    revoked = json.loads(str(config["data-revoked_devices"]))
    assert [d["token_id"] for d in revoked] == [str(gone)]
    assert len(json.loads(str(config["data-active_devices"]))) == 1


def test_a_buyer_can_do_the_same_to_us(owner: Client, buyer: Buyer, steam: SteamDouble) -> None:
    buyer.deauthorize()
    assert (owner.works(), buyer.works()) == (False, False)
    buyer = steam.buyer_login(owner.account.login, PASSWORD)
    owner.sign_in()
    buyer.change_password("StolenPa55word")
    assert (owner.works(), buyer.works()) == (False, True)
    assert owner.begin()[0] == 5


@pytest.mark.parametrize("place", ["help", "store"])
def test_a_mobile_token_on_help_and_store_is_a_switch(owner: Client, place: str) -> None:
    path = {"help": "/wizard/HelpChangePassword", "store": "/twofactor/manage"}[place]
    owner.steam.switches.change({f"mobile_on_{place}": False})
    answer = owner.web("GET", place, path)
    assert answer.headers["Location"].startswith("/login/")
    assert owner.web("GET", place, answer.headers["Location"]).status_code == 200
    owner.access = transfers(owner.sign_in(platform_type=2))[place]
    assert owner.web("GET", place, path).status_code in (200, 302)
    assert "/login" not in owner.web("GET", place, path).headers.get("Location", "")
    assert owner.steam.wrongdoings == []


def test_a_cookie_with_somebody_elses_id_is_none(owner: Client, account: Account) -> None:
    assert owner.web("GET", "store", "/twofactor/manage").status_code == 200
    account.steamid += 1
    owner.steam.add_account("other", PASSWORD, steamid=account.steamid - 1)
    cookie = f"steamLoginSecure={account.steamid - 1}%7C%7C{owner.access}"
    answer = owner.web("GET", "store", "/twofactor/manage", headers={"Cookie": cookie})
    assert answer.status_code == 302


def test_a_web_cookie_is_good_for_its_own_site_only(client: Client) -> None:
    tokens = transfers(client.sign_in(platform_type=2))
    assert client.web("GET", "store", "/twofactor/manage").status_code == 302
    client.access = tokens["community"]
    assert client.web("GET", "store", "/twofactor/manage").status_code == 302
    client.access = tokens["store"]
    assert client.web("GET", "store", "/twofactor/manage").status_code == 200


def test_a_transfer_is_good_once_and_at_its_own_site(client: Client) -> None:
    told = finalize(client.sign_in(platform_type=2)).json()
    transfer = told["transfer_info"][0]
    form = {**transfer["params"], "steamID": told["steamID"]}
    elsewhere = f"{client.steam.endpoints.help}/login/settoken"
    places = [elsewhere, transfer["url"], transfer["url"]]
    answers = [client.session.post(place, data=form, timeout=5) for place in places]
    assert [answer.json()["result"] for answer in answers] == [8, 1, 8]


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": COMMUNITY}, {"Referer": f"{COMMUNITY}/"}, {"Origin": "https://a"}]
)
def test_finalizelogin_without_its_headers_is_an_empty_answer(
    client: Client, headers: dict[str, str]
) -> None:
    answer = finalize(client.sign_in(platform_type=2), headers)
    assert (answer.status_code, answer.content) == (200, b"")
    client.steam.switches.finalize_needs_referer = False
    assert bool(finalize(client, headers).content) == (headers.get("Origin") == COMMUNITY)


def test_finalizelogin_with_a_dead_nonce(client: Client) -> None:
    client.refresh = "no.such.token"
    assert finalize(client).json() == {"success": False, "step": "nonce", "error": 8}


def test_a_web_session_is_renewed_in_both_ways(client: Client) -> None:
    client.sign_in(platform_type=2)
    finalize(client)
    session, places = client.session, client.steam.endpoints
    back = f"{places.store}/account/"
    answer = session.get(
        f"{places.login}/jwt/refresh", params={"redir": back}, allow_redirects=False, timeout=5
    )
    place = urlsplit(answer.headers["Location"])
    assert f"{place.scheme}://{place.netloc}" == places.store
    answer = session.get(answer.headers["Location"], allow_redirects=False, timeout=5)
    assert (answer.headers["Location"], "steamLoginSecure" in answer.cookies) == (back, True)
    headers = {"Origin": places.help, "Referer": f"{places.help}/"}
    url, form = f"{places.login}/jwt/ajaxrefresh", {"redir": f"{places.help}/en/"}
    told = session.post(url, data=form, headers=headers, timeout=5).json()
    assert told["success"]
    answer = session.post(told["login_url"], data=told, timeout=5)
    assert (answer.json()["result"], "steamLoginSecure" in answer.cookies) == (1, True)
    assert not session.post(url, data=form, timeout=5).json()["success"]


def test_the_wizard_may_want_a_fresh_web_login(client: Client, account: Account) -> None:
    account.need_fresh_web_login = True
    start = "/wizard/HelpChangePassword"
    client.sign_in()
    place = client.web("GET", "help", start).headers["Location"]
    assert dict(parse_qsl(urlsplit(place).query))["need_password"] == "1"
    client.access = transfers(client.sign_in(platform_type=2))["help"]
    assert "issueid=406" in client.web("GET", "help", start).headers["Location"]
    client.steam.clock.advance(601)
    assert "need_password" in client.web("GET", "help", start).headers["Location"]


def finalize(client: Client, headers: dict[str, str] | None = None) -> requests.Response:
    usual = {"Origin": COMMUNITY, "Referer": f"{COMMUNITY}/"}
    form = {
        "nonce": (None, client.refresh),
        "sessionid": (None, SESSIONID),
        "redir": (None, f"{COMMUNITY}/login/home/?goto="),
    }
    return client.session.post(
        f"{client.steam.endpoints.login}/jwt/finalizelogin",
        files=form,
        headers=usual if headers is None else headers,
        timeout=5,
    )


def transfers(client: Client) -> dict[str, str]:
    """The access token of each site."""
    told = finalize(client).json()
    tokens = {}
    for transfer in told["transfer_info"]:
        form = {**transfer["params"], "steamID": told["steamID"]}
        answer = client.session.post(transfer["url"], data=form, timeout=5)
        assert answer.json()["result"] == 1
        cookie = answer.cookies["steamLoginSecure"]
        place = urlsplit(transfer["url"]).netloc.partition(".")[0]
        tokens[place] = cookie.partition("%7C%7C")[2]
    return tokens

"""Logging in at the double: keys, passwords, codes, tokens and limits."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
import requests
from steam_double_cast import PASSWORD, Client, claims, sealed

from sandbox.steam import Account, BuyerRefused, SteamDouble

BEGIN = "BeginAuthSessionViaCredentials"


@pytest.mark.parametrize("plain", [False, True])
def test_a_login_in_either_form_ends_with_tokens_that_are_given_once(
    client: Client, account: Account, plain: bool
) -> None:
    more: dict[str, Any] = {"plain": plain}
    eresult, begun = client.begin(**more)
    assert eresult == 1
    assert int(begun["steamid"]) == account.steamid
    types = [line["confirmation_type"] for line in begun["allowed_confirmations"]]
    assert types == [3, 4]
    assert client.poll(begun, **more) == (1, {"had_remote_interaction": False})
    assert client.give_code(begun, steamid=account.steamid + 1, **more) == 8
    assert client.give_code(begun, **more) == 1
    assert client.give_code(begun, **more) == 29
    eresult, told = client.poll(begun, **more)
    assert (eresult, told["account_name"]) == (1, account.login)
    assert "derive" in claims(told["refresh_token"])["aud"]
    assert claims(told["access_token"])["sub"] == str(account.steamid)
    assert client.poll(begun, **more)[0] == 9
    assert client.steam.wrongdoings == []


def test_multipart_and_url_safe_base64_are_understood(client: Client) -> None:
    url = f"{client.steam.endpoints.api}/ITwoFactorService/QueryTime/v0001/"
    part = {"input_protobuf_encoded": (None, b64encode(b"\x08\xff\xff\x03", altchars=b"-_"))}
    answer = client.session.post(url, files=part, timeout=5)
    assert answer.headers["x-eresult"] == "1"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert client.session.post(url, timeout=5).json()["response"]["server_time"] == "1761955200"


def test_a_wrong_password_looks_like_please_wait_except_for_the_header(client: Client) -> None:
    eresult, told = client.begin("Wr0ngPassword", plain=True)
    assert (eresult, told) == (5, {"interval": 5.0, "extended_error_message": ""})
    assert client.steam.requests(BEGIN)[-1]["password"] == "Wr0ngPassword"


@pytest.mark.parametrize("damage", ["plus", "other name", "old key", "unknown key", "unpadded"])
def test_a_password_that_cannot_be_opened_is_a_wrong_one(client: Client, damage: str) -> None:
    name = "somebody" if damage == "other name" else client.account.login
    _, key = client.call("GetPasswordRSAPublicKey", account_name=name)
    text = sealed(PASSWORD, key)
    if damage == "plus":
        assert "+" in text
        text = text.replace("+", " ")
    if damage == "unpadded":
        text = b64encode(PASSWORD.encode().rjust(256, b"\0")).decode()
    if damage == "old key":
        client.steam.clock.advance(3600)
    stamp = key["timestamp"] + (10**9 if damage == "unknown key" else 0)
    more = {"encrypted_password": text, "encryption_timestamp": stamp}
    assert client.begin(**more)[0] == 5


def test_a_code_serves_one_login(client: Client, steam: SteamDouble, account: Account) -> None:
    code = steam.guard_code(account.login)
    steam.buyer_login(account.login, PASSWORD, code)
    _, begun = client.begin()
    assert client.give_code(begun, code) == 88
    assert client.give_code(begun, steam.guard_code(account.login, later=1)) == 1
    with pytest.raises(BuyerRefused) as refused:
        steam.buyer_login(account.login, PASSWORD, code)
    assert refused.value.eresult == 88


@pytest.mark.parametrize(("later", "skew", "outcome"), [(-1, 1, 1), (1, 1, 1), (2, 1, 88),
                                                        (-1, 0, 88), (2, 2, 1)])  # fmt: skip
def test_codes_of_neighbouring_windows(client: Client, later: int, skew: int, outcome: int) -> None:
    client.steam.switches.skew_windows = skew
    _, begun = client.begin()
    assert client.give_code(begun, client.steam.guard_code(client.account.login, later)) == outcome


@pytest.mark.parametrize(
    ("guard", "allowed"), [("email", [2, 5]), ("none", [1]), ("moved", [3, 4])]
)
def test_the_guard_decides_what_may_confirm(
    client: Client, account: Account, guard: str, allowed: list[int]
) -> None:
    account.guard = guard
    _, begun = client.begin()
    assert [a["confirmation_type"] for a in begun["allowed_confirmations"]] == allowed
    outcome = {"email": 65, "none": 65, "moved": 88}[guard]
    assert client.give_code(begun) == outcome
    assert ("refresh_token" in client.poll(begun)[1]) == (guard == "none")


@pytest.mark.parametrize(
    ("field", "value", "outcome"),
    [("blocked", "disabled", 43), ("blocked", "banned", 17), ("blocked", "locked", 73),
     ("agreement_pending", True, 118), ("throttled", True, 87)],
)  # fmt: skip
def test_accounts_in_trouble(
    client: Client, account: Account, field: str, value: object, outcome: int
) -> None:
    setattr(account, field, value)
    assert client.begin()[0] == outcome


def test_five_wrong_passwords_mean_half_an_hour_that_each_try_begins_anew(
    client: Client, steam: SteamDouble
) -> None:
    outcomes = [client.begin("Wr0ngPassword")[0] for _ in range(6)]
    assert outcomes == [5, 5, 5, 5, 5, 84]
    steam.clock.advance(1799)
    assert client.begin()[0] == 84
    steam.clock.advance(1799)
    assert client.begin()[0] == 84
    steam.clock.advance(1801)
    assert client.begin()[0] == 1


def test_nine_logins_in_ten_minutes_are_one_too_many_for_the_address(steam: SteamDouble) -> None:
    clients = [Client(steam, steam.add_account(f"a{n}", PASSWORD)) for n in range(9)]
    assert [c.begin()[0] for c in clients] == [1] * 8 + [84]
    steam.state.limits.forget()
    assert clients[0].begin()[0] == 1


def test_a_false_refusal_comes_with_a_seeded_chance(client: Client) -> None:
    client.steam.switches.change({"false_password": 0.5, "wrong_limit": 99, "login_limit": 99})
    outcomes = {client.begin()[0] for _ in range(12)}
    assert outcomes == {1, 5}


def test_a_login_grows_old_and_dies_with_the_password(client: Client, steam: SteamDouble) -> None:
    _, old = client.begin()
    steam.clock.advance(301)
    assert client.poll(old)[0] == 27
    _, begun = client.begin()
    assert client.give_code(begun) == 1
    steam.state.change_password(client.account, "An0therPassword")
    assert client.poll(begun)[0] == 9


def test_another_client_id_replaces_the_first(client: Client, steam: SteamDouble) -> None:
    steam.switches.rotate_client_id = True
    _, begun = client.begin()
    _, told = client.poll(begun)
    assert client.poll(begun)[0] == 9
    assert client.poll({**begun, "client_id": told["new_client_id"]})[0] == 1


def test_a_renewed_session(owner: Client, steam: SteamDouble) -> None:
    fields: dict[str, Any] = {"refresh_token": owner.refresh, "renewal_type": 1}
    fields["steamid"] = owner.account.steamid
    steam.clock.advance(86_401)
    assert not owner.works()
    _, told = owner.call("GenerateAccessTokenForApp", **fields)
    assert set(told) == {"access_token"}
    owner.access = told["access_token"]
    assert owner.works()
    steam.switches.rotate_refresh = True
    _, told = owner.call("GenerateAccessTokenForApp", plain=True, **fields)
    assert told["refresh_token"] != owner.refresh
    assert owner.call("GenerateAccessTokenForApp", **fields)[0] == 15
    assert not owner.works()


def test_a_web_token_is_not_renewed_at_the_api(client: Client) -> None:
    client.sign_in(platform_type=2)
    fields: dict[str, Any] = {"refresh_token": client.refresh, "steamid": client.account.steamid}
    assert client.call("GenerateAccessTokenForApp", **fields)[0] == 15


def test_the_state_of_the_authenticator(owner: Client, account: Account) -> None:
    def status() -> dict[str, object]:
        told = owner.call("QueryStatus", service="ITwoFactorService", token=owner.access)
        return told[1]

    assert (status()["token_gid"], status()["version"]) == (account.token_gid, 2)
    assert status()["device_identifier"] == account.device_id
    account.guard = "moved"
    assert (status()["token_gid"] != account.token_gid, status()["version"]) == (True, 3)


def test_verbs_forms_and_places_are_checked(client: Client, steam: SteamDouble) -> None:
    api, store = steam.endpoints.api, steam.endpoints.store
    begin = f"/IAuthenticationService/{BEGIN}/v1/"
    key = "/IAuthenticationService/GetPasswordRSAPublicKey/v1/"
    ask = client.session.request

    def status(verb: str, url: str, **data: str) -> int:
        return ask(verb, url, data=data, timeout=5).status_code

    assert status("GET", api + begin) == 405
    assert status("POST", api + key, account_name="x") == 405
    assert status("POST", store + begin) == 404
    assert status("GET", api + "/twofactor/manage") == 404
    assert status("POST", store + "/twofactor/manage") == 405
    assert len(steam.wrongdoings) == 5
    nested = {"device_details[platform_type]": "3"}
    assert status("POST", api + begin, **nested) == 400
    assert status("POST", api + begin, input_protobuf_encoded="Eg xy") == 400
    assert status("POST", api + begin, encryption_timestamp="soon") == 400


def test_a_token_in_the_form_does_not_count(owner: Client) -> None:
    url = f"{owner.steam.endpoints.api}/IAuthenticationService/EnumerateTokens/v1/"
    answer = owner.session.post(url, data={"access_token": owner.access}, timeout=5)
    assert (answer.status_code, answer.headers["x-eresult"]) == (401, "15")


def test_the_same_seed_gives_the_same_steam() -> None:
    def tokens(seed: int) -> tuple[str, str, str]:
        steam = SteamDouble(seed=seed)
        client = Client(steam, steam.add_account("rent_alpha01", PASSWORD)).sign_in()
        return client.refresh, client.access, steam.account("rent_alpha01").mafile

    assert tokens(3) == tokens(3)
    assert tokens(3) != tokens(4)


def test_over_sockets_all_is_the_same() -> None:
    with SteamDouble(seed=7) as steam:
        assert steam.endpoints.api.startswith("http://127.0.0.1:")
        assert len(set(vars(steam.endpoints).values())) == 5
        account = steam.add_account("rent_alpha01", PASSWORD)
        client = Client(steam, account).sign_in()
        buyer = steam.buyer_login(account.login, PASSWORD)
        assert client.works()
        assert buyer.works()
        assert [e["answered"] for e in steam.requests()] == [True] * len(steam.requests())
        address = steam.endpoints.api
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=2)

"""What goes wrong at the double: before and after the effect, on the wire and inside."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from steam_double_cast import NEW_PASSWORD, PASSWORD, Client

from sandbox.clock import Clock
from sandbox.steam import Account, SteamDouble
from sandbox.steam.faults import ACTIONS, Fault, step_of

TIMEOUT = 0.4


@pytest.fixture(params=["in process", "over sockets"])
def changing(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client right before the dangerous request."""
    steam = SteamDouble(seed=7, clock=Clock() if request.param == "over sockets" else None)
    if request.param == "over sockets":
        steam.start()
    client = Client(steam, steam.add_account("rent_alpha01", PASSWORD))
    yield client.sign_in().up_to_change()
    steam.close()


def outcome(act: Callable[[], requests.Response]) -> str:
    """What a client sees of an answer, or how the request ended."""
    try:
        answer = act()
    except requests.exceptions.ChunkedEncodingError:
        return "half"
    except requests.ReadTimeout:
        return "timeout"
    except requests.ConnectionError:
        return "closed"
    kind = "json" if "json" in answer.headers["Content-Type"] else "html"
    return f"{answer.status_code} {kind if answer.content else 'empty'}"


LOST: list[tuple[str, dict[str, Any], str]] = [
    ("reset", {}, "closed"),
    ("hang", {}, "timeout"),
    ("half", {}, "half"),
    ("status", {"status": 502}, "502 html"),
    ("status", {"status": 200, "body": "empty"}, "200 empty"),
    ("status", {"status": 200, "body": "json-null"}, "200 json"),
    ("status", {"status": 500, "body": "truncated"}, "500 json"),
    ("redirect_login", {}, "302 empty"),
    ("omit", {"field": "hash"}, "200 json"),
    ("eresult", {}, "200 json"),
    ("slow", {"seconds": 0.8}, "timeout"),
]


@pytest.mark.parametrize(("action", "more", "seen"), LOST)
def test_the_password_is_changed_and_the_answer_lost(
    changing: Client, action: str, more: dict[str, Any], seen: str
) -> None:
    steam = changing.steam
    form = {"account": changing.ids["account"], **changing.sealed(NEW_PASSWORD)}
    form |= {"sessionid": "0a1b2c3d4e5f60718293a4b5", "wizard_ajax": "1", "s": changing.ids["s"]}
    path = "/en/wizard/AjaxAccountRecoveryChangePassword/"
    steam.faults.add(action, "after", step="ChangePassword", **more)
    assert outcome(lambda: changing.web("POST", "help", path, data=form, timeout=TIMEOUT)) == seen
    assert changing.account.password == NEW_PASSWORD
    (noted,) = steam.requests("ChangePassword")
    assert noted["fault"] == f"{action} after"
    assert noted["answered"] == (seen[0].isdigit())


@pytest.mark.parametrize(("action", "more", "seen"), [x for x in LOST if x[0] in
                                                      ("reset", "hang", "status")])  # fmt: skip
def test_the_answer_is_lost_and_nothing_changed(
    owner: Client, action: str, more: dict[str, Any], seen: str
) -> None:
    owner.up_to_change()
    owner.steam.faults.add(action, step="ChangePassword", **more)
    assert outcome(owner.change) == seen
    assert owner.account.password == PASSWORD


def test_a_repeated_change_is_a_wrongdoing_unless_it_was_refused(owner: Client) -> None:
    owner.up_to_change()
    assert "errorMsg" in owner.change(PASSWORD).json()
    owner.steam.faults.add("reset", step="ChangePassword")
    with pytest.raises(requests.ConnectionError):
        owner.change()
    assert owner.steam.wrongdoings == []
    owner.change()
    assert owner.steam.wrongdoings == ["rent_alpha01: ChangePassword repeated"]


def test_a_page_of_a_gateway_is_no_refusal(owner: Client) -> None:
    owner.up_to_change()
    owner.steam.faults.add("status", step="ChangePassword", status=502)
    assert owner.change().status_code == 502
    assert owner.change().json()["hash"]
    assert owner.steam.wrongdoings == ["rent_alpha01: ChangePassword repeated"]


def test_an_outcome_instead_of_the_right_one(client: Client, steam: SteamDouble) -> None:
    steam.faults.add("eresult", step="BeginAuthSessionViaCredentials", eresult=84)
    assert client.begin()[0] == 84
    assert client.begin()[0] == 1


def test_matching_by_place_order_and_number(client: Client, steam: SteamDouble) -> None:
    step = "GetPasswordRSAPublicKey"
    steam.faults.add("eresult", step=step, eresult=20, nth=2, count=2)
    steam.faults.add("eresult", service="help", eresult=20)
    steam.faults.add("eresult", account="somebody else", eresult=20)

    def ask() -> int:
        return client.call(step, account_name=client.account.login)[0]

    assert [ask() for _ in range(4)] == [1, 20, 20, 1]
    steam.faults.clear()
    steam.faults.add("eresult", ip="203.0.113.1", method="GET", path="*Key*", eresult=20)
    assert ask() == 20


def test_members_and_headers_are_left_out(client: Client, steam: SteamDouble) -> None:
    _, begun = client.begin()
    client.give_code(begun)
    steam.faults.add("omit", step="PollAuthSessionStatus", field="access_token")
    assert "access_token" not in client.poll(begun)[1]
    steam.faults.add("omit", step="QueryTime", field="x-eresult")
    url = f"{steam.endpoints.api}/ITwoFactorService/QueryTime/v1/"
    answer = client.session.post(url, timeout=5)
    assert "x-eresult" not in answer.headers
    assert answer.json()["response"]["server_time"]


def test_texts_are_replaced_and_clients_sent_elsewhere(owner: Client) -> None:
    steam = owner.steam
    steam.faults.add("replace", step="manage", text="deauthorize_devices_form", replacement="x")
    assert "devices_form" not in owner.web("GET", "store", "/twofactor/manage").text
    steam.faults.add("redirect", step="manage", url="https://elsewhere.example/")
    place = owner.web("GET", "store", "/twofactor/manage").headers["Location"]
    assert place == "https://elsewhere.example/"


def test_the_wizard_suddenly_wants_an_e_mail(owner: Client) -> None:
    owner.steam.faults.add("html", step="VerifyCode")
    owner.open_wizard()
    owner.send_code()
    owner.answer(owner.ours() or {})
    assert "Email" in owner.verify_code()["html"]


def test_a_poll_that_never_ends(owner: Client) -> None:
    owner.steam.faults.add("poll_forever", count=None)
    owner.open_wizard()
    owner.send_code()
    owner.answer(owner.ours() or {})
    assert [owner.poll_confirmation()["continue"] for _ in range(3)] == [True] * 3


@pytest.mark.parametrize("what", ["wizard", "rsa_key", "access_token", "refresh_token"])
def test_things_expire_in_the_middle(owner: Client, what: str) -> None:
    owner.up_to_change()
    owner.steam.faults.add("expire", step="ChangePassword", what=what)
    assert "errorMsg" in owner.change().json()
    assert owner.account.password == PASSWORD


def test_a_login_expires_in_the_middle(client: Client) -> None:
    _, begun = client.begin()
    client.steam.faults.add("expire", what="auth_session", step="PollAuthSessionStatus")
    assert client.poll(begun)[0] == 27


@pytest.mark.parametrize("phase", ["before", "after"])
def test_the_buyer_interferes(owner: Client, account: Account, phase: str) -> None:
    buyer = owner.steam.buyer_login(account.login, PASSWORD)
    owner.steam.faults.add("buyer_kicks", phase, step="EnumerateTokens")
    assert owner.works() == (phase == "after")
    assert not owner.works()
    owner.sign_in()
    owner.steam.faults.add("buyer_changes_password", phase, text="Stolen12345")
    owner.works()
    assert (account.password, buyer.works(), owner.works()) == ("Stolen12345", True, False)


def test_faults_leave_buyers_alone(owner: Client) -> None:
    owner.steam.faults.add("status", count=None)
    assert owner.steam.buyer_login(owner.account.login, PASSWORD).works()


def test_a_slow_answer_moves_a_frozen_clock(owner: Client, steam: SteamDouble) -> None:
    steam.faults.add("slow", step="EnumerateTokens", seconds=3)
    before = steam.state.now()
    assert owner.works()
    assert steam.state.now() == before + 3


def test_a_busy_site_answers_with_a_page(owner: Client, steam: SteamDouble) -> None:
    steam.switches.change({"busy": ["store"]})
    answer = owner.web("GET", "store", "/twofactor/manage")
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (429, "text/html")


def test_others_are_served_while_one_waits() -> None:
    with SteamDouble(clock=Clock(), seed=7) as steam:
        client = Client(steam, steam.add_account("rent_alpha01", PASSWORD)).sign_in()
        fault = steam.faults.add("hang", step="manage", seconds=1.5)
        hanging = threading.Thread(
            target=outcome,
            args=(lambda: client.web("GET", "store", "/twofactor/manage", timeout=3),),
        )
        hanging.start()
        end = time.monotonic() + 3
        while not fault.hits and time.monotonic() < end:
            hanging.join(0.005)
        began = time.monotonic()
        assert client.works()
        assert time.monotonic() - began < 1
        assert hanging.is_alive()
        hanging.join()


def test_many_at_once_do_not_mix() -> None:
    with SteamDouble(seed=7) as steam:
        steam.switches.login_limit = 99
        accounts = [steam.add_account(f"a{n}", PASSWORD) for n in range(8)]
        with ThreadPoolExecutor(8) as pool:
            clients = list(pool.map(lambda a: Client(steam, a).sign_in(), accounts))
        assert all(client.works() for client in clients)
        assert len({client.refresh for client in clients}) == 8
        numbers = [entry.n for entry in steam.log.requests()]
        assert len(set(numbers)) == len(numbers) == 8 * 5
        assert steam.wrongdoings == []


@pytest.mark.parametrize(
    "told",
    [None, {}, {"action": "no"}, {"action": "omit"}, {"action": "expire", "what": "milk"},
     {"action": "status", "body": "x"}, {"action": "reset", "phase": "never"},
     {"action": "reset", "colour": 1}],
)  # fmt: skip
def test_a_fault_that_means_nothing_is_refused(told: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Fault.from_json(told).check()


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ("/IAuthenticationService/EnumerateTokens/v1/", "EnumerateTokens"),
        ("/en/wizard/AjaxAccountRecoveryChangePassword/", "ChangePassword"),
        ("/en/wizard/AjaxSendAccountRecoveryCode", "SendCode"),
        ("/wizard/HelpChangePassword", "HelpChangePassword"),
        ("/mobileconf/details/12", "details"),
        ("/", ""),
    ],
)
def test_steps_have_short_names(path: str, step: str) -> None:
    assert step_of(path) == step


def test_there_are_no_two_actions_of_one_name() -> None:
    assert len(ACTIONS) == len(set(ACTIONS))

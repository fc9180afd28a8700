"""The password wizard and the confirmations it needs."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from steam_double_cast import NEW_PASSWORD, PASSWORD, Client

from sandbox.steam import Account, BuyerRefused, SteamDouble
from sandbox.steam.codes import confirmation_key


def test_a_password_is_changed_step_by_step(
    owner: Client, steam: SteamDouble, account: Account
) -> None:
    owner.up_to_change()
    assert not owner.available("short")
    assert owner.available(NEW_PASSWORD)
    assert owner.change().json()["hash"].startswith("wizard/")
    assert account.password == NEW_PASSWORD
    assert steam.requests("ChangePassword")[0]["password"] == NEW_PASSWORD
    assert not owner.works()
    assert owner.begin()[0] == 5
    assert owner.sign_in(NEW_PASSWORD).works()
    assert steam.wrongdoings == []


def test_every_page_says_what_is_wanted_next(owner: Client) -> None:
    def page(address: str) -> BeautifulSoup:
        answer = owner.web("GET", "help", address)
        assert answer.status_code == 200
        return BeautifulSoup(answer.text, "html.parser")

    def text(soup: BeautifulSoup, where: str) -> str:
        return soup.select(f".wizard_content_wrapper {where}")[0].get_text()

    ids = owner.open_wizard()
    assert (ids["reset"], ids["lost"], ids["issueid"]) == ("1", "0", "406")
    query = "&".join(f"{k}={v}" for k, v in ids.items())
    first = page(f"/en/wizard/HelpWithLoginInfo?{query}")
    assert text(first, ".help_wizard_button") == "Send a confirmation to my Steam Mobile app"
    form = page(f"/en/wizard/HelpWithLoginInfoEnterCode?{query}&wizard_ajax=1&gamepad=0")
    assert form.select('#forgot_login_code_form input[name="s"]')[0]["value"] == ids["s"]
    owner.send_code()
    owner.answer(owner.ours() or {})
    verified = owner.verify_code()["hash"]
    assert "verify" in text(page(f"/en/{verified}"), ".help_wizard_button").lower()
    place = owner.next_step()["redirect"].removeprefix(owner.steam.endpoints.help)
    assert text(page(place), ".help_page_title") == "Verify Password"
    proven = owner.verify_password()["hash"]
    assert text(page(f"/en/{proven}"), ".help_page_title") == "Password Reset"
    assert text(page(f"/en/{proven}"), ".pwreset_account_name") == owner.account.login
    done = owner.change().json()["hash"]
    assert text(page(f"/en/{done}"), ".help_page_title") == "Password changed"


@pytest.mark.parametrize(
    ("start", "where"),
    [("link", "a.help_wizard_button"), ("form", "#forgot_login_code_form input")],
)
def test_the_ids_may_be_in_the_page_instead(owner: Client, start: str, where: str) -> None:
    owner.steam.switches.wizard_start = start
    answer = owner.web("GET", "help", "/wizard/HelpChangePassword")
    found = str(BeautifulSoup(answer.text, "html.parser").select(where)[0])
    assert str(owner.steam.state.wizards.of(owner.account)[0].s) in found


def test_steps_out_of_order_are_refused(owner: Client) -> None:
    owner.open_wizard()
    assert "errorMsg" in owner.poll_confirmation()
    assert "errorMsg" in owner.next_step()
    assert "errorMsg" in owner.verify_password()
    assert "errorMsg" in owner.change().json()
    assert owner.send_code() == {"success": True}
    assert owner.poll_confirmation() == {"success": True, "continue": True}
    assert "errorMsg" in owner.verify_code()
    assert owner.account.password == PASSWORD


def test_a_cancelled_confirmation_closes_the_wizard(owner: Client) -> None:
    owner.open_wizard()
    owner.send_code()
    owner.answer(owner.ours() or {}, "cancel")
    assert "errorMsg" in owner.poll_confirmation()
    assert owner.steam.wrongdoings == []


def test_a_guard_code_instead_of_the_confirmation_is_a_switch(owner: Client) -> None:
    steam = owner.steam
    owner.open_wizard()
    owner.send_code()
    steam.clock.advance(60)
    code = steam.guard_code(owner.account.login)
    assert "errorMsg" in owner.verify_code(code)
    steam.switches.guard_code_variant = True
    assert "errorMsg" in owner.verify_code("AAAAA")
    assert "hash" in owner.verify_code(code)


def test_three_wrong_old_passwords_close_the_wizard(owner: Client) -> None:
    owner.open_wizard()
    owner.send_code()
    owner.answer(owner.ours() or {})
    owner.verify_code()
    owner.next_step()
    answers = [owner.verify_password("Wr0ngPassword") for _ in range(3)]
    assert all("incorrect" in a["errorMsg"] for a in answers)
    assert "expired" in owner.verify_password()["errorMsg"]


def test_a_wizard_lives_ten_minutes_and_no_longer_than_its_session(
    owner: Client, steam: SteamDouble
) -> None:
    owner.open_wizard()
    steam.clock.advance(601)
    assert "expired" in owner.send_code()["errorMsg"]
    owner.open_wizard()
    ids = dict(owner.ids)
    owner.sign_in()
    owner.ids = ids
    assert "expired" in owner.send_code()["errorMsg"]


@pytest.mark.parametrize("password", ["short", "пароль-паролевич", "qwerty123", "RENT_ALPHA01",
                                      PASSWORD, "UsedBefore1"])  # fmt: skip
def test_passwords_that_steam_refuses(owner: Client, account: Account, password: str) -> None:
    account.history.append("UsedBefore1")
    assert not owner.available(password)
    if password.isascii():
        owner.up_to_change()
        assert "errorMsg" in owner.change(password).json()
        assert owner.change().json()["hash"]
        assert owner.steam.wrongdoings == []


@pytest.mark.parametrize("missing", ["sessionid", "wizard_ajax", "X-Requested-With", "Origin",
                                     "Referer"])  # fmt: skip
def test_what_the_sites_script_sends_is_insisted_on(owner: Client, missing: str) -> None:
    owner.open_wizard()
    form = {"sessionid": "0a1b2c3d4e5f60718293a4b5", "wizard_ajax": "1", "method": "8"}
    form["s"] = owner.ids["s"]
    form.pop(missing, None)
    headers = {missing: ""} if missing not in form and missing[0].isupper() else {}
    answer = owner.web(
        "POST", "help", "/en/wizard/AjaxSendAccountRecoveryCode", data=form, headers=headers
    )
    assert answer.status_code == 403


def test_an_account_that_needs_its_e_mail_cannot_go_on(owner: Client, account: Account) -> None:
    account.email_proof_required = True
    owner.open_wizard()
    assert "Email" in owner.send_code()["html"]
    account.email_proof_required, account.wizard_demand = False, "remove_guard"
    owner.open_wizard()
    page = owner.web("GET", "help", "/en/wizard/HelpWithLoginInfo", params=owner.ids).text
    assert "Remove Steam Guard Mobile Authenticator" in page
    account.wizard_demand = "error"
    page = owner.web("GET", "help", "/wizard/HelpChangePassword").text
    assert 'id="error_description"' in page


def test_without_lost_2_an_e_mail_is_wanted(owner: Client) -> None:
    owner.open_wizard()
    owner.send_code()
    owner.answer(owner.ours() or {})
    owner.verify_code()
    assert "html" in owner.next_step(lost=0)


def test_the_session_that_changed_the_password_may_survive(owner: Client) -> None:
    buyer = owner.steam.buyer_login(owner.account.login, PASSWORD)
    owner.steam.switches.password_kills_own = False
    owner.up_to_change().change()
    assert owner.works()
    assert not buyer.works()


def test_an_access_token_may_outlive_the_password(owner: Client) -> None:
    buyer = owner.steam.buyer_login(owner.account.login, PASSWORD)
    owner.steam.switches.access_outlives_refresh = True
    owner.up_to_change().change()
    assert buyer.works()
    owner.steam.clock.advance(86_401)
    assert not buyer.works()


# Confirmations


def test_only_ours_may_be_accepted(owner: Client, steam: SteamDouble, account: Account) -> None:
    buyer = steam.buyer_login(account.login, PASSWORD)
    buyer.opens_wizard()
    steam.faults.add("decoy")
    owner.open_wizard()
    owner.send_code()
    listed = owner.conf("getlist")["conf"]
    assert sorted(c["type"] for c in listed) == [2, 3, 6, 6, 6, 9, 11]
    assert all(isinstance(c[key], str) for c in listed for key in ("id", "nonce", "creator_id"))
    owner.answer(owner.ours() or {})
    assert steam.wrongdoings == []
    foreign = next(c for c in listed if c["type"] == 6 and c["creator_id"] != owner.ids["s"])
    assert owner.answer(foreign)["success"]
    owner.answer(next(c for c in listed if c["type"] == 2))
    assert [w.rpartition(" ")[2] for w in steam.wrongdoings] == ["6", "2"]


@pytest.mark.parametrize(
    ("change", "outcome"),
    [({"p": "android:other"}, "device"), ({"t": 1_761_955_000}, "time"), ({"k": "x"}, "key"),
     ({"tag": "cancel"}, "tag"), ({"a": 1}, "account"), ({"m": "ios"}, "account")],
)  # fmt: skip
def test_the_log_tells_what_was_wrong_with_a_signature(
    owner: Client, change: dict[str, object], outcome: str
) -> None:
    told = owner.conf("getlist", **change)  # type: ignore[arg-type]
    assert not told["success"]
    assert "incorrect Steam Guard codes" in told["message"]
    assert owner.steam.requests("getlist")[-1]["outcome"] == outcome


def test_one_moment_serves_one_tag(owner: Client) -> None:
    owner.steam.add_account("other", PASSWORD)
    moment = int(owner.steam.state.now()) + 5
    assert owner.conf("getlist", "conf", t=moment)["success"]
    assert not owner.conf("getlist", "list", t=moment)["success"]
    owner.steam.switches.one_tag_per_time = False
    assert owner.conf("getlist", "list", t=moment)["success"]


def test_a_device_id_that_nobody_checks_is_a_switch(owner: Client) -> None:
    owner.steam.switches.strict_device_id = False
    assert owner.conf("getlist", p="android:other")["success"]


def test_confirmations_may_come_late_or_never_or_twice(owner: Client) -> None:
    owner.steam.faults.add("delay_confirmation", seconds=20)
    owner.open_wizard()
    owner.send_code()
    assert owner.ours() is None
    owner.steam.clock.advance(20)
    assert owner.ours()
    owner.steam.faults.add("drop_confirmation")
    owner.open_wizard()
    owner.send_code()
    owner.steam.clock.advance(500)
    assert owner.ours() is None
    owner.steam.switches.resend_adds = True
    owner.steam.switches.int_success = True
    assert owner.send_code() == {"success": 1}
    assert owner.ours()


def test_asking_for_the_list_too_often_fails(owner: Client) -> None:
    owner.steam.switches.getlist_gap = 10
    assert owner.conf("getlist")["success"]
    assert owner.conf("getlist") == {"success": False}
    owner.steam.clock.advance(10)
    assert owner.conf("getlist")["success"]


def test_several_at_once_and_details(owner: Client) -> None:
    owner.open_wizard()
    owner.send_code()
    ours = owner.ours() or {}
    assert "Account recovery" in owner.conf(f"details/{ours['id']}", "details")["html"]
    pair = {"op": "cancel", "cid[]": [ours["id"]], "ck[]": [ours["nonce"]]}
    moment = int(owner.steam.state.now()) + 30
    key = confirmation_key(owner.account.identity_secret, moment, "cancel")
    form = {"p": owner.account.device_id, "a": owner.account.steamid, "k": key, "t": moment,
            "m": "react", "tag": "cancel", **pair}  # fmt: skip
    answer = owner.web("POST", "community", "/mobileconf/multiajaxop", data=form)
    assert answer.json() == {"success": True}
    assert owner.conf("getlist")["conf"] == []


def test_a_dead_session_needs_authentication(owner: Client, steam: SteamDouble) -> None:
    steam.state.buyer_kicks(owner.account)
    assert owner.conf("getlist") == {"success": False, "needauth": True}
    answer = owner.web("GET", "help", "/wizard/HelpChangePassword")
    assert (answer.status_code, answer.headers["Location"][:7]) == (302, "/login/")


def test_a_buyer_with_a_wrong_code_is_refused(owner: Client) -> None:
    with pytest.raises(BuyerRefused) as refused:
        owner.steam.buyer_login(owner.account.login, PASSWORD, "AAAAA")
    assert refused.value.eresult == 88

"""Changing the password: the order of the steps, where they stop, and the one request."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from steam_cast import (
    AJAX,
    FIRST,
    LOGIN,
    NEW,
    OPEN,
    OPENED,
    PASSWORD,
    PROVE,
    SENDS,
    SITE,
    WIZARD,
    Asked,
    Cast,
    Reply,
    as_json,
    cast,
    confirmations,
    entry,
    lost,
    ma_file,
    not_sent,
    obliging,
    page,
    to,
)

from opium.modules.steam_rent.steam import Options, errors

EMAIL = page("<a class='help_wizard_button'>Email an account verification code to s***@x</a>")
REMOVE = page("<div class='help_page_title'>Remove Steam Guard Mobile Authenticator</div>")
HTML = as_json({"html": "<div>enter the code</div>"})
EXPIRED = as_json({"errorMsg": "This account recovery session has expired, start again."})


def changed(**how: Any) -> Cast:
    here = cast(**how)
    here.change()
    return here


def stopped(here: Cast, error: type[errors.SteamError]) -> errors.SteamError:
    """The change fails this way, and the new password was never sent."""
    with pytest.raises(error) as told:
        here.change()
    assert here.site.count("RecoveryChangePassword") == 0
    assert here.committed == []
    return told.value


def test_the_whole_walk_in_the_order_of_the_dossier() -> None:
    here = changed()
    words = [asked.path.rstrip("/").rsplit("/", 1)[-1] for asked in here.site.asked]
    assert words[words.index("HelpChangePassword") :] == [
        "HelpChangePassword",
        "HelpWithLoginInfo",
        "HelpWithLoginInfoEnterCode",
        "AjaxSendAccountRecoveryCode",
        "getlist",
        "ajaxop",
        "AjaxPollAccountRecoveryConfirmation",
        "AjaxVerifyAccountRecoveryCode",
        "Proven",
        "AjaxAccountRecoveryGetNextStep",
        "AskPassword",
        "getrsakey",
        "AjaxAccountRecoveryVerifyPassword",
        "NewPassword",
        "AjaxCheckPasswordAvailable",
        "getrsakey",
        "AjaxAccountRecoveryChangePassword",
        "Done",
    ]
    assert here.committed == ["SENDING"]


def test_the_forms_say_what_the_dossier_says() -> None:
    site = changed().site
    send = site.requests("SendAccountRecoveryCode")[0]
    assert {"s": WIZARD, "method": "8", "link": "", "wizard_ajax": "1"}.items() <= send.form.items()
    assert send.request.headers["Origin"] == SITE.help
    cookie = send.request.headers["Cookie"]
    assert f"sessionid={send.form['sessionid']}" in cookie
    assert "steamLoginSecure=76561199437752045%7C%7Caccess-token-of-ours" in cookie
    verify = site.requests("VerifyAccountRecoveryCode")[0]
    assert (verify.request.method, verify.query["code"]) == ("GET", "")
    assert site.requests("GetNextStep")[0].form["lost"] == "2"
    last = site.requests("RecoveryChangePassword")[0]
    assert last.form["account"] == "1477486317"
    assert NEW not in str(last.request.body)
    assert site.requests("CheckPasswordAvailable")[0].form["password"] == NEW


def test_the_new_password_goes_over_a_connection_of_its_own() -> None:
    site = changed().site
    assert site.requests("RecoveryChangePassword")[0].request.headers["Connection"] == "close"


def test_the_caller_writes_it_down_right_before_it_is_sent() -> None:
    here = cast()
    seen: list[str] = []

    def before() -> None:
        seen.append(here.site.asked[-1].path)

    here.steam.change_password(PASSWORD, NEW, before_sending=before)
    assert seen == ["/en/login/getrsakey/"]


def test_what_cannot_be_written_down_is_not_sent() -> None:
    here = cast()

    def before() -> None:
        raise RuntimeError("database is gone")

    with pytest.raises(RuntimeError):
        here.steam.change_password(PASSWORD, NEW, before_sending=before)
    assert here.site.count("RecoveryChangePassword") == 0


# --- the one request


@pytest.mark.parametrize(
    "answer",
    [
        lost,
        (502, {}, b"<html>Bad gateway</html>"),
        (200, {}, b""),
        (200, {}, b"null"),
        (200, {}, b'{"hash":"wiz'),
        (200, {}, b"<html>fine</html>"),
        (403, {}, b"<html>"),
        (429, {}, b""),
        to(f"{SITE.help}/login/"),
        as_json({}),
        as_json({"hash": ""}),
        as_json({"hash": None}),
        as_json({"hash": 5}),
        as_json({"success": True}),
        as_json({"success": 1}),
        as_json(1),
        as_json({"hash": "wizard/Done", "errorMsg": "no"}),
        as_json({"errorMsg": "no"}, status=500),
        as_json({"errorMsg": "An error occurred. Please try again later."}),
        as_json({"errorMsg": "An error occurred, start over."}),
        as_json({"errorMsg": "There was a problem changing your password."}),
    ],
)
def test_anything_but_a_hash_leaves_the_outcome_unknown(answer: Any) -> None:
    here = cast(obliging().on(SENDS, answer))
    with pytest.raises(errors.OutcomeUnknown):
        here.change()
    assert here.site.count("RecoveryChangePassword") == 1
    assert here.committed == ["SENDING"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (HTML, errors.CannotChange),
        (as_json({"errorMsg": "Choose another password."}), errors.PasswordRefused),
        (EXPIRED, errors.WizardExpired),
    ],
)
def test_a_refusal_leaves_the_old_password(answer: Reply, error: type[errors.SteamError]) -> None:
    here = cast(obliging().on(SENDS, answer))
    with pytest.raises(error):
        here.change()
    assert here.site.count("RecoveryChangePassword") == 1


def test_a_request_that_was_not_sent_leaves_the_old_password() -> None:
    here = cast(obliging().on(SENDS, not_sent))
    with pytest.raises(errors.Unreachable) as told:
        here.change()
    assert not told.value.sent
    assert here.site.count("RecoveryChangePassword") == 1


@pytest.mark.parametrize("answer", [lost, (500, {}, b""), to(f"{SITE.help}/login/"),
                                    to("https://evil.example/")])  # fmt: skip
def test_the_last_page_does_not_matter(answer: Any) -> None:
    assert changed(site=obliging().on("/en/wizard/Done", answer)).committed == ["SENDING"]


def test_afterwards_only_the_new_password_signs_in() -> None:
    here = changed()
    here.steam.sign_in(NEW)
    assert here.site.count("BeginAuthSessionViaCredentials/v1") == 2


# --- the first page


@pytest.mark.parametrize(
    "first",
    [
        (200, {}, f"<a class='help_wizard_button' href='{OPENED}'>Go on</a>".encode()),
        page(
            "<form id='forgot_login_code_form'>"
            f"<input name='s' value='{WIZARD}'><input name='account' value='1477486317'></form>"
        ),
    ],
)
def test_the_wizard_may_open_without_a_redirect(first: Reply) -> None:
    assert changed(site=obliging().on(OPEN, first)).committed


@pytest.mark.parametrize(
    ("first", "error"),
    [
        (EMAIL, errors.CannotChange),
        (REMOVE, errors.CannotChange),
        (page("<div id='error_description'>Too many attempts</div>"), errors.Refused),
        (page("<div class='help_page_title'>Password Reset</div>"), errors.Refused),
    ],
)
def test_a_first_page_that_wants_something_else_stops(
    first: Reply, error: type[errors.SteamError]
) -> None:
    stopped(cast(obliging().on(FIRST, first)), error)


def test_the_wizard_of_another_account_is_not_walked() -> None:
    elsewhere = OPENED.replace("account=1477486317", "account=1")
    stopped(cast(obliging().on(OPEN, to(elsewhere))), errors.WrongAccount)


def test_a_first_page_without_a_session_stops() -> None:
    stopped(cast(obliging().on(OPEN, PROVE)), errors.Refused)


# --- where it stops


@pytest.mark.parametrize(
    ("path", "answer", "error"),
    [
        (f"{AJAX}SendAccountRecoveryCode", HTML, errors.CannotChange),
        (f"{AJAX}SendAccountRecoveryCode", as_json({"errorMsg": "no"}), errors.Refused),
        (f"{AJAX}SendAccountRecoveryCode", as_json({"success": 84}), errors.Throttled),
        (f"{AJAX}PollAccountRecoveryConfirmation", as_json({"errorMsg": "no"}), errors.Refused),
        (f"{AJAX}VerifyAccountRecoveryCode", HTML, errors.CannotChange),
        (f"{AJAX}VerifyAccountRecoveryCode", as_json({"success": True}), errors.Refused),
        (f"{AJAX}VerifyAccountRecoveryCode", lost, errors.Unreachable),
        ("/en/wizard/Proven", REMOVE, errors.CannotChange),
        ("/en/wizard/Proven", EMAIL, errors.CannotChange),
        (f"{AJAX}AccountRecoveryGetNextStep", as_json({}), errors.Refused),
        ("/en/wizard/AskPassword", REMOVE, errors.CannotChange),
        ("/en/login/getrsakey/", as_json({"success": False}), errors.Unreachable),
        (
            f"{AJAX}AccountRecoveryVerifyPassword/",
            as_json({"errorMsg": "Wrong."}),
            errors.WrongPassword,
        ),
        (f"{AJAX}AccountRecoveryVerifyPassword/", HTML, errors.CannotChange),
        (f"{AJAX}AccountRecoveryVerifyPassword/", EXPIRED, errors.WizardExpired),
        ("/en/wizard/NewPassword", page("who knows"), errors.Refused),
        ("/en/wizard/NewPassword", page("Your session has expired."), errors.WizardExpired),
        ("/en/wizard/NewPassword", EMAIL, errors.Refused),
        (
            "/en/wizard/NewPassword",
            page(
                "<div class='help_page_title'>Password Reset</div>"
                "<span class='pwreset_account_name'>somebody_else</span>"
            ),
            errors.Refused,
        ),
        (f"{AJAX}CheckPasswordAvailable/", as_json({"available": False}), errors.PasswordRefused),
        (f"{AJAX}CheckPasswordAvailable/", as_json({"available": "no"}), errors.PasswordRefused),
        (f"{AJAX}CheckPasswordAvailable/", (502, {}, b""), errors.Unreachable),
    ],
)
def test_an_answer_that_is_not_the_right_one_stops(
    path: str, answer: Any, error: type[errors.SteamError]
) -> None:
    stopped(cast(obliging().on(path, answer)), error)


def test_pages_that_are_not_understood_are_no_stop_before_the_password() -> None:
    odd = page("nothing that we know")
    site = obliging().on(FIRST, odd).on("/en/wizard/Proven", odd).on("/en/wizard/AskPassword", odd)
    assert changed(site=site).committed


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/en/wizard/AskPassword",
        "//evil.example/x",
        "http://help.steampowered.com/en/wizard/AskPassword",
        "https://help.steampowered.com@evil.example/",
        "https://help.steampowered.com:8443/",
        "https://store.steampowered.com/en/wizard/AskPassword",
        "https://help.steampowered.com\\@evil.example/",
        "javascript:alert(1)",
    ],
)
def test_a_foreign_address_is_never_asked(url: str) -> None:
    site = obliging().on(f"{AJAX}AccountRecoveryGetNextStep", as_json({"redirect": url}))
    stopped(cast(site), errors.Refused)
    assert {asked.host for asked in site.asked} <= {
        "api.steampowered.com",
        "help.steampowered.com",
        "steamcommunity.com",
    }


def test_a_foreign_hash_is_never_asked() -> None:
    site = obliging().on(f"{AJAX}VerifyAccountRecoveryCode", as_json({"hash": "//evil.example/"}))
    stopped(cast(site), errors.Refused)


@pytest.mark.parametrize("new", [PASSWORD, "short", LOGIN, "Пароль12345678"])
def test_a_password_that_cannot_be_one_costs_no_request(new: str) -> None:
    here = cast()
    with pytest.raises(errors.PasswordRefused):
        here.change(new)
    assert here.site.asked == []


def test_without_an_identity_secret_nothing_is_begun() -> None:
    here = cast(mafile=ma_file(identity_secret=None))
    stopped(here, errors.CannotChange)
    assert here.site.asked == []


# --- confirmations


DECOYS = [
    entry(10, 2, "111"),
    entry(11, 3, "222"),
    entry(12, 9, WIZARD),
    entry(13, 11, WIZARD),
    entry(14, 6, "9223372036854775808"),
    entry(15, 6, WIZARD + "0"),
    {**entry(16, 6, WIZARD), "type": "6"},
    {"type": 6},
]


def test_only_our_own_confirmation_is_accepted() -> None:
    site = obliging().on("/mobileconf/getlist", confirmations(*DECOYS, entry(1, 6, WIZARD)))
    changed(site=site)
    answered = [asked.query for asked in site.requests("ajaxop")]
    assert [(query["op"], query["cid"], query["ck"]) for query in answered] == [("allow", "1", "7")]


def test_foreign_confirmations_are_left_alone() -> None:
    site = obliging().on("/mobileconf/getlist", confirmations(*DECOYS))
    stopped(cast(site), errors.NoConfirmation)
    assert site.count("ajaxop") == 0
    assert site.count("SendAccountRecoveryCode") == 2


def test_a_late_confirmation_is_waited_for_without_hurry() -> None:
    none, ours = confirmations(), confirmations(entry(1, 6, WIZARD))
    here, seen = cast(), list[float]()
    down = _timed(here, seen, (502, {}, b""))
    answers = [*[_timed(here, seen, none)] * 5, down, _timed(here, seen, ours)]
    here.site.on("/mobileconf/getlist", *answers)
    here.change()
    gaps = [b - a for a, b in itertools.pairwise(seen)]
    assert len(seen) == 7
    assert min(gaps) >= 3


def _timed(here: Cast, seen: list[float], reply: Reply) -> Any:
    def answer(asked: Asked) -> Reply:
        seen.append(here.clock.monotonic())
        return reply

    return answer


def test_a_lost_answer_to_the_confirmation_is_looked_up() -> None:
    gone = obliging().on("/mobileconf/ajaxop", lost)
    gone.on("/mobileconf/getlist", confirmations(entry(1, 6, WIZARD)), confirmations())
    assert changed(site=gone).site.count("ajaxop") == 1
    there = obliging().on("/mobileconf/ajaxop", lost, as_json({"success": True}))
    times = [asked.query["t"] for asked in changed(site=there).site.requests("ajaxop")]
    assert len(set(times)) == 2


def test_one_moment_never_serves_two_tags() -> None:
    site = changed(wait=lambda seconds: None).site
    times = [asked.query["t"] for asked in site.asked if "/mobileconf/" in asked.path]
    assert len(set(times)) == len(times)


def test_wrong_confirmation_keys_are_told_apart() -> None:
    said = {"success": False, "message": "Incorrect Steam Guard codes."}
    site = obliging().on("/mobileconf/getlist", as_json(said))
    stopped(cast(site), errors.WrongCode)
    assert site.count("getlist") == 2


def test_waiting_for_the_wizard_ends() -> None:
    path = f"{AJAX}PollAccountRecoveryConfirmation"
    site = obliging().on(path, as_json({"success": True, "continue": True}))
    stopped(cast(site), errors.NoConfirmation)


def test_a_guard_code_in_place_of_a_confirmation_is_a_choice() -> None:
    site = obliging().on("/mobileconf/getlist", confirmations())
    here = changed(site=site, options=Options(guard_code_variant=True))
    assert len(site.requests("VerifyAccountRecoveryCode")[0].query["code"]) == 5
    assert len(set(here.windows.taken)) == 2


# --- the session


def test_a_session_that_dies_on_the_way_is_renewed_and_the_walk_begins_anew() -> None:
    path = f"{AJAX}VerifyAccountRecoveryCode"
    good = as_json({"hash": "wizard/Proven"})
    here = changed(site=obliging().on(path, to(f"{SITE.help}/login/home"), good))
    assert here.site.count("HelpChangePassword") == 2
    assert here.committed == ["SENDING"]


def test_a_wizard_that_expires_is_begun_anew_three_times() -> None:
    site = obliging().on(f"{AJAX}AccountRecoveryGetNextStep", EXPIRED)
    stopped(cast(site), errors.WizardExpired)
    assert site.count("HelpChangePassword") == 4


def test_a_help_site_that_wants_a_web_session_gets_one() -> None:
    site = obliging().on(OPEN, *[to(f"{SITE.help}/login/?need_password=1")] * 2, to(OPENED))
    hosts = {"community": SITE.community, "store": SITE.store, "help": SITE.help}
    transfers = [
        {"url": f"{url}/login/settoken", "params": {"nonce": "n", "auth": "a"}}
        for url in [*hosts.values(), "https://steam.tv", "https://evil.example"]
    ]
    site.on("/jwt/finalizelogin", as_json({"transfer_info": transfers}))
    cookie = {"Set-Cookie": "steamLoginSecure=web-session; Path=/; HttpOnly"}
    site.on("/login/settoken", (200, cookie, json.dumps({"result": 1}).encode()))
    changed(site=site)
    assert "web-session" in site.requests("RecoveryChangePassword")[0].request.headers["Cookie"]
    finalize = site.requests("finalizelogin")[0].request.headers
    assert finalize["Origin"] == SITE.community
    assert finalize["Referer"] == f"{SITE.community}/"
    assert {f"https://{asked.host}" for asked in site.requests("settoken")} == set(hosts.values())


@pytest.mark.parametrize("answer", [(200, {}, b""), (403, {}, b""), as_json({"error": 8})])
def test_a_refused_web_session_is_the_end(answer: Reply) -> None:
    site = obliging().on(OPEN, to(f"{SITE.help}/login/")).on("/jwt/finalizelogin", answer)
    stopped(cast(site), errors.SignedOut)

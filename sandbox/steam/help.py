"""help.steampowered.com: the pages of the password wizard (§8)."""

from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from sandbox.steam import pages, visit
from sandbox.steam.tokens import AccessToken
from sandbox.steam.wizards import DONE, NEXT, OLD_OK, Wizard

bp = Blueprint("help", __name__)
ISSUE = "406"
FRESH_SECONDS = 600


def ids(wizard: Wizard, lost: int = 0) -> dict[str, str]:
    """What every page and request of a wizard repeats."""
    return {
        "s": str(wizard.s),
        "account": str(wizard.account.accountid),
        "reset": "1",
        "lost": str(lost),
        "issueid": ISSUE,
    }


def address(page: str, wizard: Wizard, lost: int = 0) -> str:
    """Of a wizard's page, without the leading `/en/`: also the `hash` of an answer."""
    return f"wizard/{page}?{urlencode(ids(wizard, lost))}"


@bp.get("/wizard/HelpChangePassword")
@bp.get("/en/wizard/HelpChangePassword")
def start() -> ResponseReturnValue:
    """A new wizard; where its ids are told is a switch."""
    token = _signed_in()
    if isinstance(token, Response):
        return token
    state, account = visit.state(), token.account
    if account.wizard_demand == "error":
        text = "You are not able to change the password of this account."
        return pages.wizard("Error", f'<div id="error_description">{text}</div>')
    wizard = state.wizards.begin(account, token.refresh)
    place = f"/en/{address('HelpWithLoginInfo', wizard)}"
    match state.switches.wizard_start:
        case "link":
            return _first(wizard)
        case "form":
            return _form(wizard)
        case _:
            return pages.moved(place)


@bp.get("/en/wizard/HelpWithLoginInfo")
def first() -> ResponseReturnValue:
    found = _wizard()
    return found if isinstance(found, Response) else _first(found)


@bp.get("/en/wizard/HelpWithLoginInfoEnterCode")
def enter_code() -> ResponseReturnValue:
    found = _wizard()
    return found if isinstance(found, Response) else _form(found)


@bp.get("/en/wizard/HelpWithLoginInfoCodeVerified")
def code_verified() -> ResponseReturnValue:
    found = _wizard()
    if isinstance(found, Response):
        return found
    button = '<a class="help_wizard_button" href="#"><span>Verify my password</span></a>'
    return pages.wizard("Reset my password", button)


@bp.get("/en/wizard/HelpWithLoginInfoVerifyPassword")
def verify_password() -> ResponseReturnValue:
    found = _wizard(NEXT)
    if isinstance(found, Response):
        return found
    form = pages.hidden_form("verify_password_form", "#", ids(found, 2))
    return pages.wizard("Verify Password", form)


@bp.get("/en/wizard/HelpWithLoginInfoChangePassword")
def change_password() -> ResponseReturnValue:
    found = _wizard(OLD_OK)
    if isinstance(found, Response):
        return found
    login = f'<span class="pwreset_account_name">{found.account.login}</span>'
    return pages.wizard(
        "Password Reset", login + pages.hidden_form("change_password_form", "#", ids(found, 2))
    )


@bp.get("/en/wizard/HelpWithLoginInfoChanged")
def changed() -> ResponseReturnValue:
    """[U] The session may be dead by now, so the page asks for none."""
    found = visit.state().wizards.named(request.args.get("s", ""))
    if found is None or found.state != DONE:
        return _gone()
    return pages.wizard("Password changed", "<p>Your password was changed.</p>")


def _first(wizard: Wizard) -> Response:
    link = f"/en/{address('HelpWithLoginInfoEnterCode', wizard)}"
    return pages.wizard("I'd like to change my password", _offer(wizard, link))


def _offer(wizard: Wizard, link: str) -> str:
    return pages.offer(wizard.account.wizard_demand, link)


def _form(wizard: Wizard) -> Response:
    fields = {**ids(wizard), "method": "8"}
    return pages.wizard(
        "Check your phone", pages.hidden_form("forgot_login_code_form", "#", fields)
    )


def _signed_in() -> AccessToken | Response:
    """Who is here; the help site may want him to sign in again."""
    token = visit.signed_in()
    if token is None:
        return pages.to_login()
    fresh = "web:help" in token.audience and visit.state().now() - token.created <= FRESH_SECONDS
    if token.account.need_fresh_web_login and not fresh:
        return pages.to_login(fresh=True)
    return token


def _wizard(*stages: str) -> Wizard | Response:
    """The wizard of this page, if it is this session's and has come that far."""
    token = visit.signed_in()
    if token is None:
        return pages.to_login()
    found = visit.state().wizards.open(request.args.get("s", ""), token.refresh)
    if found is None or request.args.get("account") != str(found.account.accountid):
        return _gone()
    if stages and found.stage not in stages:
        return _gone()
    return found


def _gone() -> Response:
    visit.note(outcome="no such wizard")
    text = "Your recovery session is over. Please start again."
    return pages.wizard("Error", f'<div id="error_description">{text}</div>')

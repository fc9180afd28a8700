"""help.steampowered.com: the Ajax calls of the password wizard, in their one order (§8).

    NEW -SendCode-> SENT -confirmation allowed-> CONFIRMED -VerifyCode-> VERIFIED
    VERIFIED -GetNextStep(lost=2)-> NEXT -VerifyPassword(old)-> OLD_OK -ChangePassword(new)-> DONE

Whatever comes out of order, late or from another session is told that the session is over.
"""

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.steam import pages, rsa, visit
from sandbox.steam.codes import window_at
from sandbox.steam.help import ISSUE, address, ids
from sandbox.steam.wizards import (
    CLOSED,
    CONFIRMED,
    DONE,
    NEW,
    NEXT,
    OLD_OK,
    SENT,
    VERIFIED,
    WRONG_PASSWORDS,
    Wizard,
)

bp = Blueprint("recovery", __name__, url_prefix="/en")
MOBILE_METHOD = "8"
OVER = "This recovery session is over or has expired. Please start again."
EMAIL = "email"


@bp.post("/wizard/AjaxSendAccountRecoveryCode")
def send_code() -> ResponseReturnValue:
    """The confirmation appears in the phone app, now or later or never."""
    wizard = _wizard(NEW, SENT)
    if not isinstance(wizard, Wizard):
        return wizard
    if request.form.get("method") != MOBILE_METHOD:
        return _refused("This method is not available for your account.")
    demand = EMAIL if wizard.account.email_proof_required else wizard.account.wizard_demand
    if demand:
        return _demand(wizard, demand)
    delay: float | None = visit.state().switches.confirmation_delay
    if visit.fault("drop_confirmation"):
        delay = None
    if late := visit.fault("delay_confirmation"):
        delay = late.seconds
    visit.state().wizards.send(wizard, delay)
    return jsonify(success=1 if visit.state().switches.int_success else True)


@bp.post("/wizard/AjaxPollAccountRecoveryConfirmation")
def poll() -> ResponseReturnValue:
    """`continue` is true as long as nobody answered in the phone app."""
    wizard = _wizard(SENT, CONFIRMED)
    if not isinstance(wizard, Wizard):
        return wizard
    if not _told(method=MOBILE_METHOD, reset="1", issueid=ISSUE):
        return _refused(OVER)
    waiting = wizard.stage == SENT or visit.fault("poll_forever") is not None
    return jsonify({"success": True, "continue": waiting})


@bp.get("/wizard/AjaxVerifyAccountRecoveryCode")
def verify_code() -> ResponseReturnValue:
    """An empty code after the confirmation, or [U] a Guard code instead of it."""
    wizard = _wizard(SENT, CONFIRMED)
    if not isinstance(wizard, Wizard):
        return wizard
    if not _told(method=MOBILE_METHOD, reset="1", issueid=ISSUE):
        return _refused(OVER)
    code = request.args.get("code", "")
    if wizard.stage != CONFIRMED and not (code and _guard_code(wizard, code)):
        return _refused("The code you entered is not right.")
    wizard.state = VERIFIED
    return jsonify(hash=address("HelpWithLoginInfoCodeVerified", wizard))


@bp.post("/wizard/AjaxAccountRecoveryGetNextStep")
def next_step() -> ResponseReturnValue:
    """`lost` 2 (no e-mail) leads to the question for the old password."""
    wizard = _wizard(VERIFIED)
    if not isinstance(wizard, Wizard):
        return wizard
    if not _told(account=str(wizard.account.accountid), reset="1", issueid=ISSUE):
        return _refused(OVER)
    if request.form.get("lost") != "2":
        return _demand(wizard, EMAIL)
    wizard.state = NEXT
    base = visit.state().endpoints.help
    return jsonify(redirect=f"{base}/en/{address('HelpWithLoginInfoVerifyPassword', wizard, 2)}")


@bp.post("/login/getrsakey/")
def rsa_key() -> ResponseReturnValue:
    """A key bound to the name, which must be written small."""
    if refusal := _not_ajax():
        return refusal
    name = request.form.get("username", "")
    if not name or name != name.lower():
        return jsonify(success=False)
    key = visit.state().keys.new(name)
    return jsonify(
        success=True,
        publickey_mod=rsa.MODULUS_HEX,
        publickey_exp=rsa.EXPONENT_HEX,
        timestamp=str(key.timestamp),
        token_gid=visit.state().chance.hex(16, "gid"),
    )


@bp.post("/wizard/AjaxAccountRecoveryVerifyPassword/")
def verify_password() -> ResponseReturnValue:
    """The old password; three wrong ones end the session."""
    wizard = _wizard(NEXT)
    if not isinstance(wizard, Wizard):
        return wizard
    if not _told(lost="2", reset="1"):
        return _refused(OVER)
    if wizard.account.email_proof_required:
        return _demand(wizard, EMAIL)
    if _password(wizard) != wizard.account.password:
        wizard.wrong_passwords += 1
        if wizard.wrong_passwords >= WRONG_PASSWORDS:
            wizard.state = CLOSED
        return _refused("The password you entered is incorrect.")
    wizard.state = OLD_OK
    return jsonify(hash=address("HelpWithLoginInfoChangePassword", wizard, 2))


@bp.post("/wizard/AjaxCheckPasswordAvailable/")
def password_available() -> ResponseReturnValue:
    """The new password in clear; a common, old or short one is refused (§11)."""
    if refusal := _not_ajax():
        return refusal
    token = visit.signed_in()
    if token is None:
        return _refused(OVER)
    told = request.form.get("password", "")
    visit.note(password=told)
    return jsonify(available=token.account.allows_password(told))


@bp.post("/wizard/AjaxAccountRecoveryChangePassword/")
def change_password() -> ResponseReturnValue:
    """The dangerous one. Only an answer with `hash` says that the password is changed."""
    wizard = _wizard(OLD_OK)
    if not isinstance(wizard, Wizard):
        return wizard
    if not _told(account=str(wizard.account.accountid)):
        return _refused(OVER)
    if wizard.account.email_proof_required:
        return _demand(wizard, EMAIL)
    new = _password(wizard)
    if new is None or not wizard.account.allows_password(new):
        return _refused("This password cannot be used.")
    state = visit.state()
    wizard.state = DONE
    state.change_password(
        wizard.account, new, None if state.switches.password_kills_own else wizard.owner
    )
    return jsonify(hash=address("HelpWithLoginInfoChanged", wizard))


def _wizard(*stages: str) -> Wizard | Response:
    """The wizard of this call, or the refusal."""
    if refusal := _not_ajax():
        return refusal
    token = visit.signed_in()
    wizard = token and visit.state().wizards.open(request.values.get("s", ""), token.refresh)
    if not wizard or request.values.get("account", "") not in (
        "", str(wizard.account.accountid),
    ):  # fmt: skip
        visit.note(outcome="no such wizard")
        return _refused(OVER)
    if wizard.stage not in stages:
        visit.note(outcome=f"in state {wizard.stage}")
        return _refused(OVER)
    return wizard


def _not_ajax() -> Response | None:
    """What the site's own script always sends; the double insists on it."""
    given = request.values
    problem = ""
    if not visit.csrf_ok():
        problem = "csrf"
    elif request.headers.get("X-Requested-With") != "XMLHttpRequest":
        problem = "not XMLHttpRequest"
    elif "/wizard/" in request.path and given.get("wizard_ajax") != "1":
        problem = "wizard_ajax"
    elif not visit.comes_from("help", "Referer"):
        problem = "referer"
    elif request.method == "POST" and not visit.comes_from("help", "Origin"):
        problem = "origin"
    if not problem:
        return None
    visit.note(outcome=problem)
    return pages.forbidden()


def _told(**wanted: str) -> bool:
    missing = [name for name, value in wanted.items() if request.values.get(name) != value]
    if missing:
        visit.note(outcome=f"without {missing[0]}")
    return not missing


def _password(wizard: Wizard) -> str | None:
    stamp = request.form.get("rsatimestamp", "")
    sealed = request.form.get("password", "")
    timestamp = int(stamp) if stamp.isdecimal() else 0
    told = visit.state().keys.open(wizard.account.login, timestamp, sealed)
    visit.note(password=told)
    return told


def _guard_code(wizard: Wizard, code: str) -> bool:
    state = visit.state()
    if not state.switches.guard_code_variant:
        return False
    # A code serves once: the wizard's number stands for the client that used it.
    good = wizard.account.takes_code(code, wizard.s)
    visit.note(outcome=f"guard code at {window_at(state.now())}: {good}")
    return good


def _refused(text: str) -> Response:
    return jsonify(errorMsg=text)


def _demand(wizard: Wizard, demand: str) -> Response:
    """The `html` variant: another proof is wanted first."""
    button = pages.offer(demand, f"/en/wizard/HelpWithLoginInfoEnterCode?s={ids(wizard)['s']}")
    return jsonify(html=pages.wizard_part("Verify your account", button))

"""The password change: Steam's help wizard from its first page to its last (protocol 8).

Until the last request the old password is certainly valid. That request goes out once, over a
connection of its own; only an answer with a `hash` means that the password has changed.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable
from typing import Any

from opium.modules.steam_rent.steam import wizard_pages
from opium.modules.steam_rent.steam.confirmations import Confirmations
from opium.modules.steam_rent.steam.errors import (
    CannotChange,
    NoConfirmation,
    OutcomeUnknown,
    PasswordRefused,
    Refused,
    SteamError,
    Unreachable,
    WizardExpired,
    WrongAccount,
    WrongPassword,
)
from opium.modules.steam_rent.steam.http import Answer
from opium.modules.steam_rent.steam.results import EResult
from opium.modules.steam_rent.steam.steps import ENTER_CODE, Steps, hash_of, no_other_proof
from opium.modules.steam_rent.steam.wizard_pages import Page, Recovery, Wants

log = logging.getLogger(__name__)

CONFIRMED_SECONDS = 60.0
POLL_GAP_SECONDS = 3.0
CODE_TRIES = 2
_BAD_PASSWORDS = (
    EResult.IllegalPassword,
    EResult.SameAsPreviousValue,
    EResult.CannotUseOldPassword,
)
_VAGUE = re.compile(r"error occurred|try again|later|problem|unavailable|busy|timed? ?out")
_MOBILE = "8"
"""`method`: the mobile authenticator."""
_LOST_EMAIL = "2"
"""`lost`: the e-mail, so that the old password is asked for instead."""
_AJAX = "/en/wizard/Ajax"


class Wizard:
    """One walk through the wizard; a new one begins at its first page again."""

    def __init__(
        self,
        steps: Steps,
        confirmations: Confirmations,
        *,
        login: str,
        account: int,
        code: Callable[[], str] | None = None,
    ) -> None:
        """`code` gives Guard codes to be tried where no confirmation appears (protocol 13.4)."""
        self._steps = steps
        self._confirmations = confirmations
        self._login = login.lower()
        self._account = account
        self._code = code
        self.was_sent = False
        """Whether the new password may have left; this walk is then the last one."""

    def change(self, old: str, new: str, before_sending: Callable[[], None]) -> None:
        """Change the password. Raises OutcomeUnknown if it may have changed, else it has not."""
        recovery = self._opened()
        self._prove_old_password(recovery, old, self._proven_by_phone(recovery))
        self._check_new_password(new)
        going_on = self._send(recovery, new, before_sending)
        # The last page is a courtesy: the change is done, and our cookies may have died with it.
        with contextlib.suppress(SteamError):
            self._steps.linked(going_on)

    # --- steps 0 and 1

    def _opened(self) -> Recovery:
        answer = self._steps.page("/wizard/HelpChangePassword", {"redir": "store/account/"})
        page = wizard_pages.read(answer.text)
        if page.error:
            raise self._steps.refused({"errorMsg": page.error})
        self._expect(page, Wants.MOBILE)
        recovery = wizard_pages.recovery(answer.query, answer.text)
        if recovery is None:
            raise Refused("Steam's wizard did not open.")
        if recovery.account != str(self._account):
            raise WrongAccount("Steam's wizard opened for another account.")
        self._steps.recovery = recovery
        self._steps.page(ENTER_CODE, {**recovery.query, **self._steps.common()})
        return recovery

    # --- steps 2 to 5

    def _proven_by_phone(self, recovery: Recovery) -> str:
        """Confirm in the mobile app; where the wizard goes on."""
        for _ in range(2):
            self._ask_for_confirmation(recovery)
            if self._confirmations.confirm(recovery.s):
                self._await_confirmed(recovery)
                return self._verified(recovery, "")
            if self._code and (going_on := self._verified_by_code(recovery, self._code)):
                return going_on
        raise NoConfirmation("The mobile confirmation of the password change did not appear.")

    def _ask_for_confirmation(self, recovery: Recovery) -> None:
        form = {"s": recovery.s, "method": _MOBILE, "link": ""}
        try:
            data = self._steps.tell(f"{_AJAX}SendAccountRecoveryCode", form)
        except Unreachable as exc:
            if not exc.sent:
                raise
            # It may have worked: the list of confirmations will tell.
            return
        if no_other_proof(data).get("success") is not True and data.get("success") != 1:
            raise Refused("Steam's wizard did not send a confirmation.")

    def _await_confirmed(self, recovery: Recovery) -> None:
        form = {
            "s": recovery.s,
            "reset": recovery.reset,
            "lost": "0",
            "method": _MOBILE,
            "issueid": recovery.issueid,
        }
        http, waited = self._steps.http, 0.0
        while waited <= CONFIRMED_SECONDS:
            data = http.patiently(
                lambda: self._steps.tell(f"{_AJAX}PollAccountRecoveryConfirmation", form)
            )
            if no_other_proof(data).get("success") and not data.get("continue"):
                return
            http.pause(POLL_GAP_SECONDS)
            waited += POLL_GAP_SECONDS
        raise NoConfirmation("Steam's wizard does not see that it was confirmed.")

    def _verified(self, recovery: Recovery, code: str) -> str:
        query = {**recovery.query, "code": code, "lost": "0", "method": _MOBILE}
        return hash_of(self._steps.ask(f"{_AJAX}VerifyAccountRecoveryCode", query))

    def _verified_by_code(self, recovery: Recovery, code: Callable[[], str]) -> str | None:
        for _ in range(CODE_TRIES):
            try:
                return self._verified(recovery, code())
            except (WizardExpired, CannotChange):
                raise
            except Refused:
                continue
        return None

    # --- steps 6 to 9

    def _prove_old_password(self, recovery: Recovery, old: str, going_on: str) -> None:
        self._expect(self._page(going_on), Wants.PASSWORD)
        form = {
            "s": recovery.s,
            "account": recovery.account,
            "reset": recovery.reset,
            "issueid": recovery.issueid,
            "lost": _LOST_EMAIL,
        }
        data = no_other_proof(self._steps.tell(f"{_AJAX}AccountRecoveryGetNextStep", form))
        redirect = data.get("redirect")
        if not isinstance(redirect, str) or not redirect:
            raise Refused("Steam's wizard did not ask for the old password.")
        self._expect(_read(self._steps.linked(redirect)), Wants.PASSWORD)
        page = self._page(self._old_password_accepted(recovery, old))
        self._expect(page, Wants.NEW_PASSWORD)
        if page.wants is Wants.UNCLEAR or page.login.lower() != self._login:
            raise Refused("Steam's page for the new password was not understood.")

    def _old_password_accepted(self, recovery: Recovery, old: str) -> str:
        form = {
            "s": recovery.s,
            "lost": _LOST_EMAIL,
            "reset": recovery.reset,
            **self._steps.encrypted(self._login, old),
        }
        try:
            data = self._steps.tell(f"{_AJAX}AccountRecoveryVerifyPassword/", form)
        except Refused as exc:
            if not _is_about(exc, EResult.InvalidPassword):
                raise
            raise WrongPassword(f"The wizard refused the old password: {exc.reason}") from None
        return hash_of(data)

    # --- steps 10 to 12

    def _check_new_password(self, new: str) -> None:
        path = f"{_AJAX}CheckPasswordAvailable/"
        try:
            data = self._steps.http.patiently(lambda: self._steps.tell(path, {"password": new}))
        except Refused as exc:
            if not _is_about(exc, *_BAD_PASSWORDS):
                raise
            raise PasswordRefused(str(exc), reason=exc.reason) from None
        if data.get("available") is not True:
            raise PasswordRefused("Steam does not take this password, choose another one.")

    def _send(self, recovery: Recovery, new: str, before_sending: Callable[[], None]) -> str:
        """The dangerous request, once. Where the wizard goes on after it."""
        form = {
            "s": recovery.s,
            "account": recovery.account,
            **self._steps.encrypted(self._login, new),
        }
        request, place = self._steps.last(f"{_AJAX}AccountRecoveryChangePassword/", form)
        http = self._steps.http
        http.ready()
        before_sending()
        self.was_sent = True
        try:
            answer = http.exchange(request, place)
        except Unreachable as exc:
            if not exc.sent:
                raise
            raise OutcomeUnknown("Steam's answer to the new password was lost.") from None
        if answer.status == 429:
            http.throttle.limited(http.exit)
        return self._changed(answer)

    def _changed(self, answer: Answer) -> str:
        data: Any = answer.json() if answer.status == 200 else None
        if isinstance(data, dict):
            going_on, refused = data.get("hash"), data.get("html") or data.get("errorMsg")
            if isinstance(going_on, str) and going_on and not refused:
                return going_on
            if refused and not going_on:
                raise self._refusal(data)
        raise _unclear()

    def _refusal(self, data: dict[str, Any]) -> SteamError:
        """Only words that say why are a refusal: "an error occurred" may come after the change."""
        if not data.get("errorMsg"):
            return CannotChange("Steam demands another proof before it changes the password.")
        refused = self._steps.refused(data)
        reason = refused.reason.lower()
        if _VAGUE.search(reason):
            return _unclear()
        if isinstance(refused, WizardExpired):
            return refused
        if "password" in reason:
            return PasswordRefused(str(refused), reason=refused.reason)
        return _unclear()

    def _expect(self, page: Page, wanted: Wants) -> None:
        """Stop where the wizard is somewhere else; an unclear page is only worth a warning."""
        if page.wants is wanted:
            return
        if page.wants is Wants.REMOVE_GUARD:
            raise CannotChange("Steam wants to remove the authenticator, which is never done.")
        if page.wants is Wants.OTHER_PROOF:
            raise CannotChange("Steam demands a code sent by e-mail or to the phone.")
        if page.wants is Wants.NEW_START:
            raise WizardExpired("Steam's wizard ran out of time.")
        if page.wants is not Wants.UNCLEAR:
            raise Refused("Steam's wizard shows a step that was not expected.")
        log.warning("%s: a page of Steam's password wizard was not understood", self._login)

    def _page(self, going_on: str) -> Page:
        return _read(self._steps.linked(going_on))


def _unclear() -> OutcomeUnknown:
    return OutcomeUnknown("Steam's answer to the new password is unclear.")


def _is_about(error: Refused, *numbers: int) -> bool:
    """Whether the wizard refused what we gave, in words or by one of these numbers."""
    if isinstance(error, WizardExpired) or not error.reason:
        return False
    return not error.reason.isdigit() or int(error.reason) in numbers


def _read(answer: Answer) -> Page:
    return wizard_pages.read(answer.text)

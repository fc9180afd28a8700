"""What can go wrong with Steam, by what the caller must do.

SteamError
├── Unreachable        nothing changed; try later
│   └── ProxyFailed    the proxy failed and nothing was sent; never go around it
├── Throttled          too many tries from this address; wait `wait` seconds
├── WrongPassword      the stored password is not valid: somebody changed it
├── WrongCode          Guard codes are refused: the secret is wrong or the authenticator replaced
├── GuardMissing       the account asks for no mobile code; a person must look
│   └── GuardMoved     another phone holds the authenticator now
├── WrongAccount       the maFile belongs to another account
├── Locked             the account is disabled, banned, locked, or must accept an agreement
├── SignedOut          our session died, or Steam wants a fresh sign-in
├── Refused            Steam said no, with `reason`; trying again at once will not help
│   ├── CannotChange   the password cannot be changed without a person (another proof)
│   ├── PasswordRefused  the new password is not acceptable; take another one
│   ├── NoConfirmation the mobile confirmation did not appear or was not accepted
│   └── WizardExpired  the wizard ran out of time; a new change may be begun
├── NotKicked          other people's sessions are still alive, or nobody can tell
├── OutcomeUnknown     the new password was sent and no clear answer came; probe both
└── BadMaFile          the file is no maFile that we can use; `detail` says why

A password change that raises anything but `OutcomeUnknown` has left the old password valid.
Texts are one sentence, without secrets and without addresses that hold one.
"""

from __future__ import annotations

from opium.errors import OpiumError


class SteamError(OpiumError):
    """Steam did not do what we asked."""

    status, code = 500, "upstream_error"


class Unreachable(SteamError):
    """No trustworthy answer. `sent` is False when not one byte of the request left."""

    def __init__(self, detail: str, *, sent: bool = True) -> None:
        super().__init__(detail)
        self.sent = sent


class ProxyFailed(Unreachable):
    """The account's proxy failed before anything was sent."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, sent=False)


class Throttled(SteamError):
    """Steam refuses tries from this address; each further try makes it longer (protocol 15)."""

    def __init__(self, detail: str, wait: float) -> None:
        super().__init__(detail, retry_after=int(wait) + 1)
        self.wait = wait


class WrongPassword(SteamError):
    """Steam answered 5 to a sign-in. It does so wrongly at times (protocol 13.3)."""


class WrongCode(SteamError):
    """Steam refused our Guard codes or confirmation keys."""


class GuardMissing(SteamError):
    """The account does not ask for a code of the mobile authenticator."""


class GuardMoved(GuardMissing):
    """The authenticator on the account is not the one of the maFile."""


class WrongAccount(SteamError):
    """Steam says that login and maFile belong to different accounts."""


class Locked(SteamError):
    """The account is disabled, banned or locked, or its owner must accept an agreement."""


class SignedOut(SteamError):
    """The session is not accepted (any more)."""


class Refused(SteamError):
    """Steam said no, for `reason`."""

    status, code = 400, "refused"

    def __init__(self, detail: str, reason: str = "") -> None:
        super().__init__(detail)
        self.reason = reason


class CannotChange(Refused):
    """Steam demands what only a person can give."""


class PasswordRefused(Refused):
    """The new password was not accepted; the old one is valid."""


class NoConfirmation(Refused):
    """The mobile confirmation of our password change did not appear, or did not work."""


class WizardExpired(Refused):
    """The wizard's session is over; it has to be started anew."""


class NotKicked(SteamError):
    """Nothing proves that the others are out; `left` sessions are known to remain."""

    def __init__(self, detail: str, left: int = 0) -> None:
        super().__init__(detail)
        self.left = left


class OutcomeUnknown(SteamError):
    """The request that changes the password went out; its answer was lost or unclear."""


class BadMaFile(SteamError):
    """Not a maFile that we can use."""

    status, code = 400, "invalid"

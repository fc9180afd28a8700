"""What can go wrong with FunPay, by what the caller should do about it.

FunPayError
├── Unreachable      nothing was sent; trying again may help
├── Unanswered       sent, outcome unknown; look before you repeat
├── Stale            csrf or session is stale; refresh once
├── Limited          too often (429, flood text); `wait` seconds if FunPay said so
├── SignedOut        the golden_key is no longer accepted; a person must act
│   └── Banned       the account is blocked on FunPay, with the reason it gives
├── Refused          they said no, with their reason; trying again will not help
│   └── Missing      they do not know the thing (404, unknown chat or order)
└── PageChanged      we no longer understand `page`, at `field`; our bug

For a read (GET, poll) every failure without an effect is `Unreachable`; `Unanswered` is raised
for POSTs with an effect only. The classes follow protocol.md 1.8 and reliability.md 3.1.
"""

from __future__ import annotations

from opium.errors import OpiumError


class FunPayError(OpiumError):
    """FunPay did not do what we asked."""

    status, code = 500, "upstream_error"


class Unreachable(FunPayError):
    """Nothing was sent, or a read failed (connect error, 5xx, time-out, maintenance page)."""


class Unanswered(FunPayError):
    """A POST with an effect went out and no trustworthy answer came back."""


class Stale(FunPayError):
    """The csrf token or the PHP session is stale: refresh once and repeat once."""


class Limited(FunPayError):
    """FunPay asks us to slow down; the request had no effect."""

    def __init__(self, detail: str, wait: float | None = None) -> None:
        super().__init__(detail)
        self.wait = wait


class SignedOut(FunPayError):
    """FunPay shows its login page, or answers 403, where a signed-in answer was due."""


class Banned(SignedOut):
    """FunPay shows its "account blocked" page."""


class Refused(FunPayError):
    """FunPay answered with an error text: a business refusal."""

    status, code = 400, "refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Missing(Refused):
    """FunPay does not know the order, chat or offer."""

    status, code = 404, "not_found"


class PageChanged(FunPayError):
    """A required part of a page is missing; `page` and `field` name it."""

    def __init__(self, page: str, field: str) -> None:
        super().__init__(f"FunPay's page {page} changed: {field} was not understood.")
        self.page = page
        self.field = field

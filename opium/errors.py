"""The family of errors that Opium's own code raises and answers with.

OpiumError               500  something is wrong with us
├── Invalid              400  the request is not acceptable; `detail` says what to change
├── Refused              400  the request is fine, its time or target is not
├── Unauthorized         401  no valid token
├── Forbidden            403  this address may not
├── NotFound             404
├── Conflict             409  duplicate or in use (module routes only)
├── TooLarge             413
├── TooMany              429  rate limit or ban; `retry_after` seconds
├── UpstreamError        500  FunPay, Steam or Telegram failed us
└── Unavailable          503  starting, busy, locked; `retry_after` seconds
"""

from __future__ import annotations


class OpiumError(Exception):
    """Base of the family; `str(error)` is one sentence that is safe to show to the user."""

    status = 500
    code = "internal"

    def __init__(self, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Invalid(OpiumError):
    status, code = 400, "invalid"


class Refused(OpiumError):
    status, code = 400, "refused"


class Unauthorized(OpiumError):
    status, code = 401, "unauthorized"


class Forbidden(OpiumError):
    status, code = 403, "forbidden"


class NotFound(OpiumError):
    status, code = 404, "not_found"


class Conflict(OpiumError):
    status, code = 409, "conflict"


class TooLarge(OpiumError):
    status, code = 413, "too_large"


class TooMany(OpiumError):
    status, code = 429, "too_many"


class UpstreamError(OpiumError):
    status, code = 500, "upstream_error"


class Unavailable(OpiumError):
    status, code = 503, "unavailable"

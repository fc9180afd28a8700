"""What the wire knows that `requests` does not."""

from __future__ import annotations

from opium.errors import OpiumError


class NotSent(OpiumError):
    """Not one byte of the request left this machine; doing it again repeats nothing."""

    status, code = 500, "upstream_error"

"""FunPay in our words: one seller's session, one request at a time.

Read from the bottom of the stack: `wire` puts a request on the network within a total time,
`transport` says what its answer means, `gate` sets the pace, `session` renews what went stale,
and `poll`, `chats`, `orders` and `lots` are the site's pages and actions.
"""

from __future__ import annotations

from opium.funpay.lots import Lots


class FunPay(Lots):
    """One seller's session with FunPay.

    FunPay(base_url, golden_key, *, user_agent="", proxy=None, gate, clock, random, adapter=None,
    before_request=None, heard=None, session_refresh_interval=2400, session_refresh_jitter=600)

    Methods of the worker and of web threads share the gate that is handed in; the gate lives and
    dies with this object. Times are seconds: `seconds` bounds the wait for the turn, and again
    the request with all its redirects. `order_work=True` gives a read the pace of orders.
    """


__all__ = ["FunPay"]

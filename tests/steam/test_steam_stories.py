"""The client against the sandbox's Steam, which is stricter than the real one.

Whatever goes wrong on the way, three things hold: a change that is reported happened, one that
is reported as not done did not, and the new password was sent at most once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from steam_cast import LOGIN, NEW, PASSWORD, Book

from opium.clock import Clock, ManualClock
from opium.modules.steam_rent.steam import (
    Endpoints,
    Options,
    Steam,
    Throttle,
    Tokens,
    Verdict,
    errors,
    generate_password,
    parse_mafile,
)
from sandbox.steam import Account, BuyerRefused, SteamDouble
from sandbox.steam.adapter import SteamAdapter
from sandbox.steam.double import ORIGINS, START


class Wires(BaseAdapter):
    """Hands each request to the service at its address."""

    def __init__(self, double: SteamDouble) -> None:
        super().__init__()
        self._apps = {
            url: SteamAdapter(double.apps[name], double.proxies)
            for name, url in vars(ORIGINS).items()
        }

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        origin = "/".join(str(request.url).split("/")[:3])
        return self._apps[origin].send(request, stream, timeout, verify, cert, proxies)

    def close(self) -> None:
        """Nothing is open."""


class SharedClock(ManualClock):
    """The sandbox's time and ours are one."""

    def __init__(self, double: SteamDouble) -> None:
        super().__init__(START)
        self._double = double

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self._double.clock.advance(seconds)


@dataclass
class Owner:
    """A seller with one account, and the client that looks after it."""

    double: SteamDouble
    account: Account
    steam: Steam
    kept: list[Tokens]
    sending: list[str] = field(default_factory=list)

    def change(self) -> None:
        self.steam.change_password(PASSWORD, NEW, before_sending=lambda: self.sending.append("."))

    def buyer(self) -> Any:
        return self.double.buyer_login(LOGIN, self.account.password)

    def tenants(self) -> list[str]:
        """Who is still signed in, ours apart."""
        tokens = self.double.state.tokens
        return [t.text for t in tokens.of(self.account) if t.of_buyer and tokens.lives(t)]


def owner(options: Options | None = None, **facts: Any) -> Owner:
    double = SteamDouble()
    account = double.add_account(LOGIN, PASSWORD, **facts)
    clock, kept = SharedClock(double), list[Tokens]()
    steam = Steam(
        Endpoints(**vars(ORIGINS)),
        LOGIN,
        parse_mafile(account.mafile),
        clock=clock,
        windows=Book(),
        throttle=Throttle(clock),
        keep_tokens=kept.append,
        options=options,
        adapter=Wires(double),
    )
    return Owner(double, account, steam, kept)


@pytest.mark.parametrize("plain", [False, True])
def test_the_end_of_a_rental(plain: bool) -> None:
    here = owner(Options(plain=plain))
    here.steam.sign_in(PASSWORD)
    here.buyer()
    assert here.steam.kick() == 1
    new = generate_password(LOGIN)
    here.steam.change_password(PASSWORD, new, before_sending=lambda: None)
    here.steam.sign_in(new)
    assert here.steam.kick() == 0
    assert here.steam.probe(new).verdict is Verdict.RIGHT
    assert here.steam.probe(PASSWORD).verdict is Verdict.WRONG
    with pytest.raises(BuyerRefused):
        here.double.buyer_login(LOGIN, PASSWORD)
    assert here.double.wrongdoings == []


def test_the_end_of_a_rental_over_real_sockets() -> None:
    """With the connections that are used in earnest, and no time between requests."""
    with SteamDouble() as double:
        account = double.add_account(LOGIN, PASSWORD)
        clock = Clock()
        with Steam(
            Endpoints(**vars(double.endpoints)),
            LOGIN,
            parse_mafile(account.mafile),
            clock=clock,
            windows=Book(),
            throttle=Throttle(clock),
            wait=lambda seconds: None,
        ) as steam:
            steam.sign_in(PASSWORD)
            double.buyer_login(LOGIN, PASSWORD)
            assert steam.kick() == 1
            steam.change_password(PASSWORD, NEW, before_sending=lambda: None)
            assert steam.probe(NEW).verdict is Verdict.RIGHT
        assert account.password == NEW
        assert double.wrongdoings == []


@pytest.mark.parametrize("switch", ["mobile_on_help", "mobile_on_store"])
def test_pages_that_want_a_web_session(switch: str) -> None:
    here = owner()
    here.double.switches.change({switch: False})
    here.double.faults.add("eresult", step="RevokeRefreshToken", eresult=15, count=None)
    here.steam.sign_in(PASSWORD)
    here.buyer()
    assert here.steam.kick() >= 1
    assert here.tenants() == []
    here.change()
    assert here.account.password == NEW
    assert here.double.wrongdoings == []


@pytest.mark.parametrize("start", ["redirect", "link", "form"])
def test_every_way_in_which_the_wizard_may_open(start: str) -> None:
    here = owner()
    here.double.switches.change({"wizard_start": start, "int_success": start == "link"})
    here.change()
    assert here.account.password == NEW


def test_the_tenant_s_confirmations_stay_where_they_are() -> None:
    here = owner()
    here.double.faults.add("decoy")
    here.change()
    assert here.account.password == NEW
    assert here.double.wrongdoings == []
    listed = here.double.state.confirmations.of(here.account)
    assert [found.state for found in listed].count("allowed") == 1
    assert len(listed) > 3


STEPS = (
    "GetPasswordRSAPublicKey",
    "BeginAuthSessionViaCredentials",
    "UpdateAuthSessionWithSteamGuardCode",
    "PollAuthSessionStatus",
    "EnumerateTokens",
    "RevokeRefreshToken",
    "HelpChangePassword",
    "SendCode",
    "getlist",
    "ajaxop",
    "PollConfirmation",
    "VerifyCode",
    "GetNextStep",
    "getrsakey",
    "VerifyPassword",
    "CheckPasswordAvailable",
    "ChangePassword",
)
FAULTS: dict[str, dict[str, Any]] = {
    "reset": {"action": "reset"},
    "502": {"action": "status", "status": 502},
    "empty 200": {"action": "status", "status": 200, "body": "empty"},
    "sign-in page": {"action": "redirect_login"},
    "buyer kicks": {"action": "buyer_kicks"},
    "84": {"action": "eresult", "eresult": 84},
    "out of time": {"action": "expire", "what": "wizard"},
}


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", STEPS)
def test_whatever_fails_once_the_report_is_true(step: str, fault: str, phase: str) -> None:
    here = owner()
    here.double.faults.add("decoy")
    here.double.faults.add(phase=phase, step=step, **FAULTS[fault])
    try:
        here.steam.sign_in(PASSWORD)
        here.buyer()
        here.steam.kick()
        assert here.tenants() == []
        here.change()
    except errors.OutcomeUnknown:
        assert step == "ChangePassword"
    except errors.SteamError:
        assert here.account.password == PASSWORD
    else:
        assert here.account.password == NEW
    assert len(here.double.requests("ChangePassword")) == len(here.sending) <= 1
    assert here.double.wrongdoings == []

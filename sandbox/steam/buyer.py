"""A buyer: a second client of the double, who comes over HTTP from an address of his own."""

from random import Random
from typing import Any

import requests

from sandbox.steam import rsa
from sandbox.steam.state import State
from sandbox.steam.tokens import CLIENT

IP = "198.51.100.7"
DEVICE = "BUYER-PC"
AUTH = "IAuthenticationService"


class BuyerRefused(Exception):
    """Steam said no to the buyer; `eresult` tells why."""

    def __init__(self, step: str, eresult: int) -> None:
        super().__init__(f"{step}: {eresult}")
        self.step, self.eresult = step, eresult


class Buyer:
    """Signed in with login, password and one code. `double.buyer_login` makes one."""

    def __init__(self, state: State, session: requests.Session, login: str, ip: str) -> None:
        self._state, self._session, self.login = state, session, login
        session.trust_env = False
        session.headers["X-Test-Ip"] = ip
        self.steamid = 0
        self.refresh_token = self.access_token = ""

    def sign_in(self, password: str, code: str | None) -> None:
        """As the Steam client does it; without `code` he reads the current one somewhere."""
        key = self._call("GET", "GetPasswordRSAPublicKey", account_name=self.login)
        mod, exp = key["publickey_mod"], key["publickey_exp"]
        begun = self._call(
            "POST",
            "BeginAuthSessionViaCredentials",
            account_name=self.login,
            encrypted_password=rsa.encrypt(password, mod, exp, Random(self.login)),
            encryption_timestamp=key["timestamp"],
            platform_type=CLIENT,
            persistence=1,
            device_friendly_name=DEVICE,
            website_id="Unknown",
        )
        self.steamid = int(begun["steamid"])
        if code is not None:
            self._call(
                "POST", "UpdateAuthSessionWithSteamGuardCode", client_id=begun["client_id"],
                steamid=begun["steamid"], code=code, code_type=3,
            )  # fmt: skip
        told = self._call(
            "POST",
            "PollAuthSessionStatus",
            client_id=begun["client_id"],
            request_id=begun["request_id"],
        )
        if "refresh_token" not in told:
            raise BuyerRefused("PollAuthSessionStatus", 0)
        self.refresh_token, self.access_token = told["refresh_token"], told["access_token"]

    def works(self) -> bool:
        """Whether he is still in: his access token opens requests, or his refresh token lives."""
        refresh = self._state.tokens.refresh_named(self.refresh_token)
        if refresh is not None and self._state.tokens.lives(refresh):
            return True
        url = f"{self._state.endpoints.api}/{AUTH}/EnumerateTokens/v1/"
        query = {"access_token": self.access_token}
        return self._session.post(url, params=query, timeout=5).status_code == 200

    def deauthorize(self) -> None:
        """He presses "sign out everywhere" in the store."""
        base = self._state.endpoints.store
        cookie = f"{self.steamid}%7C%7C{self.access_token}"
        answer = self._session.post(
            f"{base}/twofactor/manage_action",
            data={"action": "deauthorize", "sessionid": "b" * 24},
            headers={
                "Origin": base,
                "Cookie": f"steamLoginSecure={cookie}; sessionid={'b' * 24}",
            },
            allow_redirects=False,
            timeout=5,
        )
        if answer.status_code != 200:
            raise BuyerRefused("deauthorize", answer.status_code)

    def change_password(self, new: str) -> None:
        """The password becomes another one by ways that are not ours to know (support, e-mail)."""
        account = self._state.accounts.get(self.login)
        if account is None:
            raise ValueError(f"no account {self.login!r}")
        with self._state.lock:
            self._state.buyer_changes_password(account, new)

    def opens_wizard(self) -> None:
        """He begins a password change of his own: a confirmation that we must not accept."""
        token = self._state.tokens.refresh_named(self.refresh_token)
        if token is None:
            raise ValueError("not signed in")
        with self._state.lock:
            wizard = self._state.wizards.begin(token.account, token)
            self._state.wizards.send(wizard, 0)

    def as_json(self) -> dict[str, Any]:
        return {"login": self.login, "steamid": str(self.steamid), "works": self.works()}

    def _call(self, verb: str, method: str, **fields: Any) -> dict[str, Any]:
        """Plain form fields, JSON back."""
        url = f"{self._state.endpoints.api}/{AUTH}/{method}/v1/"
        params, data = (fields, None) if verb == "GET" else (None, fields)
        answer = self._session.request(verb, url, params=params, data=data, timeout=5)
        eresult = int(answer.headers.get("x-eresult", 0))
        if eresult != 1:
            raise BuyerRefused(method, eresult)
        told: dict[str, Any] = answer.json()["response"]
        return told

"""A careful client of Steam for these tests: what a phone and a browser would send."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from sandbox.steam import Account, SteamDouble, codes, rsa
from sandbox.steam.api import METHODS
from sandbox.steam.proto import Schema, decode, encode

PASSWORD, NEW_PASSWORD = "OldPassw0rd42", "Br4ndNewPa55word"
AUTH, GUARD = "IAuthenticationService", "ITwoFactorService"
SESSIONID = "0a1b2c3d4e5f60718293a4b5"


class Client:
    """One device of the seller's."""

    def __init__(self, steam: SteamDouble, account: Account, **proxies: str) -> None:
        self.steam, self.account = steam, account
        self.session = steam.mount(requests.Session())
        self.session.trust_env = False
        self.session.proxies = dict(proxies)
        self.refresh = self.access = ""
        self.ids: dict[str, str] = {}
        self.moment = 0

    # The Web API

    def call(
        self, name: str, *, plain: bool = False, token: str = "", service: str = AUTH, **fields: Any
    ) -> tuple[int, dict[str, Any]]:
        """Outcome and answer of a method, in either form."""
        method = METHODS[f"{service}/{name}"]
        given = fields if plain else {"input_protobuf_encoded": _packed(fields, method.request)}
        query = {"access_token": token} if token else {}
        answer = self.session.request(
            method.verb,
            f"{self.steam.endpoints.api}/{service}/{name}/v1/",
            params={**query, **given} if method.verb == "GET" else query,
            data=given if method.verb == "POST" else None,
            timeout=5,
        )
        eresult = int(answer.headers["x-eresult"])
        if answer.status_code != 200:
            return eresult, {"status": answer.status_code}
        if plain:
            return eresult, answer.json()["response"]
        return eresult, decode(answer.content, method.answer)

    def begin(self, password: str = PASSWORD, **more: Any) -> tuple[int, dict[str, Any]]:
        """A key, and BeginAuth with it."""
        name = self.account.login
        plain = bool(more.get("plain"))
        _, key = self.call("GetPasswordRSAPublicKey", plain=plain, account_name=name)
        fields = {
            "account_name": name,
            "encrypted_password": sealed(password, key),
            "encryption_timestamp": int(key["timestamp"]),
            "platform_type": 3,
            "persistence": 1,
            "device_friendly_name": "Pixel 7",
        }
        return self.call("BeginAuthSessionViaCredentials", **{**fields, **more})

    def give_code(self, begun: dict[str, Any], code: str | None = None, **more: Any) -> int:
        fields = {
            "client_id": begun["client_id"],
            "steamid": self.account.steamid,
            "code": code or self.steam.guard_code(self.account.login),
            "code_type": 3,
        }
        return self.call("UpdateAuthSessionWithSteamGuardCode", **{**fields, **more})[0]

    def poll(self, begun: dict[str, Any], **more: Any) -> tuple[int, dict[str, Any]]:
        ids = {"client_id": begun["client_id"], "request_id": begun["request_id"]}
        return self.call("PollAuthSessionStatus", **{**ids, **more})

    def sign_in(self, password: str = PASSWORD, **more: Any) -> Client:
        """All steps; each new login waits for a window of its own."""
        while codes.window_at(self.steam.state.now()) in self.account.used_windows:
            self.steam.clock.advance(30)
        plain: dict[str, Any] = {"plain": True} if more.get("plain") else {}
        eresult, begun = self.begin(password, **more)
        assert eresult == 1, eresult
        if self.account.guard == "totp":
            assert self.give_code(begun, **plain) == 1
        eresult, told = self.poll(begun, **plain)
        assert eresult == 1, eresult
        self.refresh, self.access = told["refresh_token"], told["access_token"]
        self.ids.clear()
        return self

    def works(self) -> bool:
        return self.call("EnumerateTokens", token=self.access)[0] == 1

    def others(self) -> list[int]:
        """The ids of everybody else who is signed in."""
        _, told = self.call("EnumerateTokens", token=self.access)
        ids = [line["token_id"] for line in told["refresh_tokens"]]
        return [token_id for token_id in ids if token_id != told["requesting_token"]]

    def revoke(self, token_id: int, signature: bytes | None = None) -> int:
        signed = codes.revoke_signature(self.account.shared_secret, token_id)
        return self.call(
            "RevokeRefreshToken",
            token=self.access,
            token_id=token_id,
            steamid=self.account.steamid,
            revoke_action=1,
            signature=signed if signature is None else signature,
        )[0]

    # Pages

    def web(self, verb: str, service: str, path: str, **more: Any) -> requests.Response:
        """A request with this session's cookies, as the site's own pages send it."""
        base = vars(self.steam.endpoints)[service]
        secure = f"{self.account.steamid}%7C%7C{self.access}"
        headers = {
            "Cookie": f"sessionid={SESSIONID}; steamLoginSecure={secure}",
            "Origin": base,
            "Referer": f"{base}/",
            "X-Requested-With": "XMLHttpRequest",
            **more.pop("headers", {}),
        }
        more.setdefault("timeout", 5)
        more.setdefault("allow_redirects", False)
        return self.session.request(verb, base + path, headers=headers, **more)

    def conf(self, path: str, tag: str = "conf", **more: Any) -> dict[str, Any]:
        """A `/mobileconf` request, signed; each has a moment of its own."""
        self.moment = max(self.moment + 1, int(self.steam.state.now()))
        told = {"t": self.moment, "p": self.account.device_id, "m": "react", "tag": tag, **more}
        key = codes.confirmation_key(self.account.identity_secret, told["t"], tag)
        query = {"k": key, "a": self.account.steamid, **told}
        answer: dict[str, Any] = self.web(
            "GET", "community", f"/mobileconf/{path}", params=query
        ).json()
        return answer

    def ours(self) -> dict[str, Any] | None:
        """The confirmation of our own wizard."""
        listed = self.conf("getlist")["conf"]
        found = [c for c in listed if c["type"] == 6 and c["creator_id"] == self.ids["s"]]
        return found[0] if found else None

    def answer(self, confirmation: dict[str, Any], op: str = "allow") -> dict[str, Any]:
        return self.conf("ajaxop", op, op=op, cid=confirmation["id"], ck=confirmation["nonce"])

    # The password wizard

    def open_wizard(self) -> dict[str, str]:
        place = self.web("GET", "help", "/wizard/HelpChangePassword?redir=store/account/")
        self.ids = dict(parse_qsl(urlsplit(place.headers["Location"]).query))
        return self.ids

    def ajax(self, name: str, verb: str = "POST", **fields: Any) -> requests.Response:
        """An Ajax call of the wizard with what all of them repeat."""
        form = {"sessionid": SESSIONID, "wizard_ajax": "1", "gamepad": "0"}
        form |= {"s": self.ids.get("s", ""), **fields}
        told = {"params" if verb == "GET" else "data": form}
        return self.web(verb, "help", f"/en/{name}", **told)

    def send_code(self) -> dict[str, Any]:
        told: dict[str, Any] = self.ajax("wizard/AjaxSendAccountRecoveryCode", method=8).json()
        return told

    def poll_confirmation(self) -> dict[str, Any]:
        more: dict[str, Any] = {"reset": 1, "lost": 0, "method": 8, "issueid": 406}
        told: dict[str, Any] = self.ajax(
            "wizard/AjaxPollAccountRecoveryConfirmation", **more
        ).json()
        return told

    def verify_code(self, code: str = "") -> dict[str, Any]:
        more: dict[str, Any] = {"code": code, "reset": 1, "lost": 0, "method": 8, "issueid": 406}
        told: dict[str, Any] = self.ajax(
            "wizard/AjaxVerifyAccountRecoveryCode", "GET", **more
        ).json()
        return told

    def next_step(self, lost: int = 2) -> dict[str, Any]:
        more: dict[str, Any] = {
            "account": self.ids["account"],
            "reset": 1,
            "issueid": 406,
            "lost": lost,
        }
        told: dict[str, Any] = self.ajax("wizard/AjaxAccountRecoveryGetNextStep", **more).json()
        return told

    def sealed(self, password: str) -> dict[str, Any]:
        key = self.ajax("login/getrsakey/", username=self.account.login).json()
        return {"password": sealed(password, key), "rsatimestamp": key["timestamp"]}

    def verify_password(self, password: str = PASSWORD) -> dict[str, Any]:
        more: dict[str, Any] = {"lost": 2, "reset": 1, **self.sealed(password)}
        told: dict[str, Any] = self.ajax("wizard/AjaxAccountRecoveryVerifyPassword/", **more).json()
        return told

    def available(self, password: str) -> bool:
        answer = self.ajax("wizard/AjaxCheckPasswordAvailable/", password=password)
        return bool(answer.json()["available"])

    def change(self, password: str = NEW_PASSWORD) -> requests.Response:
        more: dict[str, Any] = {"account": self.ids["account"], **self.sealed(password)}
        return self.ajax("wizard/AjaxAccountRecoveryChangePassword/", **more)

    def up_to_change(self) -> Client:
        """Everything before the dangerous request."""
        self.open_wizard()
        self.send_code()
        confirmation = self.ours()
        assert confirmation
        self.answer(confirmation)
        assert self.poll_confirmation() == {"success": True, "continue": False}
        assert self.verify_code()["hash"]
        assert self.next_step()["redirect"]
        assert self.verify_password()["hash"]
        return self


def sealed(password: str, key: dict[str, Any]) -> str:
    return rsa.encrypt(password, key["publickey_mod"], key["publickey_exp"], Random(1))


def claims(token: str) -> dict[str, Any]:
    """What a token says of itself."""
    part = token.split(".")[1]
    told: dict[str, Any] = json.loads(b64decode(part + "=" * (-len(part) % 4), altchars=b"-_"))
    return told


def _packed(fields: dict[str, Any], shape: Schema) -> str:
    return b64encode(encode(fields, shape)).decode()

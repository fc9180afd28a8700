"""A Steam of few words: answers by path, what was asked, time that stands still."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectionError as Broken
from requests.structures import CaseInsensitiveDict

from opium.clock import ManualClock
from opium.modules.steam_rent.steam import (
    Endpoints,
    MaFile,
    Options,
    Steam,
    Throttle,
    Tokens,
    protobuf,
)
from opium.modules.steam_rent.steam import messages as m
from opium.net.errors import NotSent
from opium.net.proxy import Proxy

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "steam" / "vectors.json"
with_vectors = [
    pytest.mark.captured,
    pytest.mark.skipif(not VECTORS.is_file(), reason="the vectors are not beside the project"),
]

NOW = datetime(2025, 11, 1, tzinfo=UTC)
STEAM_ID = 76561199437752045
ACCOUNT_ID = 1477486317
LOGIN, PASSWORD, NEW = "rent_alpha01", "OldPassw0rd42", "N3wPa55wordRent"
SHARED = base64.b64decode("WWBSwzabtrUVzqmlOtU8R96lIc8=")
IDENTITY = base64.b64decode("AGCDl2KXD4HA3piLLiUVtjXbMXQ=")
DEVICE = "android:a6da807b-87b0-551a-4ddd-83d67997f5f1"
REFRESH, ACCESS = "refresh-token-of-ours", "access-token-of-ours"
MODULUS = f"{(1 << 2047) + 12345:x}"
"""Good enough to encrypt for: nobody here decrypts."""
WIZARD = "9223372036854775809"
OURS = (1 << 63) + 5
"""A token id that is negative where 64 bits are taken for signed."""

SITE = Endpoints()
AUTH, TWO_FACTOR = "/IAuthenticationService/", "/ITwoFactorService/"

Reply = tuple[int, Mapping[str, str], bytes]
Answerer = Callable[["Asked"], Reply]


def vectors(*path: str) -> Any:
    """A part of the vectors; nothing where they are not, so that tests can be collected."""
    if not VECTORS.is_file():
        return []
    found = json.loads(VECTORS.read_text())
    for name in path:
        found = found[name]
    return found


@dataclass(frozen=True)
class Asked:
    """A request as the server sees it."""

    request: PreparedRequest

    @property
    def path(self) -> str:
        return urlsplit(str(self.request.url)).path

    @property
    def host(self) -> str:
        return urlsplit(str(self.request.url)).netloc

    @property
    def query(self) -> dict[str, str]:
        return _flat(urlsplit(str(self.request.url)).query)

    @property
    def form(self) -> dict[str, str]:
        return _flat(str(self.request.body or ""))

    def message(self, kind: type[Any]) -> Any:
        """The protobuf message in it."""
        text = {**self.query, **self.form}["input_protobuf_encoded"]
        return protobuf.decode(kind, base64.b64decode(text.translate(_URL_SAFE)))


_URL_SAFE = str.maketrans("-_", "+/")


def _flat(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def proto(message: Any = None, result: int = 1) -> Reply:
    """An answer of the Web API."""
    body = protobuf.encode(message) if message is not None else b""
    return 200, {"x-eresult": str(result)}, body


def as_json(data: Any, status: int = 200) -> Reply:
    return status, {"Content-Type": "application/json"}, json.dumps(data).encode()


def page(inner: str, status: int = 200) -> Reply:
    html = f"<html><body><div class='wizard_content_wrapper'>{inner}</div></body></html>"
    return status, {"Content-Type": "text/html"}, html.encode()


def to(url: str) -> Reply:
    """A redirect."""
    return 302, {"Location": url}, b""


def lost(asked: Asked) -> Reply:
    """The request arrives, its answer does not."""
    raise Broken(f"connection broken for {asked.request.url} {asked.request.body!r}")


def not_sent(asked: Asked) -> Reply:
    raise NotSent("No connection to the proxy http://10.0.0.1:8080: connection refused.")


class FakeSteam(BaseAdapter):
    """Answers by path: one answer for ever, or several in turn, the last one for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self._answers: dict[str, list[Reply | Answerer]] = {}

    def on(self, path: str, *answers: Reply | Answerer) -> FakeSteam:
        self._answers[path] = list(answers)
        return self

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        asked = Asked(request)
        self.asked.append(asked)
        answers = self._answers.get(asked.path)
        if not answers:
            return _response(request, (404, {}, b"not found"))
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return _response(request, answer(asked) if callable(answer) else answer)

    def close(self) -> None:
        """Nothing is open."""

    def requests(self, end: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path.rstrip("/").endswith(end)]

    def count(self, end: str) -> int:
        return len(self.requests(end))


def _response(request: PreparedRequest, reply: Reply) -> Response:
    status, headers, body = reply
    lines = Message()
    for name, value in headers.items():
        lines[name] = value
    response = Response()
    response.status_code, response.request, response.url = status, request, str(request.url)
    response.headers = CaseInsensitiveDict(headers)
    response.raw = io.BytesIO()
    response.raw.headers = lines  # type: ignore[attr-defined]
    response._content = body
    return response


@dataclass
class Book:
    """Guard windows, as the module keeps them."""

    given: set[int] = field(default_factory=set)
    taken: list[int] = field(default_factory=list)

    def take(self, window: int) -> bool:
        if window in self.given or window in self.taken:
            return False
        self.taken.append(window)
        return True


@dataclass
class Cast:
    """A client, the Steam it talks to, and what it was told."""

    steam: Steam
    site: FakeSteam
    clock: ManualClock
    windows: Book
    throttle: Throttle
    kept: list[Tokens]
    committed: list[str] = field(default_factory=list)

    def change(self, new: str = NEW) -> None:
        self.steam.change_password(
            PASSWORD, new, before_sending=lambda: self.committed.append("SENDING")
        )


def cast(
    site: FakeSteam | None = None,
    *,
    mafile: MaFile | None = None,
    proxy: Proxy | None = None,
    throttle: Throttle | None = None,
    clock: ManualClock | None = None,
    tokens: Tokens | None = None,
    options: Options | None = None,
    wait: Callable[[float], object] | None = None,
) -> Cast:
    """A client of an obliging Steam; what is to go wrong is told with `site.on`."""
    site, clock = site or obliging(), clock or ManualClock(NOW)
    windows, kept = Book(), list[Tokens]()
    throttle = throttle or Throttle(clock)
    steam = Steam(
        SITE,
        LOGIN,
        mafile or ma_file(),
        proxy=proxy,
        clock=clock,
        windows=windows,
        throttle=throttle,
        tokens=tokens,
        keep_tokens=kept.append,
        options=options,
        wait=wait,
        adapter=site,
    )
    return Cast(steam, site, clock, windows, throttle, kept)


def ma_file(**changes: Any) -> MaFile:
    facts: dict[str, Any] = {
        "steam_id": STEAM_ID,
        "account_name": LOGIN,
        "shared_secret": SHARED,
        "identity_secret": IDENTITY,
        "device_id": DEVICE,
        "token_gid": "2f0a",
        **changes,
    }
    return MaFile(**facts)


def jwt(steam_id: int = STEAM_ID, *, at: datetime = NOW, lives: float = 86400) -> str:
    """A token that says who it is for and how long it lives."""
    claims = {"sub": str(steam_id), "iat": int(at.timestamp()), "aud": ["web", "mobile"]}
    claims["exp"] = int(at.timestamp() + lives)
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJFZERTQSJ9.{body}.c2lnbmF0dXJl"


def begun(**changes: Any) -> Reply:
    """The answer to a right password."""
    allowed = changes.pop("allowed", (3, 4))
    facts: dict[str, Any] = {
        "client_id": (1 << 64) - 3,
        "request_id": b"\x00\x01\xff",
        "interval": 5.0,
        "allowed_confirmations": tuple(m.AllowedConfirmation(kind) for kind in allowed),
        "steamid": STEAM_ID,
        **changes,
    }
    return proto(m.BeginAnswer(**facts))


def listing(*token_ids: int, ours: int = OURS) -> Reply:
    """An enumeration of these sessions."""
    found = tuple(m.RefreshTokenDescription(token_id=number) for number in token_ids)
    return proto(m.EnumerateAnswer(refresh_tokens=found, requesting_token=ours))


def entry(number: int, kind: int, creator: str) -> dict[str, Any]:
    return {
        "type": kind,
        "id": str(number),
        "creator_id": creator,
        "nonce": str(number * 7),
        "type_name": "Account details",
        "headline": "Account recovery",
        "summary": [""],
    }


def confirmations(*entries: Mapping[str, Any]) -> Reply:
    return as_json({"success": True, "conf": list(entries)})


PROVE = page("<a class='help_wizard_button'>Send a confirmation to my Steam Mobile app</a>")
VERIFY = page("<div class='help_page_title'>Verify Password</div>")
RESET = page(
    "<div class='help_page_title'>Password Reset</div>"
    f"<span class='pwreset_account_name'>{LOGIN}</span>"
)
AJAX = "/en/wizard/Ajax"
OPEN, FIRST = "/wizard/HelpChangePassword", "/en/wizard/HelpWithLoginInfo"
OPENED = f"{SITE.help}{FIRST}?s={WIZARD}&account={ACCOUNT_ID}&reset=1&lost=0&issueid=406"
SENDS = f"{AJAX}AccountRecoveryChangePassword/"
DEAUTHORIZE_PAGE: Reply = (
    200,
    {},
    b"<form id='deauthorize_devices_form'><input type='hidden' name='sessionid' value='abc123'>"
    b"</form>",
)


def obliging() -> FakeSteam:
    """Everything goes well; nobody else is signed in."""
    site = FakeSteam()
    key = m.PasswordKeyAnswer(MODULUS, "010001", 123456789012)
    web_key = {"success": True, "publickey_mod": MODULUS, "publickey_exp": "010001"}
    api: Iterable[tuple[str, Reply]] = (
        (f"{TWO_FACTOR}QueryTime/v1/", proto(m.QueryTimeAnswer(int(NOW.timestamp())))),
        (f"{TWO_FACTOR}QueryStatus/v1/", proto(m.QueryStatusAnswer(token_gid="2f0a"))),
        (f"{AUTH}GetPasswordRSAPublicKey/v1/", proto(key)),
        (f"{AUTH}BeginAuthSessionViaCredentials/v1/", begun()),
        (f"{AUTH}UpdateAuthSessionWithSteamGuardCode/v1/", proto()),
        (f"{AUTH}PollAuthSessionStatus/v1/", proto(m.PollAnswer(0, REFRESH, ACCESS))),
        (f"{AUTH}GenerateAccessTokenForApp/v1/", proto(m.RenewAnswer(ACCESS))),
        (f"{AUTH}EnumerateTokens/v1/", listing(OURS)),
        (f"{AUTH}RevokeRefreshToken/v1/", proto()),
    )
    pages: Iterable[tuple[str, Reply]] = (
        (OPEN, to(OPENED)),
        (FIRST, PROVE),
        ("/en/wizard/HelpWithLoginInfoEnterCode", page("")),
        (f"{AJAX}SendAccountRecoveryCode", as_json({"success": True})),
        ("/mobileconf/getlist", confirmations(entry(1, 6, WIZARD))),
        ("/mobileconf/ajaxop", as_json({"success": True})),
        (
            f"{AJAX}PollAccountRecoveryConfirmation",
            as_json({"success": True, "continue": False}),
        ),
        (f"{AJAX}VerifyAccountRecoveryCode", as_json({"hash": "wizard/Proven"})),
        ("/en/wizard/Proven", page("<a class='help_wizard_button'>Verify my password</a>")),
        (
            f"{AJAX}AccountRecoveryGetNextStep",
            as_json({"redirect": f"{SITE.help}/en/wizard/AskPassword?s={WIZARD}"}),
        ),
        ("/en/wizard/AskPassword", VERIFY),
        ("/en/login/getrsakey/", as_json({**web_key, "timestamp": "123456789012"})),
        (f"{AJAX}AccountRecoveryVerifyPassword/", as_json({"hash": "wizard/NewPassword"})),
        ("/en/wizard/NewPassword", RESET),
        (f"{AJAX}CheckPasswordAvailable/", as_json({"available": True})),
        (SENDS, as_json({"hash": "wizard/Done"})),
        ("/en/wizard/Done", page("done")),
        ("/twofactor/manage", DEAUTHORIZE_PAGE),
        ("/twofactor/manage_action", (200, {}, b"<html>fine</html>")),
    )
    for path, reply in (*api, *pages):
        site.on(path, reply)
    return site

"""A maFile: the secrets of a mobile authenticator, as several programs export them (protocol 4)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from opium.modules.steam_rent.steam.errors import BadMaFile
from opium.modules.steam_rent.steam.tokens import Tokens

STEAM_ID_BASE = 76561197960265728
"""The id of an ordinary account is this plus its account id, 1 to 2^32-1."""

_SIZE_LIMIT = 64 * 1024
_SECRET_SIZE = 20
_PLAIN = re.compile(r"[!-~]{1,128}")
_TOKEN = re.compile(r"[\w.~+/=-]{8,4096}", re.ASCII)


@dataclass(frozen=True, slots=True)
class MaFile:
    """What we keep of a maFile. The revocation code is dropped: nobody may see or use it."""

    steam_id: int | None
    account_name: str | None
    shared_secret: bytes = field(repr=False)
    identity_secret: bytes | None = field(default=None, repr=False)
    device_id: str | None = None
    token_gid: str | None = None
    serial_number: str | None = None
    tokens: Tokens | None = field(default=None, repr=False)
    """The exporting program's own session, usually long dead: a hint."""

    def dump(self) -> str:
        """A maFile with just this in it, to be stored encrypted; `parse` reads it back."""
        session: dict[str, Any] = {"SteamID": self.steam_id}
        if self.tokens:
            session |= {
                "AccessToken": self.tokens.access or None,
                "RefreshToken": self.tokens.refresh,
            }
        fields = {
            "account_name": self.account_name,
            "shared_secret": _base64(self.shared_secret),
            "identity_secret": _base64(self.identity_secret) if self.identity_secret else None,
            "device_id": self.device_id,
            "token_gid": self.token_gid,
            "serial_number": self.serial_number,
            "Session": session,
        }
        return json.dumps(fields)


def parse(data: bytes | str, *, file_name: str = "") -> MaFile:
    """Read and check a maFile; its usual name, `<steam id>.maFile`, helps if it holds no id.

    Raises BadMaFile.
    """
    fields = _fields(data)
    shared = _secret(fields, "shared_secret")
    if shared is None:
        raise BadMaFile("The maFile has no shared_secret.")
    _check_uri(fields.get("uri"), shared)
    return MaFile(
        steam_id=_steam_id(fields, file_name),
        account_name=_account_name(fields),
        shared_secret=shared,
        identity_secret=_secret(fields, "identity_secret"),
        device_id=_text(fields.get("device_id")),
        token_gid=_text(fields.get("token_gid")),
        serial_number=_text(fields.get("serial_number")),
        tokens=_tokens(fields),
    )


def account_id(steam_id: int) -> int:
    """The 32-bit id that the password wizard calls `account`."""
    return steam_id - STEAM_ID_BASE


def is_steam_id(number: int) -> bool:
    """Whether this can be the id of an ordinary account."""
    return 0 < account_id(number) < 1 << 32


def _fields(data: bytes | str) -> Mapping[str, Any]:
    if len(data) > _SIZE_LIMIT:
        raise BadMaFile("The file is too large for a maFile.")
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        raise BadMaFile("The file is not text in UTF-8.") from None
    text = text.removeprefix("\ufeff").strip()
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        if _is_encrypted(text):
            raise BadMaFile(
                "This export is encrypted: turn encryption off in SDA and export again."
            ) from None
        raise BadMaFile("The file is not JSON.") from None
    if not isinstance(fields, dict):
        raise BadMaFile("The file is JSON, but no maFile.")
    if "entries" in fields and "shared_secret" not in fields:
        raise BadMaFile("This is SDA's manifest.json: choose the .maFile beside it.")
    return fields


def _is_encrypted(text: str) -> bool:
    """SDA writes AES blocks in base64."""
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) >= 32 and len(raw) % 16 == 0


def _secret(fields: Mapping[str, Any], name: str) -> bytes | None:
    value = fields.get(name)
    if value is None or value == "":
        return None
    raw = _decoded(value) if isinstance(value, str) else b""
    if len(raw) != _SECRET_SIZE:
        raise BadMaFile(f"The maFile's {name} is not 20 bytes in base64.")
    return raw


def _decoded(text: str) -> bytes:
    """Base64 with or without padding, or 40 hexadecimal digits; empty if neither."""
    text = text.strip()
    try:
        if re.fullmatch(r"[0-9A-Fa-f]{40}", text):
            return bytes.fromhex(text)
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _check_uri(uri: object, shared: bytes) -> None:
    """A file put together from two accounts would give wrong codes for one of them."""
    if not isinstance(uri, str) or not uri.startswith("otpauth://"):
        return
    try:
        found = parse_qs(urlsplit(uri).query).get("secret", [""])[0].upper()
        same = not found or base64.b32decode(found + "=" * (-len(found) % 8)) == shared
    except (binascii.Error, ValueError):
        same = False
    if not same:
        raise BadMaFile("The maFile's uri and shared_secret do not belong together.")


def _steam_id(fields: Mapping[str, Any], file_name: str) -> int | None:
    session = _session(fields)
    named = [session.get("SteamID"), fields.get("steamid"), fields.get("steam_id")]
    found = {number for value in named if (number := _id(value)) is not None}
    if len(found) > 1:
        raise BadMaFile("The maFile names two different Steam ids.")
    if found:
        return found.pop()
    stem = re.fullmatch(r"(\d{17})\.mafile", file_name.strip(), re.ASCII | re.IGNORECASE)
    return _id(stem[1]) if stem else None


def _id(value: object) -> int | None:
    """An id of an ordinary account, exact; SDA writes 0 where it does not know it."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, str):
        if not re.fullmatch(r"\d{17}", value, re.ASCII):
            return None
        value = int(value)
    return value if is_steam_id(value) else None


def _account_name(fields: Mapping[str, Any]) -> str | None:
    name = _text(fields.get("account_name"))
    return name.lower() if name else None


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 64:
        value = str(value)
    usable = isinstance(value, str) and _PLAIN.fullmatch(value)
    return str(value) if usable else None


def _session(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    session = fields.get("Session")
    return session if isinstance(session, dict) else {}


def _tokens(fields: Mapping[str, Any]) -> Tokens | None:
    session, cli = _session(fields), fields.get("tokens")
    cli = cli if isinstance(cli, dict) else {}
    refresh = _token(session.get("RefreshToken")) or _token(cli.get("refresh_token"))
    access = _token(session.get("AccessToken")) or _token(cli.get("access_token"))
    return Tokens(refresh, access) if refresh else None


def _token(value: object) -> str:
    return value if isinstance(value, str) and _TOKEN.fullmatch(value) else ""


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

"""Secrets at rest: sealed with a key that lies outside the database (reliability 8.1).

Each plaintext carries its context (`table:id:field`), so that a ciphertext moved to another row is
refused. Honest limit: who owns the running process, or root, can read everything.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

KEY_FILE = "data.key"
CANARY = "key_canary"
"""The setting that proves, sealed, that a key fits a database."""
CANARY_CONTEXT = "settings:key_canary:value"


class VaultError(Exception):
    """The data key is missing, wrong or unreadable; the text is one sentence for a person."""


class Vault:
    """Seals and opens texts. `keys` are url-safe base64 Fernet keys, newest first."""

    def __init__(self, keys: list[str]) -> None:
        if not keys:
            raise VaultError("The data key file holds no key.")
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise VaultError("The data key is damaged: each line must hold one key.") from None
        self._mac_key = hashlib.sha256(b"opium fingerprint" + keys[-1].encode()).digest()

    def seal(self, text: str, context: str) -> bytes:
        """Ciphertext of `text`, bound to `context`."""
        return self._fernet.encrypt(f"{context}\0{text}".encode())

    def open(self, sealed: bytes, context: str) -> str:
        """The text again; VaultError if the key is wrong or the row is not the one it was for."""
        try:
            found, _, text = self._fernet.decrypt(sealed).decode().partition("\0")
        except InvalidToken:
            raise VaultError("A stored secret cannot be opened with this data key.") from None
        if found != context:
            raise VaultError("A stored secret belongs to another row.")
        return text

    def fingerprint(self, text: str) -> str:
        """A keyed hash that finds equal texts without showing them."""
        return hmac.new(self._mac_key, text.encode(), hashlib.sha256).hexdigest()


def load_keys(instance: Path, given: str | None, *, may_create: bool) -> list[str]:
    """The data keys: `given` (from the settings), else `instance/data.key`, made once.

    Raises VaultError if there is no key and none may be made, since sealed rows exist already.
    """
    if given is not None:
        return given.split()
    path = instance / KEY_FILE
    if path.exists():
        return path.read_text(encoding="ascii").split()
    if not may_create:
        raise VaultError(
            f"The data key {path} is missing, but the database holds sealed secrets: "
            "put the key file back, or restore both from a backup."
        )
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    write_private(path, key + "\n")
    return [key]


def write_private(path: Path, text: str) -> None:
    """Write a small file that only its owner may read; whole, or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

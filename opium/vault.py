"""Secrets at rest: sealed with a key that lies outside the database (reliability 8.1).

Each plaintext carries its context (`table:id:field`), so that a ciphertext moved to another row is
refused. Honest limit: who owns the running process, or root, can read everything.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from opium.config import PREFIX, Config

KEY_FILE = "data.key"
FORMER = ".former-"
"""`data.key.former-<UTC moment>` holds keys that only older backups need."""
DRAFT = ".new"
CANARY = "key_canary"
"""The setting that proves, sealed, that a key fits a database."""
CANARY_CONTEXT = "settings:key_canary:value"
FINGERPRINTS = "fingerprint_key"
"""The setting that holds, sealed, the key of the fingerprints: it outlives every data key."""
FINGERPRINTS_CONTEXT = "settings:fingerprint_key:value"


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
        self.fingerprint_key = hashlib.sha256(b"opium fingerprint" + keys[-1].encode()).digest()
        """As it was before it had a row of its own; replaced as soon as that can be read."""

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
        return hmac.new(self.fingerprint_key, text.encode(), hashlib.sha256).hexdigest()


def load_keys(instance: Path, given: str | None, *, may_create: bool) -> list[str]:
    """The data keys: `given` (from the settings), else `instance/data.key`, made once.

    Raises VaultError if there is no key and none may be made, since sealed rows exist already.
    """
    if given is not None:
        return given.split()
    path = instance / KEY_FILE
    if path.exists():
        return read_keys(path)
    if not may_create:
        raise VaultError(
            f"The data key {path} is missing, but the database holds sealed secrets: "
            "put the key file back, or restore both from a backup."
        )
    key = new_key()
    write_private(path, key + "\n")
    return [key]


def new_key() -> str:
    """A key drawn by chance: 32 bytes as url-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def key_file(config: Config) -> Path | None:
    """The file that the data key comes from; None if it was given by value."""
    named = os.environ.get(f"{PREFIX}DATA_KEY_FILE")
    if named:
        return Path(named)
    return None if config.data_key else config.instance / KEY_FILE


def read_keys(path: Path) -> list[str]:
    """The keys in a file, newest first; VaultError if it cannot be read."""
    try:
        return path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not a text of keys"
        raise VaultError(f"The data key {path} cannot be read: {reason}.") from None


def formers(path: Path) -> list[Path]:
    """The former keys kept beside a key file, newest first."""
    found = path.parent.glob(f"{path.name}{FORMER}*")
    return sorted((former for former in found if former.suffix != DRAFT), reverse=True)


def write_private(path: Path, content: str | bytes, *, owner_of: Path | None = None) -> None:
    """Write a small file; whole and on disk when this returns, or not at all.

    It keeps the owner and mode of the file that it replaces. A new one is for its owner only:
    whoever writes it or, as far as he may give files away, the owner of `owner_of`.
    """
    draft = path.with_name(path.name + DRAFT)
    draft.unlink(missing_ok=True)
    former = path.stat() if path.exists() else None
    owner = former or (owner_of.stat() if owner_of else None)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        if owner is not None:
            with contextlib.suppress(PermissionError):  # only root may give files away
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        if former is not None:
            os.fchmod(file.fileno(), former.st_mode & 0o777)
        file.write(content if isinstance(content, bytes) else content.encode())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Put the names in a folder on disk: a rename may be forgotten by a power cut before it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

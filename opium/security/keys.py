"""The key that signs tokens: from the settings, else made once into the instance folder."""

from __future__ import annotations

import re
import secrets

from opium import logs
from opium.config import Config, ConfigError
from opium.vault import write_private

KEY_FILE = "secret.key"
PUBLISHED = {
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
}
"""Keys that stand in manuals of web frameworks as examples, and so in many real settings."""
_SAMPLE = re.compile(
    r"change.?(?:me|this|it)|your|super.?secret|secret.?key|example|sample|replace|placeholder"
    r"|insert|password|12345678|abcdefgh|deadbeef",
    re.IGNORECASE,
)
_FEW = 8


def signing_key(config: Config) -> str:
    """The HS256 key, at least 32 characters; never random per start. Raises ConfigError."""
    if config.secret_key is None:
        key = _from_file(config)
    else:
        key = config.secret_key.get_secret_value()
        if is_sample(key):
            raise ConfigError(
                "OPIUM_SECRET_KEY is a sample that others know too: leave it out, and a key is "
                "made by itself."
            )
    logs.hide(key)
    return key


def is_sample(key: str) -> bool:
    """Whether a key was copied from an example, or typed rather than drawn."""
    return key.lower() in PUBLISHED or len(set(key)) < _FEW or _SAMPLE.search(key) is not None


def _from_file(config: Config) -> str:
    path = config.instance / KEY_FILE
    try:
        if not path.exists():
            config.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, secrets.token_hex(32) + "\n")
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"The signing key {path} cannot be read or made.") from None
    if len(key) < 32:
        raise ConfigError(f"The signing key {path} is too short: it needs 32 characters.")
    return key

"""The key that signs tokens: from the settings, else made once into the instance folder."""

from __future__ import annotations

import secrets

from opium import logs
from opium.config import Config, ConfigError
from opium.vault import write_private

KEY_FILE = "secret.key"


def signing_key(config: Config) -> str:
    """The HS256 key, at least 32 characters; never random per start. Raises ConfigError."""
    key = config.secret_key.get_secret_value() if config.secret_key else _from_file(config)
    logs.hide(key)
    return key


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

"""What the two secrets of a maFile compute, and how passwords are encrypted for Steam."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable

WINDOW_SECONDS = 30
_ALPHABET = "23456789BCDFGHJKMNPQRTVWXY"


def code_window(at: float) -> int:
    """The number of the 30 s window that a moment of Steam's time lies in (protocol 3)."""
    return int(at // WINDOW_SECONDS)


def seconds_left(at: float) -> int:
    """Whole seconds until the code of this moment is replaced, 1 to 30."""
    return WINDOW_SECONDS - int(at % WINDOW_SECONDS)


def guard_code(shared_secret: bytes, at: float) -> str:
    """The Steam Guard code at a moment of Steam's time (protocol 3)."""
    mac = hmac.digest(shared_secret, code_window(at).to_bytes(8, "big"), "sha1")
    start = mac[-1] & 15
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    code = ""
    for _ in range(5):
        number, sign = divmod(number, len(_ALPHABET))
        code += _ALPHABET[sign]
    return code


def confirmation_key(identity_secret: bytes, at: int, tag: str) -> str:
    """The parameter `k` of a mobile confirmation request (protocol 7)."""
    message = at.to_bytes(8, "big") + tag.encode("ascii")[:32]
    return base64.b64encode(hmac.digest(identity_secret, message, "sha1")).decode("ascii")


def revoke_signature(shared_secret: bytes, token_id: int) -> bytes:
    """Without it Steam answers 15 to RevokeRefreshToken (protocol 9, K2)."""
    unsigned = token_id % (1 << 64)
    return hmac.digest(shared_secret, str(unsigned).encode("ascii"), "sha256")


def derived_device_id(steam_id: int, salt: str = "") -> str:
    """The device id of old authenticators, where nobody tells a better one (protocol 4)."""
    # SHA-1 is what Steam's own programs used here; nothing depends on its strength.
    digest = hashlib.sha1(f"{steam_id}{salt}".encode(), usedforsecurity=False).hexdigest()
    parts = digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]
    return "android:" + "-".join(parts)


def _non_zero(count: int) -> bytes:
    return bytes(secrets.choice(range(1, 256)) for _ in range(count))


def encrypt_password(
    password: str,
    modulus: str,
    exponent: str,
    *,
    padding: Callable[[int], bytes] = _non_zero,
) -> str:
    """RSA PKCS#1 v1.5 in base64, with the key's hexadecimal parts (protocol 5.2).

    Raises ValueError if the key is none, or is too small for the password.
    """
    n, e = int(modulus, 16), int(exponent, 16)
    size = (n.bit_length() + 7) // 8
    message = password.encode()
    if n < 0 or not 64 <= size <= 1024 or not 2 < e < 1 << 64 or len(message) > size - 11:
        raise ValueError("the key does not fit")
    block = b"\x00\x02" + padding(size - 3 - len(message)) + b"\x00" + message
    encrypted = pow(int.from_bytes(block, "big"), e, n)
    return base64.b64encode(encrypted.to_bytes(size, "big")).decode("ascii")

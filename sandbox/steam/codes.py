"""What Steam computes from an authenticator's secrets (dossier §3, §4, §7, §9)."""

import hashlib
import hmac
import struct
from base64 import b64encode

ALPHABET = "23456789BCDFGHJKMNPQRTVWXY"
WINDOW_SECONDS = 30
LONGEST_TAG = 32


def window_at(moment: float) -> int:
    """The number of the half minute a Guard code belongs to."""
    return int(moment) // WINDOW_SECONDS


def guard_code(shared_secret: bytes, window: int) -> str:
    """The five signs a phone shows during this window (§3) [A]."""
    mac = hmac.digest(shared_secret, struct.pack(">Q", window), hashlib.sha1)
    start = mac[-1] & 15
    number = struct.unpack(">I", mac[start : start + 4])[0] & 0x7FFFFFFF
    signs = []
    for _ in range(5):
        number, sign = divmod(number, len(ALPHABET))
        signs.append(ALPHABET[sign])
    return "".join(signs)


def confirmation_key(identity_secret: bytes, moment: int, tag: str) -> str:
    """`k` of a `/mobileconf` request (§7) [A]."""
    message = struct.pack(">Q", moment) + tag.encode("ascii")[:LONGEST_TAG]
    return b64encode(hmac.digest(identity_secret, message, hashlib.sha1)).decode()


def revoke_signature(shared_secret: bytes, token_id: int) -> bytes:
    """What must accompany the order to revoke somebody's token (§9, K2) [A]."""
    return hmac.digest(shared_secret, str(token_id).encode("ascii"), hashlib.sha256)


def device_id(steamid: int, salt: str = "") -> str:
    """The device id that older authenticators derive (§4)."""
    digest = hashlib.sha1(f"{steamid}{salt}".encode(), usedforsecurity=False).hexdigest()
    cuts = (digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32])
    return "android:" + "-".join(cuts)

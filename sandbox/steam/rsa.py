"""The double's RSA: one key pair of its own, and strict reading of what clients encrypt (§5.2)."""

import binascii
from base64 import b64decode, b64encode
from random import Random

# Made for this double; it guards nothing but passwords of made-up accounts.
_P = int(
    "ff0b755982515d7dce226dfe153be3da1f23ffd0285bfb89a754cc8d95f9f64ee46d76b28b83e65c24dbe3"
    "efa620e060dcca2e8d5ee2b9d8d9e7756557916ed7d62514371ca08f06f6935db19959f153b046dc0c9e22"
    "dcef1eda332e186b5e8d2ac05dc7b399c71734ad9a6ee79545c3613d21655c773b48d7173d88c250b9f7",
    16,
)
_Q = int(
    "c59c8935abd45aa734106a85faab019b766c8029be15acff03e32a47e21f9b5c5a1dd0988d26bdd8a41dbf"
    "4c400711e42aa4f1855803d7257cb8b78d7eecbe25ac5a35c018fb12a8168796515bfe7e62b1a903b8fc86"
    "9355a2a22a864e9e93583cfe76128a44cecc617d0867d79798775c3fbc4d4c0f2212a6bd0a0ff884ecbd",
    16,
)
MODULUS, EXPONENT = _P * _Q, 65537
_SECRET = pow(EXPONENT, -1, (_P - 1) * (_Q - 1))
SIZE = 256
MODULUS_HEX, EXPONENT_HEX = f"{MODULUS:x}", "010001"
LEAST_PADDING = 8


def decrypt(text: str, modulus: int = MODULUS, secret: int = _SECRET) -> str | None:
    """The password in a base64 text; None for whatever is not PKCS#1 v1.5 of ASCII.

    A text whose `+` became a space on its way is damaged, too: a client that builds bodies by
    hand shall notice.
    """
    try:
        sealed = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    number = int.from_bytes(sealed, "big")
    if len(sealed) != SIZE or number >= modulus:
        return None
    block = pow(number, secret, modulus).to_bytes(SIZE, "big")
    end = block.find(b"\0", 2)
    if block[:2] != b"\0\2" or end < 2 + LEAST_PADDING or not block[end + 1 :].isascii():
        return None
    return block[end + 1 :].decode("ascii")


def encrypt(password: str, modulus_hex: str, exponent_hex: str, chance: Random) -> str:
    """What a correct client sends; used by the buyers of the double."""
    modulus, exponent = int(modulus_hex, 16), int(exponent_hex, 16)
    size = (modulus.bit_length() + 7) // 8
    message = password.encode("ascii")
    padding = bytes(chance.randint(1, 255) for _ in range(size - 3 - len(message)))
    block = b"\0\2" + padding + b"\0" + message
    sealed = pow(int.from_bytes(block, "big"), exponent, modulus)
    return b64encode(sealed.to_bytes(size, "big")).decode()

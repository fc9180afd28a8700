"""Passwords that Steam takes and people can type (protocol 11)."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from typing import Protocol

SHORTEST, LONGEST = 8, 32
"""The longest that Steam takes is not known; 32 is the longest seen anywhere."""

LENGTH = 16
LOWER = "abcdefghijkmnpqrstuvwxyz"
UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "23456789"


class Chance(Protocol):
    """`secrets`, or a seeded `random.Random` in a test."""

    def choice(self, seq: Sequence[str], /) -> str: ...


def generate_password(
    login: str, history: Collection[str] = (), *, rng: Chance | None = None
) -> str:
    """16 letters and digits without look-alikes, none of `history`, safe in a chat message."""
    rng = rng or secrets.SystemRandom()
    while True:
        password = rng.choice(LOWER + UPPER)
        for _ in range(LENGTH - 1):
            password += rng.choice(LOWER + UPPER + DIGITS)
        mixed = all(set(password) & set(kind) for kind in (LOWER, UPPER, DIGITS))
        named = bool(login) and login.lower() in password.lower()
        if mixed and not named and password not in history:
            return password


def password_problem(password: str, login: str) -> str | None:
    """Why this cannot become the password, in one sentence; None if it can."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"The password must have {SHORTEST} to {LONGEST} characters."
    if not all("!" <= sign <= "~" for sign in password):
        return "The password may hold only Latin letters, digits and signs of a US keyboard."
    if password.lower() == login.lower():
        return "The password must not be the login."
    return None

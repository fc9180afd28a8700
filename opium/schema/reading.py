"""Reading what clients send: JSON bodies, raw text, query values.

pydantic and `json` alone let NaN, 1e400, 2^63, NUL and lone surrogates through, and the parser
dies of deep nesting; so everything passes here first (decisions, "reading JSON").
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from flask import request

from opium.errors import Invalid, TooLarge

MAX_BODY = 1024 * 1024
MAX_IMPORT = 10 * 1024 * 1024
MAX_DEPTH = 20
MAX_TEXT = 8192
MAX_LIST = 10_000
INT64 = range(-(2**63), 2**63)


def raw_body(limit: int = MAX_BODY) -> bytes:
    """The bytes of the request; TooLarge beyond `limit` bytes."""
    if (request.content_length or 0) > limit:
        raise TooLarge(f"The body is too large: at most {limit // 1024} KiB are accepted.")
    request.max_content_length = limit  # holds for a body without a stated length too
    return request.get_data(cache=False)


def read_json(raw: bytes) -> Any:
    """The parsed document; Invalid if any part of it is not plain, finite, storable JSON."""
    _check_depth(raw)
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Invalid("The body is not readable JSON; send one UTF-8 JSON object.") from None
    _check(value)
    return value


def read_text(raw: bytes) -> str:
    """A raw text body, UTF-8, a byte order mark allowed."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("The body is not UTF-8 text.") from None
    if "\0" in text:
        raise Invalid("The body must not hold NUL characters.")
    return text


def read_bool(name: str, text: str) -> bool:
    """true/false/1/0/yes/no/on/off, any case."""
    value = _BOOLS.get(text.lower())
    if value is None:
        raise Invalid(f"{name} must be true or false.")
    return value


def read_int(name: str, text: str) -> int:
    """A decimal whole number inside int64; ASCII digits only."""
    if not _DECIMAL.fullmatch(text) or int(text) not in INT64:
        raise Invalid(f"{name} must be a whole number.")
    return int(text)


def read_float(name: str, text: str) -> float:
    """A decimal number, finite."""
    if not _NUMBER.fullmatch(text):
        raise Invalid(f"{name} must be a number.")
    return float(text)


def check_text(name: str, text: str) -> str:
    """A text from path or query: short, storable."""
    if len(text) > MAX_TEXT:
        raise Invalid(f"{name} must have at most {MAX_TEXT} characters.")
    if not _clean(text):
        raise Invalid(f"{name} must not hold NUL or broken characters.")
    return text


_BOOLS = {
    "true": True, "1": True, "yes": True, "on": True,
    "false": False, "0": False, "no": False, "off": False,
}  # fmt: skip
_DECIMAL = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?", re.ASCII)
# Strings are stepped over whole; possessive, so that a hostile one cannot cost quadratic time.
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|([\[{])|([\]}])', re.DOTALL)


def _check_depth(raw: bytes) -> None:
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _TOKENS.finditer(raw):
        if match[1]:
            depth += 1
            if depth > MAX_DEPTH:
                raise Invalid(f"The body is nested too deeply: at most {MAX_DEPTH} levels.")
        elif match[2]:
            depth -= 1


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError


def _check(value: Any) -> None:
    """Walk the document; its depth is bounded already."""
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise Invalid(f"A text in the body is too long: at most {MAX_TEXT} characters.")
        if not _clean(value):
            raise Invalid("A text in the body holds NUL or broken characters; remove them.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check(key)
            _check(inner)
    elif isinstance(value, list):
        if len(value) > MAX_LIST:
            raise Invalid(f"A list in the body is too long: at most {MAX_LIST} entries.")
        for inner in value:
            _check(inner)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise Invalid("A number in the body is too large.")
    elif isinstance(value, int) and value not in INT64:
        raise Invalid("A number in the body is too large.")


def _clean(text: str) -> bool:
    if text.isascii():
        return "\0" not in text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text

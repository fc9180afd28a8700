"""One sentence for a refused value: it names the field and what to change, never the value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError


def sentence(error: ValidationError, *, whole: str = "The body") -> str:
    """The first problem of `error` as one sentence; `whole` names the value itself."""
    return f"{clause(error, whole=whole)}."


def clause(error: ValidationError, *, whole: str = "the object") -> str:
    """The same without the full stop, to be put into a longer sentence."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = _place(first["loc"])
    text = _text(first["type"], first.get("ctx", {}), first["msg"])
    if first["type"] == "extra_forbidden":
        return f"{place} is not a known key; remove it"
    return f"{place or whole} {text}"


def _place(loc: Sequence[int | str]) -> str:
    # Branches of a union show up as names of types; only fields and indexes help the reader.
    parts = [_printable(str(part)) for part in loc if not _is_branch(part)]
    return ".".join(parts)


def _is_branch(part: int | str) -> bool:
    return isinstance(part, str) and (part in _BRANCHES or "[" in part)


def _printable(part: str) -> str:
    """Keys of free objects come from outside: shown only as far as they are harmless."""
    return "".join(char if char.isalnum() or char in "_-" else "?" for char in part[:40])


def _text(kind: str, ctx: Mapping[str, Any], message: str) -> str:
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**ctx)
    if kind == "value_error":
        text = str(ctx.get("error", "is not acceptable"))
        return text if text.startswith(("must", "is ", "holds")) else f"is not acceptable: {text}"
    return "is not acceptable"


_BRANCHES = {"str", "int", "float", "bool", "none", "list", "dict", "function-plain"}

_PLAIN = {
    "missing": "is missing; add it",
    "string_type": "must be a text",
    "string_unicode": "must be a text of whole Unicode characters",
    "string_pattern_mismatch": "has characters or a form that are not allowed",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "none_required": "must be null",
}
_BOUNDS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
}

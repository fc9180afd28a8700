"""Messages as Steam's Web API takes and gives them (protocol 1).

A message is a dataclass whose fields know their number and kind. One declaration serves both
forms: protobuf bytes, and plain form fields that are answered by JSON. In a request a field that
is None is left out; in an answer what is absent has its default.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import struct
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

M = TypeVar("M")

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WIRE = {
    "uint": _VARINT,
    "int": _VARINT,
    "bool": _VARINT,
    "fixed64": _FIXED64,
    "string": _BYTES,
    "bytes": _BYTES,
    "message": _BYTES,
    "float": _FIXED32,
}
_U64 = (1 << 64) - 1
_KIND = "steam"


class BadMessage(ValueError):
    """These bytes are no such message."""


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """How a field is written."""

    number: int
    name: str
    message: type[Any] | None = None
    repeated: bool = False


def uint(number: int, default: int | None = 0) -> Any:
    """uint32, uint64: numbers that are never negative."""
    return _field(Kind(number, "uint"), default)


def integer(number: int, default: int | None = 0) -> Any:
    """int32, enum: a negative one takes ten bytes."""
    return _field(Kind(number, "int"), default)


def boolean(number: int, default: bool | None = False) -> Any:
    return _field(Kind(number, "bool"), default)


def fixed64(number: int, default: int | None = 0) -> Any:
    return _field(Kind(number, "fixed64"), default)


def string(number: int, default: str | None = "") -> Any:
    return _field(Kind(number, "string"), default)


def raw(number: int, default: bytes | None = b"") -> Any:
    return _field(Kind(number, "bytes"), default)


def real(number: int, default: float | None = 0.0) -> Any:
    """float: 4 bytes."""
    return _field(Kind(number, "float"), default)


def part(number: int, message: type[Any]) -> Any:
    """A message inside a message; None if absent."""
    return _field(Kind(number, "message", message), None)


def parts(number: int, message: type[Any]) -> Any:
    """Any number of messages, as a tuple."""
    return _field(Kind(number, "message", message, repeated=True), ())


def _field(kind: Kind, default: Any) -> Any:
    # Messages hold passwords, codes and tokens: their repr shows nothing.
    return dataclasses.field(default=default, repr=False, metadata={_KIND: kind})


def kinds(message: Any) -> Iterator[tuple[str, Kind]]:
    """The fields of a message or of its class, by ascending number."""
    found = [(field.name, field.metadata[_KIND]) for field in dataclasses.fields(message)]
    return iter(sorted(found, key=lambda item: item[1].number))


# --- protobuf


def encode(message: Any) -> bytes:
    """The bytes of a request."""
    out = b""
    for name, kind in kinds(message):
        value = getattr(message, name)
        for item in value if kind.repeated else () if value is None else (value,):
            out += _varint(kind.number << 3 | _WIRE[kind.name]) + _written(kind, item)
    return out


def decode(message: type[M], data: bytes) -> M:
    """An answer. Raises BadMessage."""
    known = {kind.number: (name, kind) for name, kind in kinds(message)}
    values: dict[str, Any] = {}
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        value, at = _read_value(data, at, key & 7)
        name, kind = known.get(key >> 3, ("", None))
        if kind is None:
            continue
        if _WIRE[kind.name] != key & 7:
            raise BadMessage(f"field {kind.number} has another type")
        read = _meant(kind, value)
        values[name] = (*values.get(name, ()), read) if kind.repeated else read
    return message(**values)


def _written(kind: Kind, value: Any) -> bytes:
    if kind.name in ("uint", "int", "bool"):
        return _varint(int(value) & _U64)
    if kind.name == "fixed64":
        return struct.pack("<Q", value & _U64)
    if kind.name == "float":
        return struct.pack("<f", value)
    if kind.message is not None:
        value = encode(value)
    data = value.encode() if kind.name == "string" else bytes(value)
    return _varint(len(data)) + data


def _meant(kind: Kind, value: Any) -> Any:
    if kind.name == "int":
        return value - (1 << 64) if value >> 63 else value
    if kind.name == "bool":
        return value != 0
    if kind.name == "fixed64":
        return struct.unpack("<Q", value)[0]
    if kind.name == "float":
        return struct.unpack("<f", value)[0]
    if kind.name == "string":
        return value.decode("utf-8", "replace")
    if kind.message is not None:
        return decode(kind.message, value)
    return value


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for place in range(10):
        if at >= len(data):
            raise BadMessage("a number is cut off")
        number |= (data[at] & 127) << 7 * place
        at += 1
        if data[at - 1] < 128:
            return number & _U64, at
    raise BadMessage("a number has no end")


def _read_value(data: bytes, at: int, wire: int) -> tuple[Any, int]:
    if wire == _VARINT:
        return _read_varint(data, at)
    if wire == _BYTES:
        size, at = _read_varint(data, at)
    elif wire in (_FIXED64, _FIXED32):
        size = 8 if wire == _FIXED64 else 4
    else:
        raise BadMessage(f"wire type {wire} is not in use")
    if size > len(data) - at:
        raise BadMessage("a value is cut off")
    return data[at : at + size], at + size


# --- plain form and JSON


def form(message: Any) -> dict[str, str]:
    """The scalars of a request as form fields; Steam answers 400 to nested ones."""
    fields = {}
    for name, kind in kinds(message):
        value = getattr(message, name)
        if value is None or kind.name == "message":
            continue
        if kind.name == "bool":
            value = int(value)
        elif kind.name == "bytes":
            value = base64.b64encode(value).decode("ascii")
        fields[name] = str(value)
    return fields


def from_json(message: type[M], data: object) -> M:
    """An answer in JSON: 64-bit numbers are texts, bytes are base64. Raises BadMessage."""
    if not isinstance(data, Mapping):
        raise BadMessage("not an object")
    values: dict[str, Any] = {}
    for name, kind in kinds(message):
        value = data.get(name)
        if value is None:
            continue
        try:
            values[name] = _from_json(kind, value)
        except (TypeError, ValueError, OverflowError, binascii.Error) as exc:
            raise BadMessage(f"{name} is no {kind.name}") from exc
    return message(**values)


def _from_json(kind: Kind, value: Any) -> Any:
    if kind.message is not None:
        if not kind.repeated:
            return from_json(kind.message, value)
        if not isinstance(value, list):
            raise BadMessage("not a list")
        return tuple(from_json(kind.message, item) for item in value)
    if kind.name == "bytes":
        return base64.b64decode(str(value), validate=True)
    if kind.name == "string":
        return str(value)
    if kind.name == "float":
        return float(value)
    if kind.name == "bool":
        return bool(int(value))
    if isinstance(value, float):
        raise BadMessage("not a whole number")
    number = int(value)
    if not -(1 << 63) <= number <= _U64:
        raise BadMessage("too large")
    return number

"""Just enough protobuf: messages as dicts, described by a line of text (§1)."""

import re
import struct
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MASK = (1 << 64) - 1
WIRE = {"string": BYTES, "bytes": BYTES, "fixed64": FIXED64, "float": FIXED32}
LONG = ("uint64", "fixed64")
KINDS = ("string", "bytes", "uint64", "uint32", "int32", "bool", "fixed64", "float")


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    many: bool = False
    inner: "Schema | None" = None

    @property
    def wire(self) -> int:
        return BYTES if self.inner is not None else WIRE.get(self.kind, VARINT)


Schema = dict[int, Field]
Message = dict[str, Any]


def schema(text: str, **inner: Schema) -> Schema:
    """`schema("1 name string, 2 child* Child", Child=...)`; a star marks repeated fields."""
    found: Schema = {}
    for part in text.split(","):
        number, name, kind = part.split()
        if kind not in KINDS and kind not in inner:
            raise ValueError(f"unknown kind {kind!r}")
        found[int(number)] = Field(name.rstrip("*"), kind, name.endswith("*"), inner.get(kind))
    return found


def decode(data: bytes, shape: Schema) -> Message:
    """A message; ValueError if the bytes are none. Unknown fields are skipped."""
    message: Message = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        raw, at = _raw(data, at, tag & 7)
        field = shape.get(tag >> 3)
        if field is None:
            continue
        if field.wire != tag & 7:
            raise ValueError(f"field {field.name} has wire type {tag & 7}")
        value = _value(raw, field)
        if field.many:
            message.setdefault(field.name, []).append(value)
        else:
            message[field.name] = value
    return message


def encode(message: Message, shape: Schema) -> bytes:
    numbers = {field.name: (number, field) for number, field in shape.items()}
    parts = []
    for name, value in message.items():
        number, field = numbers[name]
        for one in value if field.many else [value]:
            parts.append(_put((number << 3) | field.wire) + _encoded(one, field))
    return b"".join(parts)


def as_json(message: Message, shape: Schema) -> Message:
    """As the Web API shows it: long numbers as texts, bytes in base64."""
    fields = {field.name: field for field in shape.values()}
    shown: Message = {}
    for name, value in message.items():
        field = fields[name]
        shown[name] = [_shown(v, field) for v in value] if field.many else _shown(value, field)
    return shown


def from_json(told: Message, shape: Schema) -> Message:
    """Plain form fields, or a JSON message; ValueError for what does not fit."""
    fields = {field.name: field for field in shape.values()}
    return {name: _read(value, fields[name]) for name, value in told.items() if name in fields}


def _value(raw: int | bytes, field: Field) -> Any:
    if isinstance(raw, int):
        if field.kind == "bool":
            return bool(raw)
        if field.kind == "int32":
            return raw - (1 << 64) if raw >> 63 else raw
        return raw
    if field.inner is not None:
        return decode(raw, field.inner)
    match field.kind:
        case "string":
            return raw.decode("utf-8")
        case "fixed64":
            return struct.unpack("<Q", raw)[0]
        case "float":
            return struct.unpack("<f", raw)[0]
        case _:
            return raw


def _encoded(value: Any, field: Field) -> bytes:
    if field.inner is not None:
        value = encode(value, field.inner)
    elif field.kind == "string":
        value = value.encode()
    match field.wire:
        case 1:
            return struct.pack("<Q", value)
        case 5:
            return struct.pack("<f", value)
        case 2:
            return _put(len(value)) + bytes(value)
        case _:
            return _put(int(value) & MASK)


def _shown(value: Any, field: Field) -> Any:
    if field.inner is not None:
        return as_json(value, field.inner)
    if field.kind in LONG:
        return str(value)
    return b64encode(value).decode() if field.kind == "bytes" else value


def _read(value: Any, field: Field) -> Any:
    if field.many:
        return [_read(item, Field(field.name, field.kind, inner=field.inner)) for item in value]
    if field.inner is not None:
        return from_json(dict(value), field.inner)
    match field.kind:
        case "string":
            return str(value)
        case "bytes":
            return b64decode(str(value), validate=True)
        case "bool":
            return str(value).lower() in ("1", "true")
        case "float":
            return float(value)
        case _:
            return _whole(str(value), field.kind)


def _whole(text: str, kind: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,20}", text):
        raise ValueError(f"{text!r} is no {kind}")
    number = int(text)
    if kind != "int32" and not 0 <= number <= MASK:
        raise ValueError(f"{text} is no {kind}")
    return number


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("a number without end")
        byte = data[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number & MASK, at


def _raw(data: bytes, at: int, wire: int) -> tuple[int | bytes, int]:
    if wire == VARINT:
        return _varint(data, at)
    if wire == BYTES:
        length, at = _varint(data, at)
    elif wire in (FIXED64, FIXED32):
        length = 8 if wire == FIXED64 else 4
    else:
        raise ValueError(f"wire type {wire}")
    if at + length > len(data):
        raise ValueError("the message ends too early")
    return data[at : at + length], at + length


def _put(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)

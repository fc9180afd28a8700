"""How arguments reach a method of the Web API, in each of its forms (§1)."""

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping

from sandbox.steam.proto import Message, Schema, decode, from_json

PROTOBUF = "input_protobuf_encoded"


class Malformed(Exception):
    """A request that Steam answers with 400."""


def arguments(given: Mapping[str, str], shape: Schema) -> Message:
    """The message in a query or a form: protobuf, JSON or plain scalars."""
    if any("[" in name for name in given):
        # Since 2025-10-29 a nested field such as device_details[platform_type] is 400 [A].
        raise Malformed("a nested form field")
    try:
        if PROTOBUF in given:
            return decode(_base64(given[PROTOBUF]), shape)
        if "input_json" in given:
            return from_json(dict(json.loads(given["input_json"])), shape)
        return from_json(dict(given), shape)
    except (ValueError, TypeError, binascii.Error, UnicodeDecodeError) as error:
        raise Malformed(str(error)) from error


def _base64(text: str) -> bytes:
    """Either alphabet; padding may be missing, spaces may not be there."""
    text = text.rstrip("=").replace("-", "+").replace("_", "/")
    return b64decode(text + "=" * (-len(text) % 4), validate=True)

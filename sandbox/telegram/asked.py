"""A request as it came: whose token, which method, which parameters."""

import json
import re
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from sandbox.telegram.call import NOT_UTF8, Upload, encodable

PATH = re.compile(r"/(?P<file>file/)?bot(?P<token>[^/]*)/(?P<rest>.*)", re.S)
TOKEN = re.compile(r"[1-9]\d{0,19}:[A-Za-z0-9_-]{20,64}")


@dataclass
class Asked:
    """What one request says; all values are texts, as in a form."""

    verb: str
    token: str
    name: str
    """Of the method, or the path of a file."""
    file: bool
    params: dict[str, str] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    """Parameters that came more than once."""
    garbled: str = ""
    """What is wrong with a body that is not what its type says."""

    @property
    def well_formed(self) -> bool:
        return TOKEN.fullmatch(self.token) is not None


def read(environ: dict[str, Any]) -> Asked:
    """Query and body in one, whatever the body is: form, multipart or JSON."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    with Request({**environ, "wsgi.input": BytesIO(body)}) as seen:
        match = PATH.fullmatch(seen.path)
        if match is None:
            return Asked(seen.method, "", seen.path, file=False)
        asked = Asked(seen.method, match["token"], match["rest"], file=bool(match["file"]))
        _add(asked, seen.args)
        written = [seen.query_string]
        if seen.mimetype == "application/json":
            _add_json(asked, body)
        else:
            _add(asked, seen.form)
            written += [body] if seen.mimetype == "application/x-www-form-urlencoded" else []
            for name, upload in seen.files.items():
                asked.files[name] = Upload(upload.filename or "", upload.read())
        if not all(_is_utf8(unquote_to_bytes(part)) for part in written):
            asked.garbled = NOT_UTF8
    return asked


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _add(asked: Asked, told: MultiDict[str, str]) -> None:
    for name, values in told.lists():
        if len(values) > 1 or name in asked.params:
            asked.twice.append(name)
        asked.params[name] = values[-1]


def _add_json(asked: Asked, body: bytes) -> None:
    try:
        told = json.loads(body or b"{}")
    except ValueError:
        asked.garbled = "can't parse JSON encoded request object"
        return
    if not isinstance(told, dict):
        asked.garbled = "JSON object expected as request"
        return
    if not encodable(told):
        asked.garbled = NOT_UTF8
        return
    for name, value in told.items():
        if value is not None:
            asked.params[name] = value if isinstance(value, str) else json.dumps(value)

"""What the document promises, and whether an answer keeps it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs

from .asked import CLOSED, OWNER, Asked, Seen

PUBLIC = {("GET", "/health"), ("POST", "/auth/login"), ("GET", "/auth/config")}
WITHOUT_TYPE = {204, 304}
_MEMBERS = {"detail", "code", "retry_after"}


class Contract:
    """`judge` says what is wrong with an answer, or None."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.operations: dict[tuple[str, str], dict[str, Any]] = {
            (method.upper(), path): operation
            for path, item in document["paths"].items()
            for method, operation in item.items()
        }
        self._checks = {
            (*key, status): jsonschema_rs.validator_for(
                {**content["schema"], "components": document["components"]}
            )
            for key, operation in self.operations.items()
            for status, response in operation["responses"].items()
            if status.startswith("2")
            and (content := response.get("content", {}).get("application/json"))
        }

    def methods(self, path: str) -> set[str]:
        return {method for method, known in self.operations if known == path}

    def allowed(self, asked: Asked) -> set[int]:
        """The statuses that are good for this request."""
        if asked.who != OWNER and (asked.method, asked.route) not in PUBLIC:
            return {401}
        if asked.expected is not None:
            return set(asked.expected)
        operation = self.operations.get((asked.method, asked.route))
        return {int(status) for status in operation["responses"]} if operation else {404, 405}

    def judge(self, asked: Asked, seen: Seen) -> str | None:
        if seen.status not in (allowed := self.allowed(asked)):
            good = ", ".join(map(str, sorted(allowed)))
            return f"{seen.status} is not among {good}"
        if seen.status == CLOSED:
            return None
        if "content-type" not in seen.headers and seen.status not in WITHOUT_TYPE:
            return "it has no Content-Type"
        if asked.method in ("HEAD", "OPTIONS"):
            return None
        return error_problem(seen) if seen.status >= 400 else self._body_problem(asked, seen)

    def _body_problem(self, asked: Asked, seen: Seen) -> str | None:
        check = self._checks.get((asked.method, asked.route, str(seen.status)))
        if check is None or not seen.headers["content-type"].startswith("application/json"):
            return None
        try:
            value = json.loads(seen.body, parse_constant=_refuse)
        except ValueError:
            return "its body is not JSON"
        problem = next(check.iter_errors(value), None)
        return None if problem is None else f"its body breaks the schema: {problem.message[:300]}"


def error_problem(seen: Seen) -> str | None:
    """Every error is JSON with exactly one `detail`, a text; of 500 only `upstream_error` is."""
    if seen.headers.get("content-type") != "application/json":
        return f"an error of type {seen.headers.get('content-type')}"
    try:
        pairs = json.loads(seen.body, object_pairs_hook=_Pairs)
    except ValueError:
        return "an error that is not JSON"
    if not isinstance(pairs, _Pairs) or [name for name, _ in pairs].count("detail") != 1:
        return "an error without exactly one `detail`"
    told = dict(pairs)
    if not isinstance(told["detail"], str) or not told["detail"] or set(told) - _MEMBERS:
        return "an error that is not a sentence"
    if seen.status == 401 and seen.headers.get("www-authenticate") != "Bearer":
        return "a 401 without WWW-Authenticate"
    if seen.status in (429, 503) and not seen.headers.get("retry-after", "").isdecimal():
        return f"a {seen.status} without Retry-After"
    if seen.status == 500 and told.get("code") != "upstream_error":
        return "it broke"
    return None


class _Pairs(list[tuple[str, Any]]):
    """The members of an object as they stand, doubles too."""


def _refuse(name: str) -> Any:
    raise ValueError(name)

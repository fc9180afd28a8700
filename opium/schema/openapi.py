"""The OpenAPI 3.1 document of an application, made from its routes and their contracts."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, cast

from flask import Flask
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode
from werkzeug.routing import Rule

from opium.schema.views import Contract

Json = dict[str, Any]

BASE = "/api"
PUBLIC = {"/health", "/auth/login", "/auth/config"}
_CONFLICTS = re.compile(r"/accounts/\{account_id\}/modules|/commands|/alerts")
_REF = "#/components/schemas/{model}"
_HEADERS = {
    "X-RateLimit-Limit": {"$ref": "#/components/headers/RateLimitLimit"},
    "X-RateLimit-Remaining": {"$ref": "#/components/headers/RateLimitRemaining"},
}
_ERRORS = {
    400: ("BadRequest", "Invalid data, or the account cannot do this now"),
    401: ("Unauthorized", "Missing or invalid token, or wrong credentials"),
    403: ("Forbidden", "The address is not in the whitelist"),
    404: ("NotFound", "No such account, module or resource"),
    405: ("MethodNotAllowed", "The path does not know this method"),
    409: ("Conflict", "Duplicate, in use, or not in the state for this"),
    413: ("TooLarge", "The body is too large"),
    429: ("TooManyRequests", "Rate limit or brute-force ban"),
    500: ("InternalError", "Internal error, or FunPay, Steam or Telegram failed"),
    503: ("Unavailable", "Starting, stopping or busy"),
}


def document(app: Flask) -> Json:
    """The description of every typed route below /api."""
    found = list(_routes(app))
    schemas = _Schemas([contract for _, _, _, contract in found])
    paths: Json = {}
    for path, method, rule, contract in found:
        paths.setdefault(path, {})[method.lower()] = _operation(app, path, rule, contract, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Opium API", "version": "2.0"},
        "servers": [{"url": BASE}],
        "security": [{"bearerAuth": []}],
        "paths": dict(sorted(paths.items())),
        "components": _components(schemas.definitions),
    }


def _routes(app: Flask) -> Iterator[tuple[str, str, Rule, Contract]]:
    for rule in app.url_map.iter_rules():
        contract = getattr(app.view_functions[rule.endpoint], "__contract__", None)
        if contract is None or not rule.rule.startswith(f"{BASE}/"):
            continue
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule.removeprefix(BASE))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield path, method, rule, contract


class _Schemas:
    """All models of all contracts, with one set of definitions."""

    def __init__(self, contracts: list[Contract]) -> None:
        self._adapters: dict[tuple[int, str], TypeAdapter[Any]] = {}
        inputs: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = []
        for contract in contracts:
            for slot, mode, adapter in _parts(contract):
                inputs.append((f"{id(contract)}:{slot}", mode, adapter))
        found, rest = TypeAdapter.json_schemas(inputs, ref_template=_REF)
        self._found = {key: schema for (key, _mode), schema in found.items()}
        self.definitions = cast(Json, rest.get("$defs", {}))

    def of(self, contract: Contract, slot: str) -> Json:
        return self._found[f"{id(contract)}:{slot}"]

    def resolved(self, schema: Json) -> Json:
        ref = schema.get("$ref")
        return self.definitions[ref.rsplit("/", 1)[1]] if ref else schema


def _parts(contract: Contract) -> Iterator[tuple[str, JsonSchemaMode, TypeAdapter[Any]]]:
    if contract.returns is not None:
        yield "returns", "serialization", contract.returns
    if contract.body not in (None, str, bytes):
        yield "body", "validation", TypeAdapter(contract.body)
    if contract.query is not None:
        yield "query", "validation", TypeAdapter(contract.query)
    for name, hint in contract.path.items():
        yield f"path:{name}", "validation", TypeAdapter(hint)


def _operation(app: Flask, path: str, rule: Rule, contract: Contract, schemas: _Schemas) -> Json:
    view = app.view_functions[rule.endpoint]
    public = path in PUBLIC
    operation: Json = {
        "operationId": rule.endpoint.replace(".", "_"),
        "tags": [_tag(rule)],
        "summary": (inspect.getdoc(view) or rule.endpoint).split("\n")[0],
        "responses": _responses(path, rule, contract, schemas),
    }
    parameters = _parameters(rule, contract, schemas)
    if parameters:
        operation["parameters"] = parameters
    if contract.body is not None:
        operation["requestBody"] = _request_body(contract, schemas)
    if public:
        operation["security"] = []
    return operation


def _tag(rule: Rule) -> str:
    module = re.search(r"/modules/([a-z_0-9]+)/", rule.rule)
    return module[1] if module else rule.endpoint.split(".")[0]


def _parameters(rule: Rule, contract: Contract, schemas: _Schemas) -> list[Json]:
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": schemas.of(contract, f"path:{name}")
            if name in contract.path
            else {"type": "string", "minLength": 1},
        }
        for name in sorted(rule.arguments, key=rule.rule.index)
    ]
    if contract.query is not None:
        fields = schemas.resolved(schemas.of(contract, "query"))
        required = fields.get("required", [])
        parameters += [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in fields["properties"].items()
        ]
    if contract.idempotent:
        key = {"type": "string", "minLength": 1, "maxLength": 200}
        parameters.append({"name": "Idempotency-Key", "in": "header", "schema": key})
    return parameters


def _request_body(contract: Contract, schemas: _Schemas) -> Json:
    if contract.body in (str, bytes):
        return {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}
    schema = schemas.of(contract, "body")
    return {
        "required": not contract.body_optional,
        "content": {"application/json": {"schema": schema}},
    }


def _responses(path: str, rule: Rule, contract: Contract, schemas: _Schemas) -> Json:
    content: Json = {"schema": schemas.of(contract, "returns") if contract.returns else {}}
    success: Json = {
        "description": "Success",
        "headers": _HEADERS,
        "content": {contract.media: content},
    }
    codes = {403, 405, 413, 429, 500, 503, *contract.errors}
    if path not in PUBLIC or path == "/auth/login":
        codes.add(401)
    if rule.arguments:
        codes |= {400, 404}
    if contract.body is not None or contract.query is not None:
        codes.add(400)
    if _CONFLICTS.match(path):
        codes.add(409)
    errors = {str(code): {"$ref": f"#/components/responses/{_ERRORS[code][0]}"} for code in codes}
    return {str(contract.status): success, **dict(sorted(errors.items()))}


def _components(definitions: Json) -> Json:
    return {
        "securitySchemes": {
            "bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        },
        "headers": {
            "RateLimitLimit": {
                "description": "Requests per minute allowed for this bucket",
                "schema": {"type": "integer", "minimum": 1},
            },
            "RateLimitRemaining": {
                "description": "Requests left in the current minute",
                "schema": {"type": "integer", "minimum": 0},
            },
        },
        "responses": {name: _error(code, text) for code, (name, text) in _ERRORS.items()},
        "schemas": {"Error": _ERROR_SCHEMA, **definitions},
    }


def _error(code: int, text: str) -> Json:
    headers: Json = dict(_HEADERS)
    if code == 401:
        headers["WWW-Authenticate"] = {"schema": {"type": "string"}}
    if code in (429, 503):
        headers["Retry-After"] = {"schema": {"type": "integer", "minimum": 0}}
    schema = {"$ref": "#/components/schemas/Error"}
    return {
        "description": text,
        "headers": headers,
        "content": {"application/json": {"schema": schema}},
    }


_ERROR_SCHEMA: Json = {
    "type": "object",
    "properties": {
        "detail": {"type": "string", "minLength": 1},
        "code": {"type": "string"},
        "retry_after": {"type": "integer", "minimum": 0},
    },
    "required": ["detail"],
}

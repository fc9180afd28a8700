"""The `@typed` decorator: annotations in, checked values and JSON out."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import (
    Annotated,
    Any,
    Literal,
    ParamSpec,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, with_config

from opium.errors import Invalid, TooLarge
from opium.schema import reading
from opium.schema.wording import sentence

P = ParamSpec("P")
Reader = Callable[[str], Any]

AccountId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
ModuleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
OrderId = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,16}$")]
ChatId = Annotated[int, Field(ge=1, le=2**53)]

closed = with_config(ConfigDict(extra="forbid"))
"""For a TypedDict answer: it has exactly the members it names."""


class Body(BaseModel):
    """Base of JSON bodies: strict, unknown members ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Query(BaseModel):
    """Base of query strings: fields are bool, int, float, str or literals, all with defaults."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Answer(BaseModel):
    """Base of answers that are models: exactly the members it names."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


@dataclass(frozen=True)
class Contract:
    """What a typed view takes and gives, as its annotations said; the document is made of it."""

    status: int
    returns: TypeAdapter[Any] | None
    """None for a view that answers with a Response of its own"""
    body: type[BaseModel] | type[str] | type[bytes] | None
    body_optional: bool
    query: type[BaseModel] | None
    path: dict[str, Any]
    idempotent: bool
    max_body: int
    errors: tuple[int, ...]
    media: str
    readers: dict[str, Reader] = field(repr=False, default_factory=dict)


@overload
def typed(view: Callable[P, Any]) -> Callable[P, Response]: ...
@overload
def typed(
    *,
    status: int = 200,
    max_body: int = reading.MAX_BODY,
    errors: tuple[int, ...] = (),
    media: str = "application/json",
) -> Callable[[Callable[P, Any]], Callable[P, Response]]: ...
def typed(
    view: Callable[..., Any] | None = None,
    *,
    status: int = 200,
    max_body: int = reading.MAX_BODY,
    errors: tuple[int, ...] = (),
    media: str = "application/json",
) -> Any:
    """Check what comes in and write what goes out, as the annotations of the view say.

    `status` of a success, `max_body` in bytes, `errors` are further codes for the document,
    `media` is the type of the answer if the view returns a Response. Raises Invalid and TooLarge.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        contract = _contract(view, status, max_body, errors, media)
        return _wrapped(view, contract)

    return decorate if view is None else decorate(view)


def _wrapped(view: Callable[..., Any], contract: Contract) -> Callable[..., Any]:
    readers = tuple(contract.readers.items())
    takes_body = contract.body is not None
    takes_account = "account_id" in contract.path
    write = contract.returns.serializer.to_json if contract.returns else None

    @wraps(view)
    def wrapper(**given: Any) -> Any:
        if not takes_account:
            given.pop("account_id", None)  # a module's view may take it from `g` instead
        for name, reader in readers:
            given[name] = reader(given.get(name, ""))
        if contract.query is not None:
            given["query"] = _query(contract.query)
        if contract.idempotent:
            given["idempotency_key"] = _idempotency_key()
        if takes_body:
            given["body"] = _body(contract)
        elif (request.content_length or 0) > reading.MAX_BODY:
            raise TooLarge("The body is too large: this route takes none.")
        result = view(**given)
        if isinstance(result, Response):
            return result
        status = contract.status
        if isinstance(result, tuple):
            result, status = result
        data = write(result) if write else b""
        return Response(data, status, content_type="application/json")

    wrapper.__contract__ = contract  # type: ignore[attr-defined]
    return wrapper


def _contract(
    view: Callable[..., Any], status: int, max_body: int, errors: tuple[int, ...], media: str
) -> Contract:
    hints = get_type_hints(view, include_extras=True)
    returns = hints.pop("return", Any)
    names = list(inspect.signature(view).parameters)
    path = {n: hints.get(n, str) for n in names if n not in ("body", "query", "idempotency_key")}
    body, optional = _without_none(hints.get("body"))
    return Contract(
        status=status,
        returns=_adapter(returns),
        body=body,
        body_optional=optional,
        query=hints.get("query"),
        path=path,
        idempotent="idempotency_key" in names,
        max_body=max_body,
        errors=errors,
        media=media,
        readers={name: _reader(name, hint) for name, hint in path.items()},
    )


def _adapter(returns: Any) -> TypeAdapter[Any] | None:
    if isinstance(returns, type) and issubclass(returns, Response):
        return None
    if get_origin(returns) is tuple:
        returns = get_args(returns)[0]
    return TypeAdapter(returns)


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, types.UnionType):
        rest = [part for part in get_args(hint) if part is not type(None)]
        if len(rest) < len(get_args(hint)):
            return rest[0], True
    return hint, False


def _reader(name: str, hint: Any) -> Reader:
    """How a path parameter is read: text to the annotated type, then its bounds."""
    base = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    adapter = TypeAdapter(hint, config=None if _is_model(base) else ConfigDict(strict=True))
    convert = reading.read_int if base is int else reading.check_text

    def read(text: str) -> Any:
        try:
            return adapter.validate_python(convert(name, text))
        except ValidationError as exc:
            raise Invalid(sentence(exc, whole=name)) from None

    return read


def _is_model(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, BaseModel)


def _query(model: type[BaseModel]) -> BaseModel:
    found: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        key = info.alias or name
        text = request.args.get(key)
        if text is not None:
            found[key] = _convert(key, text, info.annotation)
    try:
        return model.model_validate(found)
    except ValidationError as exc:
        raise Invalid(sentence(exc, whole="The query")) from None


def _convert(name: str, text: str, hint: Any) -> Any:
    hint, _ = _without_none(hint)
    if hint is bool:
        return reading.read_bool(name, text)
    if hint is int or (get_origin(hint) is Literal and isinstance(get_args(hint)[0], int)):
        return reading.read_int(name, text)
    if hint is float:
        return reading.read_float(name, text)
    return reading.check_text(name, text)


def _body(contract: Contract) -> Any:
    raw = reading.raw_body(contract.max_body)
    if contract.body is bytes:
        return raw
    if contract.body is str:
        return reading.read_text(raw)
    if not raw.strip():
        if contract.body_optional:
            return None
        raise Invalid("The request needs a JSON object as its body.")
    if not isinstance(reading.read_json(raw), dict):
        raise Invalid("The body must be a JSON object.")
    try:
        # JSON mode, so that texts become dates and enums although the model is strict.
        return contract.body.model_validate_json(raw, strict=True)  # type: ignore[union-attr]
    except ValidationError as exc:
        raise Invalid(sentence(exc)) from None


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (0 < len(key) <= 200 and key.isascii() and key.isprintable()):
        raise Invalid("Idempotency-Key must have 1 to 200 printable ASCII characters.")
    return key

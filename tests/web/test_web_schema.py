"""What a view's annotations mean, on an application of its own."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import BaseModel, Field
from werkzeug.test import TestResponse

from opium.blueprints import errors
from opium.schema import MAX_IMPORT, Body, OrderId, Query, typed


class Toggle(Body):
    frozen: bool | None = None
    ratio: float = 1
    names: list[str] = Field([], max_length=2)
    mode: Literal["end", "start"] = "end"


class Paging(Query):
    limit: int = Field(50, ge=1, le=300)
    reveal: bool = False
    format: Literal["txt", "json"] = "txt"


class Answer(BaseModel):
    limit: int


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("schema")
    errors.install(app)

    @app.post("/optional")
    @typed
    def optional(body: Toggle | None) -> dict[str, Any]:
        return {"given": None if body is None else body.model_dump()}

    @app.post("/raw")
    @typed(max_body=MAX_IMPORT)
    def raw(body: str) -> dict[str, int]:
        return {"length": len(body)}

    @app.get("/paged")
    @typed
    def paged(query: Paging) -> Answer:
        return Answer(limit=query.limit)

    @app.get("/orders/<order_id>")
    @typed
    def order(order_id: OrderId) -> tuple[list[str], int]:
        return [order_id], 202

    @app.post("/key")
    @typed
    def key(idempotency_key: str | None) -> dict[str, str | None]:
        return {"key": idempotency_key}

    return app.test_client()


def detail(answer: TestResponse) -> str:
    assert answer.status_code == 400
    body = answer.get_json()
    assert isinstance(body["detail"], str)
    return str(body["detail"])


def test_an_optional_body_may_be_absent_or_empty(client: FlaskClient) -> None:
    defaults: dict[str, Any] = {"frozen": None, "ratio": 1.0, "names": [], "mode": "end"}
    assert client.post("/optional").get_json() == {"given": None}
    assert client.post("/optional", data=b"{}").get_json() == {"given": defaults}
    given = {"frozen": True, "ratio": 2, "more": 1}
    assert client.post("/optional", json=given).get_json()["given"]["frozen"] is True
    assert detail(client.post("/optional", data=b"null")) == "The body must be a JSON object."


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"frozen": 1}, "frozen must be true or false."),
        ({"frozen": "true"}, "frozen must be true or false."),
        ({"ratio": True}, "ratio must be a number."),
        ({"ratio": "1"}, "ratio must be a number."),
        ({"names": "x"}, "names must be a list."),
        ({"names": ["a", 1]}, "names.1 must be a text."),
        ({"names": ["a", "b", "c"]}, "names must have at most 2 entries."),
        ({"mode": "middle"}, "mode must be one of 'end' or 'start'."),
    ],
)
def test_a_refusal_is_one_sentence_about_one_member(
    client: FlaskClient, body: dict[str, Any], says: str
) -> None:
    assert detail(client.post("/optional", json=body)) == says


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("limit=301", "limit must be at most 300."),
        ("limit=0", "limit must be at least 1."),
        ("limit=1.0", "limit must be a whole number."),
        ("limit=%D9%A1", "limit must be a whole number."),
        ("limit=1e3", "limit must be a whole number."),
        ("reveal=2", "reveal must be true or false."),
        ("format=xml", "format must be one of 'txt' or 'json'."),
    ],
)
def test_queries_are_read_strictly(client: FlaskClient, query: str, says: str) -> None:
    assert detail(client.get(f"/paged?{query}")) == says


def test_answers_may_be_models_and_carry_a_status(client: FlaskClient) -> None:
    assert client.get("/paged?limit=7&unknown=1").get_json() == {"limit": 7}
    answer = client.get("/orders/ABC")
    assert (answer.status_code, answer.get_json()) == (202, ["ABC"])
    assert "order_id" in detail(client.get("/orders/A-B"))


def test_a_raw_text_body_may_be_ten_mebibytes(client: FlaskClient) -> None:
    assert client.post("/raw", data="\ufeffключ\n".encode()).get_json() == {"length": 5}
    assert client.post("/raw", data=b"x" * MAX_IMPORT).get_json() == {"length": MAX_IMPORT}
    assert client.post("/raw", data=b"x" * (MAX_IMPORT + 1)).status_code == 413
    assert "UTF-8" in detail(client.post("/raw", data=b"\xff\xfe"))
    assert "NUL" in detail(client.post("/raw", data=b"a\0b"))


def test_an_idempotency_key_is_short_and_printable(client: FlaskClient) -> None:
    assert client.post("/key").get_json() == {"key": None}
    sent = client.post("/key", headers={"Idempotency-Key": "a b-1"})
    assert sent.get_json() == {"key": "a b-1"}
    for bad in ("", "x" * 201, "ключ"):
        headers = {"Idempotency-Key": bad.encode().decode("latin-1")}
        assert "Idempotency-Key" in detail(client.post("/key", headers=headers))

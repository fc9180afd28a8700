"""A short run of the fuzzer; the long one: make fuzz"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzz.asked import NOBODY, Asked, Seen
from fuzz.contract import Contract, error_problem
from fuzz.run import Run
from fuzz.stage import Inside
from web_cast import Web


@pytest.fixture
def run(tmp_path: Path, template: Path) -> Iterator[Run]:
    """A furnished shop with all modules, and nothing asked yet."""
    stage = Inside(tmp_path / "instance", template)
    yield Run(stage)
    stage.close()


def problems(run: Run) -> list[str]:
    return [f"{asked.kind}: {problem}\n{asked.curl()}" for asked, problem in run.wrong]


def statuses(run: Run, kind: str) -> set[int]:
    return {status for known, status in run.kinds if known == kind}


def test_no_made_up_request_breaks_anything(run: Run) -> None:
    run.draw(300)
    assert problems(run) == []
    assert run.opened == set()
    assert {200, 202, 400, 404} <= statuses(run, "drawn")
    assert {200, 202, 404} <= statuses(run, "chain")
    assert statuses(run, "nobody") | statuses(run, "bad token") <= {200, 400, 401}


def test_no_hostile_request_gets_past_any_route(run: Run) -> None:
    """S9, matrix row 98: one sentence, and not a row of any table has changed.

    Each seventh of the list; `make fuzz` sends all of it.
    """
    run.hostile(every=7)
    assert problems(run) == []
    assert run.opened == set()
    assert run.codes.total() > 1500
    assert {400, 401, 404, 405, 413} <= set(run.codes)


def test_misbehaving_neighbours_are_told_as_such(run: Run) -> None:
    run.chaotic = True
    run.stage.misbehave()
    run.draw(120)
    assert problems(run) == []
    assert run.upstream.total() > 0


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (Seen(400, JSON, b'{"detail":"x"}'), None),
        (Seen(400, JSON, b'{"detail":"x","detail":"y"}'), "an error without exactly one `detail`"),
        (Seen(400, JSON, b'{"detail":["x"]}'), "an error that is not a sentence"),
        (Seen(400, JSON, b'{"detail":"x","input":"y"}'), "an error that is not a sentence"),
        (Seen(400, {"content-type": "text/html"}, b"<p>"), "an error of type text/html"),
        (Seen(500, JSON, b'{"detail":"x","code":"internal"}'), "it broke"),
        (Seen(500, JSON, b'{"detail":"x","code":"upstream_error"}'), None),
        (Seen(401, JSON, b'{"detail":"x"}'), "a 401 without WWW-Authenticate"),
        (Seen(503, JSON, b'{"detail":"x"}'), "a 503 without Retry-After"),
    ],
)
def test_the_judge_knows_a_wrong_error(seen: Seen, problem: str | None) -> None:
    assert error_problem(seen) == problem


@pytest.mark.parametrize(
    ("asked", "seen", "problem"),
    [
        (Asked("GET", "/status", "/status"), Seen(418, JSON, b""), "418 is not among"),
        (Asked("GET", "/status", "/status"), Seen(200, JSON, b'{"a":1}'), "its body breaks"),
        (Asked("GET", "/status", "/status"), Seen(200, JSON, b'{"a":NaN}'), "its body is not JSON"),
        (Asked("GET", "/status", "/status"), Seen(200, {}, b"{}"), "it has no Content-Type"),
        (Asked("GET", "/status", "/status", who=NOBODY), Seen(200, JSON, b"{}"), "200 is not"),
    ],
)
def test_the_judge_knows_a_wrong_answer(web: Web, asked: Asked, seen: Seen, problem: str) -> None:
    found = Contract(web.get("/openapi.json")).judge(asked, seen)
    assert found is not None
    assert found.startswith(problem)


def test_a_request_can_be_repeated_as_a_shell_line() -> None:
    asked = Asked("PUT", "/x/{id}", "/x/%2e%27", b'{"a":"\\u0000"}', (("X-A", "b c"),))
    assert asked.curl() == (
        "echo eyJhIjoiXHUwMDAwIn0= | base64 -d | curl -i --path-as-is -X PUT -H 'X-A: b c' "
        '-H "Authorization: Bearer $TOKEN" "$OPIUM"/api/x/%2e%27 --data-binary @-'
    )

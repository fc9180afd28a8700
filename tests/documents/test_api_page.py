"""docs/api.md: its lines are typed into bash, its answers compared, no route is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from chaos.processes import ROOT

from docs.routes import Route, page, routes

from .shell import Command, calls, commands, differs, run
from .stand import stand

REFERENCE = ROOT.parent / "shared" / "design" / "openapi-seed.yaml"
TEXT = (ROOT / "docs/api.md").read_text("utf-8")
TYPED = commands(TEXT)
SECONDS = 80


def missing(wanted: set[Route]) -> set[Route]:
    """Routes that no line of the page calls."""
    called = calls(TYPED)
    return {route for route in wanted if not any(route.fits(*call) for call in called)}


@pytest.mark.system
def test_each_line_is_answered_as_the_page_shows(tmp_path: Path) -> None:
    """All of them, typed into one bash from the top of the page."""
    with stand(tmp_path) as made:
        answers = run(TYPED, tmp_path, made.changes, SECONDS)
    for command, answer in zip(TYPED, answers, strict=True):
        if answer is None:
            assert not command.answer, f"{command.line} calls nothing, but the page shows an answer"
            continue
        assert answer.status == command.status, f"{command.line}\n{answer.status} {answer.body}"
        if command.answer:
            assert (why := differs(command.body, answer.body)) is None, f"{command.line}: {why}"


def test_each_call_shows_its_answer() -> None:
    """Only a line that keeps something for later, or waits, may go without."""
    silent = [command.line for command in TYPED if not command.answer]
    assert [line for line in silent if line.startswith("curl")] == []


def test_no_route_of_the_server_itself_is_missing() -> None:
    own = {route for route in routes() if "/modules/" not in route.path or "_name}" in route.path}
    assert missing(own) == set()


@pytest.mark.captured
def test_no_endpoint_of_the_reference_is_missing() -> None:
    if not REFERENCE.exists():
        pytest.skip("the reference's own description lies beside the project only")
    paths = yaml.safe_load(REFERENCE.read_text("utf-8"))["paths"]
    verbs = ("get", "post", "put", "patch", "delete")
    wanted = {
        Route(verb.upper(), f"/api{path}", "")
        for path, item in paths.items()
        for verb in verbs
        if verb in item
    }
    assert len(wanted) > 60
    assert missing(wanted) == set()


def test_the_page_is_no_longer_than_one_reads() -> None:
    assert len(TEXT.splitlines()) <= 400


def test_the_list_of_routes_is_current() -> None:
    """If this fails: python -m docs.routes"""
    assert (ROOT / "docs/routes.md").read_text("utf-8") == page()


@pytest.mark.parametrize(
    ("shown", "real", "why"),
    [
        ('{"a": 1, ...}', {"a": 2, "b": 3}, None),
        ('{"a": 1}', {"a": 2, "b": 3}, "the answer has ['a', 'b'], the page shows ['a']"),
        ('{"a": 1, ...}', {"b": 3}, "the answer has ['b'], the page shows ['a']"),
        ('{"a": "x"}', {"a": 3}, "the answer.a is 3, the page shows 'x'"),
        ('{"status": "sent"}', {"status": "lost"}, "the answer.status is 'lost', the page shows"),
        ('[{"a": 1}, ...]', [{"a": 2}, {"a": 3}], None),
        ('[{"a": 1}]', [{"b": 2}], "the answer[0] has ['b'], the page shows ['a']"),
        ('[{"a": 1}]', [], "the answer has 0 items, the page shows 1"),
        ("[]", [1], "the answer has 1 items, the page shows 0"),
        ('{"token": "eyJ..."}', {"token": "abc"}, None),
    ],
)
def test_a_wrong_answer_is_seen(shown: str, real: object, why: str | None) -> None:
    found = differs(Command("curl", shown).body, real)
    assert found is None if why is None else found is not None and found.startswith(why)


@pytest.mark.system
def test_a_line_that_fails_stops_the_page(tmp_path: Path) -> None:
    asked = commands("```sh\nfalse\n```\n")
    with pytest.raises(AssertionError):
        run(asked, tmp_path, {}, SECONDS)


def test_a_number_before_the_answer_is_its_status() -> None:
    (command,) = commands('```sh\ncurl x\n# 202 {"a":\n#   1}\n```\n')
    assert (command.status, command.body) == (202, {"a": 1})
    assert command.line == "curl x"

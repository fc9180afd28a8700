"""Every page: what one types works, or it says why nobody tries it; what it names is there."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec

import pytest

from opium.config import ROOT

from .__main__ import TRIALS
from .pages import Block, anchors, blocks, broken_links, links, pages, read
from .table import LONG, TYPED_BY, UNTYPED, WAITS, reason

PAGES = pages()
UNTRIED = [block for page in PAGES for block in blocks(page) if reason(block)]
ENGLISH, RUSSIAN = "README.md", "README.ru.md"
PROGRAM = re.compile(r"python3? (?:-m ([\w.]+)|(app\.py))(.*)")


@cache
def told_by_help(*words: str) -> str:
    """What a program says of itself."""
    said = subprocess.run(
        [sys.executable, *words, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert said.returncode == 0, said.stderr
    return said.stdout


def targets(text: str) -> set[str]:
    """The targets that `make …` names at the beginning of lines, and in code in the text."""
    calls = re.findall(r"(?:^|`|sudo )make ((?:[a-z]+ ?)+)", text, re.MULTILINE)
    return {word for call in calls for word in call.split()}


def options(line: str) -> set[str]:
    return set(re.findall(r"(?<=\s)--[a-z][a-z-]*", line))


@pytest.mark.parametrize("page", PAGES)
def test_each_block_is_typed_by_a_test_or_says_why_not(page: str) -> None:
    """If this fails: write the test, or a line in tests/documents/table.py"""
    nobody = [b.first for b in blocks(page) if page not in TYPED_BY and reason(b) is None]
    assert nobody == []


def test_the_table_has_no_lines_of_the_past() -> None:
    every = [block for page in PAGES for block in blocks(page)]
    for page, beginning in UNTYPED:
        assert any(b.page == page and b.first.startswith(beginning) for b in every), beginning
    for page, test in TYPED_BY.items():
        assert page.removeprefix("docs/modules/") in read(test), f"{test} does not read {page}"


def test_what_the_long_command_types_stands_on_the_pages() -> None:
    for trial in TRIALS:
        assert any(trial.command in block.lines for block in blocks(trial.page)), trial.command
    promised = {page for (page, _beginning), why in UNTYPED.items() if why in (LONG, WAITS)}
    assert promised == {trial.page for trial in TRIALS}


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_exist(page: str) -> None:
    known = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert targets(read(page)) <= known


@pytest.mark.system
@pytest.mark.parametrize("block", UNTRIED, ids=lambda block: f"{block.page}: {block.first[:30]}")
def test_programs_and_options_exist(block: Block) -> None:
    for line in block.lines:
        if not (call := PROGRAM.search(line)):
            continue
        module, program, rest = call.groups()
        if module == "pytest":
            assert all((ROOT / word).exists() for word in rest.split() if "/" in word), line
            continue
        words = (program,) if program else ("-m", module)
        assert program or find_spec(module), line
        known = told_by_help(*words)
        for word in rest.replace("'", " ").split():  # a group of commands leads to another one
            if not program or "COMMAND" not in known.splitlines()[0]:
                break
            if word[0] != "-":
                assert word in known, line
                words = (*words, word)
                known = told_by_help(*words)
        assert options(rest) <= options(known), line


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    assert broken_links(page) == []


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_exist(page: str) -> None:
    """`docs/api.md`, `tests/stories`, `opium/core.py`: from the root, or inside `opium/`."""
    named = re.findall(r"`((?:docs|tests|opium|sandbox|bench)/[\w./-]*\w)`", read(page))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_index_names_every_page() -> None:
    named = {(ROOT / "docs" / link.split("#")[0]).resolve() for link in links("docs/README.md")}
    every = {ROOT / page for page in PAGES if page.startswith("docs/") and "example/" not in page}
    assert every - {ROOT / "docs/README.md"} <= named


def test_the_two_readmes_are_twins() -> None:
    """The same headings, blocks, tables and links; only the words differ."""
    english, russian = read(ENGLISH), read(RUSSIAN)
    assert [b.text for b in blocks(ENGLISH)] == [b.text for b in blocks(RUSSIAN)]
    crossed = [RUSSIAN if link == ENGLISH else link for link in links(RUSSIAN)]
    assert links(ENGLISH) == crossed
    for mark in (r"^#+", r"^\|.*\|$", r"^!\["):
        found = [re.findall(mark, text, re.MULTILINE) for text in (english, russian)]
        assert len(found[0]) == len(found[1])
    code = [sorted(re.findall(r"`([^`\n]+)`", text)) for text in (english, russian)]
    assert code[0] == code[1]


def test_no_page_is_longer_than_one_reads() -> None:
    long = {page: len(read(page).splitlines()) for page in PAGES}
    assert {page: count for page, count in long.items() if count > 400} == {}


def test_a_heading_is_found_by_the_anchor_that_github_gives_it() -> None:
    assert "what-we-assume-of-funpay" in anchors("docs/guarantees.md")
    assert "an-order-is-held" in anchors("docs/troubleshooting.md")

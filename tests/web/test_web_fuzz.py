"""A short run of the fuzzer; the long one: python -m tests.web.fuzz"""

from __future__ import annotations

from pathlib import Path

from fuzz import fuzz


def test_no_made_up_request_breaks_anything(tmp_path: Path) -> None:
    run = fuzz(tmp_path, requests=400, number=1)
    assert run.wrong == []
    assert run.codes.total() > 300
    assert {200, 202, 400, 404} <= set(run.codes)

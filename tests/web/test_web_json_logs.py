"""`OPIUM_LOG_FORMAT=json`: one object per line, whatever a message holds."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from opium import logs
from opium.config import Config
from opium.logs import Logging, about, hide

log = logging.getLogger("opium.test")


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Logging]:
    config = Config.load(_env_file=None, instance=tmp_path, log_format="json")
    running = logs.set_up(config, console=False)
    yield running
    running.close()


def written(lines: Logging, folder: Path) -> list[dict[str, Any]]:
    """The objects in the day's file; each line must be one."""
    assert lines.flush(10)
    (file,) = (folder / "logs").glob("opium_*.log")
    found = file.read_bytes().decode().split("\n")
    assert found.pop() == ""
    return [json.loads(line) for line in found]


def test_a_line_is_an_object_with_its_moment_and_account(lines: Logging, tmp_path: Path) -> None:
    with about("my_shop"):
        log.warning("Order %s: %d left", "ABCD1234", 3)
    log.info("Привет")
    first, second = written(lines, tmp_path)
    assert first.pop("time").endswith("Z")
    moment = datetime.fromisoformat(second.pop("time"))
    assert moment.utcoffset() is not None
    assert first == {
        "level": "WARNING",
        "logger": "opium.test",
        "account": "my_shop",
        "message": "Order ABCD1234: 3 left",
    }
    assert second == {"level": "INFO", "logger": "opium.test", "message": "Привет"}


def test_a_traceback_is_one_member(lines: Logging, tmp_path: Path) -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        log.exception("Failed")
    (line,) = written(lines, tmp_path)
    assert line["message"] == "Failed"
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith("ValueError: first\nsecond")


@pytest.mark.parametrize(
    "text",
    [
        '"}\n{"level": "forged"}',
        "a\r\nb\x00\x1b[31m",
        "\u2028\u2029\x85\x7f",
        "\ud800",
        "\U000e0001",
        "",
    ],
    ids=["forged", "control", "separators", "half a pair", "tag", "nothing"],
)
def test_no_text_breaks_its_line_or_is_changed(lines: Logging, tmp_path: Path, text: str) -> None:
    # Past pytest's own copy of the log, which cannot be sent between processes with half a pair.
    lines.entrance.emit(logging.makeLogRecord({"name": log.name, "msg": "%s", "args": (text,)}))
    (line,) = written(lines, tmp_path)
    assert line["message"] == text
    (file,) = (tmp_path / "logs").glob("opium_*.log")
    assert file.read_text().removesuffix("\n").isprintable()


@pytest.mark.parametrize(
    "secret", ['quo"ted\\secret', "two\nlines-of-it", "ключ-секретный", "plain-secret"]
)
def test_secrets_are_hidden_wherever_they_stand(
    lines: Logging, tmp_path: Path, secret: str
) -> None:
    hide(secret)
    try:
        raise ValueError(f"with {secret} inside")
    except ValueError:
        log.exception("Failed for %s", secret)
    (line,) = written(lines, tmp_path)
    assert line["message"] == "Failed for ***"
    assert "ValueError: with *** inside" in line["exception"]
    assert not any(secret in text for text in line.values())


def test_what_looks_like_a_secret_is_hidden_and_leaves_an_object(
    lines: Logging, tmp_path: Path
) -> None:
    log.info('{"password": "hunter2", "token": "abc"} Bearer abc.def-ghi')
    (line,) = written(lines, tmp_path)
    assert line["message"] == '{"password": "***", "token": "***"} Bearer ***'


def test_watchers_see_lines_of_text(lines: Logging) -> None:
    seen: list[str] = []
    lines.watch(lambda _account, _level, line: seen.append(line))
    log.info("Hello")
    assert lines.flush(10)
    assert seen[0].endswith("| INFO     | opium.test | Hello")


def test_the_console_speaks_json_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = Config.load(_env_file=None, instance=tmp_path, log_format="json")
    running = logs.set_up(config)
    log.info("Hello")
    assert running.flush(10)
    running.close()
    assert json.loads(capsys.readouterr().err)["message"] == "Hello"

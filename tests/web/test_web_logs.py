"""Log lines, redaction, rotation, and a writer that nothing stops (seed 9, reliability 8.7)."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opium import logs
from opium.config import Config
from opium.logs import DailyFile, Formatter, Logging, about, broken_link, hide, redact

log = logging.getLogger("opium.test")


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Logging]:
    config = Config.load(_env_file=None, instance=tmp_path, timezone="Europe/Moscow")
    running = logs.set_up(config, console=False)
    yield running
    running.close()


def written(lines: Logging, tmp_path: Path) -> list[str]:
    assert lines.flush(10)
    (file,) = (tmp_path / "logs").glob("opium_*.log")
    return file.read_text(encoding="utf-8").splitlines()


def test_a_line_has_the_form_of_the_reference(lines: Logging, tmp_path: Path) -> None:
    logging.getLogger("opium.api").info("GET %s → %d (%dms)", "/api/accounts", 200, 12)
    (line,) = written(lines, tmp_path)
    form = (
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \| INFO     \| opium\.api \| "
        r"GET /api/accounts → 200 \(12ms\)"
    )
    assert re.fullmatch(form, line)


def test_the_account_stands_in_the_line(lines: Logging, tmp_path: Path) -> None:
    with about("my_shop"):
        log.info("Polling")
    log.info("Elsewhere")
    first, second = written(lines, tmp_path)
    assert first.endswith("| opium.test | [my_shop] Polling")
    assert second.endswith("| opium.test | Elsewhere")


def test_known_secrets_are_hidden_in_messages_arguments_and_tracebacks(
    lines: Logging, tmp_path: Path
) -> None:
    hide("canary-one-value", "кан/арейка", None, "")
    try:
        raise ValueError("with canary-one-value inside")
    except ValueError:
        log.exception("Failed for %s and %s", "canary-one-value", "кан/арейка")
    log.info("GET /x?k=%s", "%D0%BA%D0%B0%D0%BD%2F%D0%B0%D1%80%D0%B5%D0%B9%D0%BA%D0%B0")
    text = "\n".join(written(lines, tmp_path))
    assert "canary" not in text
    assert "кан/арейка" not in text
    assert "%D0%BA%D0%B0%D0%BD" not in text
    assert "ValueError: with *** inside" in text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Cookie: golden_key=abcdef123456; x=1", "abcdef123456"),
        ("{'golden_key': 'abcdef123456'}", "abcdef123456"),
        ("Authorization: Bearer abc.def-ghi_jkl", "abc.def-ghi_jkl"),
        ("https://api.telegram.org/bot123456789:AAEhBOweik6ad-9Kz_s12345678901234/x", "AAEhBO"),
        ("proxy socks5://user:hunter2@1.2.3.4:1080 failed", "hunter2"),
        ("proxy http://user:p:w@host:1 failed", "p:w"),
        ('{"password": "hunter2"}', "hunter2"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl", "eyJzdWIi"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert "***" in redact(text)


def test_harmless_texts_stay_as_they_are() -> None:
    for text in ("https://funpay.com/orders/", "12:00:05 | done", "order ABC12345 paid"):
        assert redact(text) == text


def test_nobody_can_forge_a_line(lines: Logging, tmp_path: Path) -> None:
    log.info("name %s", "x\r\n2026-01-01 00:00:00 | INFO | opium.api | forged\x1b[31m\u2028")
    try:
        raise ValueError("a\n2026-01-01 00:00:00 | INFO     | opium.api | forged")
    except ValueError:
        log.exception("Failed")
    found = written(lines, tmp_path)
    assert r"x\r\n2026" in found[0]
    assert "\x1b" not in found[0]
    assert all(line.startswith("  | ") for line in found[2:])


def test_security_events_are_json_lines_of_their_own(lines: Logging, tmp_path: Path) -> None:
    from opium.security.events import note

    note("LOGIN_FAILED", "Wrong name or password.", username="admin", tries=3)
    log.info("other")
    assert len(written(lines, tmp_path)) == 1
    file = tmp_path / "logs" / "security.log"
    assert file.stat().st_mode & 0o777 == 0o600
    (line,) = file.read_text().splitlines()
    event = json.loads(line)
    assert set(event) == {
        "timestamp",
        "event",
        "ip",
        "username",
        "path",
        "method",
        "detail",
        "metadata",
        "previous",
    }
    assert event["timestamp"].endswith("+00:00")


def test_no_security_event_can_be_taken_out_or_changed_unseen(tmp_path: Path) -> None:
    """S16: the chain of the security log."""
    from opium.security.events import note

    config = Config.load(_env_file=None, instance=tmp_path)
    for start in range(2):  # the chain goes on after a restart
        running = logs.set_up(config, console=False)
        for n in range(3):
            note("LOGIN_FAILED", f"Attempt {start}.{n} with Bearer abc.def")
        assert running.flush(10)
        running.close()
    found = (tmp_path / "logs" / "security.log").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["previous"] == "" for line in found] == [True] + [False] * 5
    assert "abc.def" not in "".join(found)
    assert broken_link(found) is None
    assert broken_link([*found[:2], *found[3:]]) == 2
    changed = [*found[:3], found[3].replace("Attempt", "Success"), *found[4:]]
    assert broken_link(changed) == 4
    assert broken_link([found[0], "not JSON"]) == 1


def test_a_watcher_or_file_that_breaks_stops_nothing(lines: Logging, tmp_path: Path) -> None:
    seen: list[tuple[str | None, int, str]] = []

    def broken(*_: Any) -> None:
        raise OSError("no")

    lines.watch(broken)
    end = lines.watch(lambda account, level, line: seen.append((account, level, line)))
    hide("canary-two-value")
    with about("my_shop"):
        log.warning("canary-two-value")
    assert len(written(lines, tmp_path)) == 1
    assert lines.lost == 1
    ((account, level, line),) = seen
    assert (account, level) == ("my_shop", logging.WARNING)
    assert line.endswith("[my_shop] ***")
    end()
    log.info("more")
    assert lines.flush(10)
    assert len(seen) == 1


def test_a_message_that_cannot_be_built_stops_nothing(lines: Logging) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

    record = logging.LogRecord("opium.test", logging.INFO, "", 0, "%s", (Broken(),), None)
    lines.entrance.handle(record)
    assert lines.flush(10)
    assert lines.lost == 1


def test_a_full_queue_drops_and_counts(lines: Logging, monkeypatch: pytest.MonkeyPatch) -> None:
    hold, inside = threading.Event(), threading.Event()

    def wait(*_: Any) -> None:
        inside.set()
        hold.wait(10)

    end = lines.watch(wait)
    log.info("first")
    assert inside.wait(10)
    monkeypatch.setattr("opium.logs.writer.QUEUE_LIMIT", 2)
    for _ in range(5):
        log.info("more")
    assert lines.lost == 3
    end()
    hold.set()
    assert lines.flush(10)


def test_a_new_day_is_a_new_file_and_thirty_are_kept(tmp_path: Path) -> None:
    for day in range(1, 32):
        (tmp_path / f"opium_2026-01-{day:02}.log").touch()
    file = DailyFile(tmp_path, None)
    file.setFormatter(Formatter())
    record = logging.LogRecord("x", logging.INFO, "", 0, "text", None, None)
    record.created = 1_770_000_000
    file.emit(record)
    record.created += 86400
    file.emit(record)
    file.close()
    names = sorted(path.name for path in tmp_path.glob("*.log"))
    assert len(names) == 30
    assert names[-2:] == ["opium_2026-02-02.log", "opium_2026-02-03.log"]
    assert (tmp_path / names[-1]).stat().st_mode & 0o777 == 0o600

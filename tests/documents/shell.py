"""The sh blocks of a page, run by a real bash with a real curl, line by line."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
LEFT_OUT = re.compile(r"(?<=[\[{ ])\.\.\.(?=([\]}]))")
TOLD = ("status", "state", "code", "detail")
"""Members whose value the page must tell right, not only their type."""
CURL = """
curl() {{
  command curl -sS -m 60 -o "{0}/body" -w '%{{http_code}}' "$@" >"{0}/$at" || return
  cp "{0}/body" "{0}/$at.body"
  cat "{0}/body"
}}
"""


@dataclass(frozen=True, slots=True)
class Command:
    """One line of a block, and the answer that stands below it."""

    line: str
    answer: str = ""

    @property
    def status(self) -> int:
        """What the page says of it: 200 unless a number begins the answer."""
        said = re.match(r"\d{3}\b", self.answer)
        return int(said[0]) if said else 200

    @property
    def body(self) -> Any:
        """The answer, with `...` for what is left out."""
        text = re.sub(r"^\d{3} ?", "", self.answer)
        return _read(LEFT_OUT.sub(lambda m: '"...": 0' if m[1] == "}" else '"..."', text))


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to a line; of several calls in one line, to the last."""

    status: int
    body: Any


def commands(page: str) -> list[Command]:
    """The lines of all sh blocks, in the order of the page."""
    found: list[Command] = []
    for line in "".join(BLOCK.findall(page)).splitlines():
        if line.startswith("#"):
            last = found.pop()
            found.append(Command(last.line, f"{last.answer} {line[1:].strip()}".strip()))
        elif line.strip():
            found.append(Command(line))
    return found


def calls(asked: list[Command]) -> set[tuple[str, str]]:
    """What the lines that begin with `curl` ask for: method and path, known without asking."""
    values: dict[str, str] = {}
    found = set()
    for command in asked:
        line = re.sub(r"\$([A-Z]+)", lambda name: values.get(name[1], "x"), command.line)
        if kept := re.match(r"([A-Z]+)=(?!\$\()(.*)", line):
            values[kept[1]] = kept[2]
        if line.startswith("curl "):
            words = shlex.split(line)
            default = "POST" if "-d" in words else "GET"
            method = words[words.index("-X") + 1] if "-X" in words else default
            (url,) = [word for word in words if word.startswith("http")]
            found.add((method, urlsplit(url).path))
    return found


def run(
    asked: list[Command], folder: Path, changes: Mapping[str, str], seconds: float
) -> list[Answer | None]:
    """Type the lines into one bash, with `changes` made to their text; the answer to each line."""
    lines = [CURL.format(folder)]
    for number, command in enumerate(asked):
        line = command.line
        for old, new in changes.items():
            line = line.replace(old, new)
        lines += [f"at={number}", f"{line} || exit"]
    shell = ["bash", "--norc", "-c", "\n".join(lines)]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    try:
        ended = subprocess.run(
            shell, env=kept, cwd=folder, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        typed = [c.line for n, c in enumerate(asked) if (folder / str(n)).exists()]
        raise AssertionError(f"never came to an end: {typed[-1]}") from None
    assert ended.returncode == 0, ended.stderr + ended.stdout[-500:]
    return [_answer(folder, number) for number in range(len(asked))]


def _answer(folder: Path, number: int) -> Answer | None:
    noted = folder / str(number)
    if not noted.exists():
        return None
    body = (folder / f"{number}.body").read_text("utf-8")
    return Answer(int(noted.read_text("utf-8")), _read(body))


def _read(text: str) -> Any:
    """JSON, or else the text as it is."""
    return json.loads(text) if text[:1] in ("{", "[") else text


def differs(shown: Any, real: Any, where: str = "the answer") -> str | None:
    """Why the shown answer is not the shape of the real one; None if it is."""
    if isinstance(shown, dict) and isinstance(real, dict):
        named, more = set(shown) - {"..."}, "..." in shown
        if not (named <= set(real) if more else named == set(real)):
            return f"{where} has {sorted(real)}, the page shows {sorted(named)}"
        found = (differs(shown[name], real[name], f"{where}.{name}") for name in sorted(named))
        return next((why for why in found if why), None)
    if isinstance(shown, list) and isinstance(real, list):
        samples = [item for item in shown if item != "..."]
        if bool(samples) != bool(real) and "..." not in shown:
            return f"{where} has {len(real)} items, the page shows {len(samples)}"
        found = (differs(item, real[0], f"{where}[0]") for item in samples[: len(real)])
        return next((why for why in found if why), None)
    if shown is None or real is None:  # a member that may be absent
        return None
    if isinstance(shown, str) and "." not in where:  # an answer that is not JSON: a line of it
        return None if shown in str(real) else f"{where} has no {shown!r}"
    told = where.rpartition(".")[2] in TOLD and not str(shown).endswith("...")
    if _kind(shown) != _kind(real) or (told and shown != real):
        return f"{where} is {real!r}, the page shows {shown!r}"
    return None


def _kind(value: Any) -> type:
    return float if type(value) is int else type(value)

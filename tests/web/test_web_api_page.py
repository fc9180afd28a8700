"""docs/api.md: every request that it shows works, and none of the reference is left out."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from test_web_docs import SEED, operations
from web_cast import PASSWORD, SHOP, Web, furnish, json_of

from opium.module import find

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BOT_MUST_RUN = ("telegram_bot/restart", "telegram_bot/test")
MODULE = re.compile(r"/modules/(\w+)/")


@dataclass
class Curl:
    """What a line of the page asks for."""

    method: str
    path: str
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


def lines() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("curl ")]


def read(line: str, values: dict[str, str]) -> Curl:
    words = shlex.split(re.sub(r"\$([A-Z]+)", lambda m: values[m[1]], line))[1:]
    found = Curl("GET", "")
    while words:
        word = words.pop(0)
        if word == "-X":
            found.method = words.pop(0)
        elif word == "-d":
            found.body = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            found.headers[name] = value
        else:
            assert word.startswith("/api"), word
            found.path = word
    return found


def test_every_example_works(tmp_path: Path, template: Path) -> None:
    web = Web(tmp_path / "instance", template=template, modules=find().ready)
    scene = furnish(web)
    values = {"API": "/api", "SHOP": SHOP, "AUTH": f"Authorization: Bearer {web.sign_in()}"}
    values |= {"ORDER": scene.order.id, "CHAT": str(scene.chat)}
    values |= {"WATCHER": "none", "BUTTON": "none"}
    for name in web.core.modules.available():
        web.owner("POST", f"{SHOP}/modules", {"module_name": name})
    try:
        for line in lines():
            ask = read(line.replace("your_password", PASSWORD), values)
            module = MODULE.search(ask.path)
            if module and module[1] not in web.core.modules.available():
                continue
            answer = web.call(
                ask.method, ask.path, data=(ask.body or "").encode(), headers=ask.headers
            )
            expected = (200, 202, 400) if ask.path.endswith(BOT_MUST_RUN) else (200, 202)
            assert answer.status_code in expected, (line, answer.get_data(as_text=True))
            remember(values, ask, json_of(answer))
            web.staff()
    finally:
        web.close()


def remember(values: dict[str, str], ask: Curl, answer: Any) -> None:
    names = {"log-watchers": "WATCHER", "bot-buttons": "BUTTON"}
    name = names.get(ask.path.rpartition("/")[2])
    if name and ask.method == "POST":
        values[name] = answer["id"]


@pytest.mark.captured
def test_every_endpoint_of_the_reference_has_its_example() -> None:
    if not SEED.exists():
        pytest.skip("the reference's own description lies beside the project only")
    seed = yaml.safe_load(SEED.read_text(encoding="utf-8"))
    sample = dict.fromkeys(("AUTH", "ORDER", "CHAT", "WATCHER", "BUTTON"), "x")
    asked = [read(line, sample | {"API": "/api", "SHOP": SHOP}) for line in lines()]
    shown = {(ask.method.lower(), ask.path.partition("?")[0]) for ask in asked}
    for method, path in operations(seed["paths"]):
        pattern = "/api" + re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
        found = any(m == method and re.fullmatch(pattern, p) for m, p in shown)
        assert found, (method, path)

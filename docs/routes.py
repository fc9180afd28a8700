"""Write docs/routes.md from the API's own description: python -m docs.routes"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from opium import create_app
from opium.config import Config
from opium.core import Opium
from opium.schema.openapi import BASE, document

PAGE = Path(__file__).with_suffix(".md")
ACCOUNT = f"{BASE}/accounts/{{account_id}}"

INTRODUCTION = """\
# Every route

<!-- Made by `python -m docs.routes` from the views; change their docstrings. -->

[The API by example](api.md) shows the calls and their answers, a module's page what they do.
Bodies, bounds and codes are in the API document: `/docs`, `/openapi.json`, with `OPIUM_DOCS=true`.
"""


@dataclass(frozen=True, slots=True)
class Route:
    """One thing that can be asked: `path` is a template such as `/api/commands/{command_id}`."""

    method: str
    path: str
    summary: str

    @property
    def group(self) -> str:
        """The heading that it stands below."""
        module = re.match(re.escape(ACCOUNT) + r"/modules/(\w+)/", self.path)
        return module[1] if module else "The server"

    def fits(self, method: str, path: str) -> bool:
        """Whether a call is one of this route."""
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(self.path))
        return method == self.method and re.fullmatch(pattern, path) is not None


def routes() -> list[Route]:
    """All of them, those of the server first."""
    with tempfile.TemporaryDirectory() as folder:
        # Neither the environment nor `.env` may change what the page says.
        core = Opium(Config.model_construct(**_defaults(Path(folder))))
        app = create_app(core)
    words = {name.replace(".", "_"): view.__doc__ for name, view in app.view_functions.items()}
    found = [
        Route(method.upper(), BASE + path, _first(words[operation["operationId"]] or ""))
        for path, item in document(app)["paths"].items()
        for method, operation in item.items()
    ]
    return sorted(found, key=_place)


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for group, members in groupby(routes(), key=lambda route: route.group):
        base = f"{ACCOUNT}/modules/{group}" if "_" in group else BASE
        title = f"[{group}](modules/{group}.md)" if "_" in group else group
        rows = [f"| `{r.method} {r.path.removeprefix(base)}` | {r.summary} |" for r in members]
        head = [f"\n## {title}\n", f"Under `{base}`:\n", "| route | does |", "|---|---|"]
        parts.append("\n".join([*head, *rows]) + "\n")
    return "".join(parts)


def _first(words: str) -> str:
    """The first paragraph in one line."""
    return " ".join(words.split("\n\n")[0].split()).replace("|", "\\|")


def _place(route: Route) -> tuple[bool, str, str, int]:
    verb = ("GET", "POST", "PUT", "PATCH", "DELETE").index(route.method)
    return route.group != "The server", route.group, route.path, verb


def _defaults(folder: Path) -> dict[str, Any]:
    given = {name: field.get_default() for name, field in Config.model_fields.items()}
    return {**given, "instance": folder}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

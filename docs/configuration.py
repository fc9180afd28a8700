"""Write docs/configuration.md from `opium.config`: python -m docs.configuration"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from opium.config import PREFIX, ROOT, Config

PAGE = Path(__file__).with_suffix(".md")

INTRODUCTION = """\
# Settings

<!-- Made by `python -m docs.configuration` from opium/config.py; change it there. -->

Every setting has a default that suits a small server, so most shops set none.

* A setting comes from the environment, else from the file `.env` in the folder where Opium is
  started (one `OPIUM_PORT=8001` a line), else it has its default.
* `OPIUM_X_FILE=/path` in the environment takes the value of `OPIUM_X` from a file; so a secret
  need not be in the environment. It wins over `OPIUM_X`.
* Settings are read once, at start. A wrong one stops the start with one sentence that names it.
* Settings of an account (its proxy, pace, reconnection) and of its modules are not here: they are
  changed through the API and take effect at once.

| key | default | values | meaning |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    rows = [row(name, field) for name, field in Config.model_fields.items()]
    return INTRODUCTION + "\n".join(rows) + "\n"


def row(name: str, field: FieldInfo) -> str:
    """The line of one setting."""
    cells = (f"`{PREFIX}{name.upper()}`", default(field), values(field), field.description or "")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def default(field: FieldInfo) -> str:
    """The default as one would write it in `.env`."""
    value = field.default
    if value is None or value in ("", ()):
        return "not set"
    if isinstance(value, Path):
        value = f"{value.relative_to(ROOT)}/" if value.is_relative_to(ROOT) else value
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, tuple):
        value = ",".join(value)
    return f"`{value}`"


def values(field: FieldInfo) -> str:
    """What may be written: the kind of value and its bounds."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    words = [word for known, word in KINDS if known == kind or known in get_args(kind)]
    return " ".join([*words[:1], *filter(None, map(bound, field.metadata))])


def bound(rule: Any) -> str:
    """One bound in words."""
    for known, text in BOUNDS.items():
        if isinstance(rule, known):
            limit = getattr(rule, next(iter(rule.__dataclass_fields__)))
            return text.format(limit)
    return ""


KINDS: tuple[tuple[Any, str], ...] = (
    (bool, "`true` or `false`"),
    (int, "whole number"),
    (float, "number"),
    (Path, "path"),
    (SecretStr, "secret text"),
    (tuple[str, ...], "list, with commas"),
    (str, "text"),
)
BOUNDS: dict[Any, str] = {
    Ge: "from {}",
    Le: "to {}",
    MinLen: "of {} or more characters",
    MaxLen: "and {} at most",
}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

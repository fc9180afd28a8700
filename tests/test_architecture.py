"""The arrows of the architecture, the shape of the files, and that what exists is described."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

from opium import commands, events
from opium.config import PREFIX, ROOT, Config

DOCS = ROOT / "docs"
CODE = sorted([*ROOT.glob("opium/**/*.py"), *ROOT.glob("sandbox/**/*.py")])
OURS = [path for path in CODE if path.is_relative_to(ROOT / "opium")]
MODULES = sorted(p.parent.name for p in ROOT.glob("opium/modules/*/__init__.py"))

MAY_IMPORT: dict[str, set[str]] = {
    "clock": set(),
    "errors": set(),
    "failpoints": set(),
    "events": set(),
    "commands": set(),
    "vault": {"config"},
    "db": {"db", "errors", "failpoints"},
    "schema": {"schema", "errors"},
    "net": {"net", "clock", "errors"},
    "funpay": {"funpay", "net", "clock", "errors"},
    "observe": {"events", "funpay"},
    "journal": {"commands", "db", "errors", "vault"},
    "alerts": {"db"},
    "dispatch": {"alerts", "db", "errors", "events", "tools", "work"},
    "account_config": {"account_config", "net", "schema"},
    "demo": {"demo", "config"},
} | {f"modules.{name}": {"kit", "net", "text", "schema", f"modules.{name}"} for name in MODULES}
"""What each part may know of Opium, beside itself; parts not named here are held by MAY_NOT."""
MAY_IMPORT["modules.steam_rent"] |= {"clock", "errors"}  # its client of Steam waits and fails
MAY_IMPORT["modules.telegram_bot"] |= {"clock", "errors"}  # as its client of Telegram

MAY_NOT: dict[str, set[str]] = {
    "blueprints": {
        *("workers", "core", "wishes", "work", "dispatch", "journal", "modules", "importing"),
    },
    "workers": {"workers.core", "blueprints", "core", "accounts", "wishes", "modules", "live"},
    "tools": {"workers", "blueprints", "core", "modules", "work"},
    "work": {"workers", "blueprints", "core", "modules"},
    "module": {"workers", "blueprints", "core", "modules", "dispatch"},
    "attachments": {"workers", "blueprints", "core", "dispatch"},
    "security": {"workers", "blueprints", "core", "modules", "funpay"},
    "accounts": {"blueprints", "core", "modules"},
    "wishes": {"blueprints", "core", "modules"},
    "core": {"blueprints", "modules", "serve", "cli", "importing"},
}

LIBRARIES: dict[str, tuple[str, ...]] = {
    "flask": (
        "__init__", "blueprints", "security", "schema", "live", "core", "kit", "module", "modules",
        "attachments", "inside",
    ),
    "flask_limiter": ("security",),
    "flask_jwt_extended": ("security",),
    "limits": ("security",),
    "waitress": ("serve", "connections"),
    "apscheduler": ("workers.scheduler",),
    "prometheus_client": ("metrics",),
    "alembic": ("db", "modules"),
    "bs4": ("funpay.pages", "modules.steam_rent.steam"),
    "requests": (
        "net", "funpay", "core", "tools", "workers.hire", "demo", "modules.steam_rent.steam",
        "modules.telegram_bot.telegram",
    ),
    "telebot": ("modules.telegram_bot.telegram",),
    "urllib3": ("net",),
}  # fmt: skip
"""Who may use these; everything else does not know that they exist."""

NO_DATABASE = ("net", "funpay", "events", "commands", "observe", "schema", "clock", "errors",
               "demo", "account_config", "logs", "serve", "cli", "config", "text")  # fmt: skip

LONG: dict[str, str] = {
    "opium/funpay/models.py": "the rows and pages of the site, one type after the other",
    "opium/funpay/transport.py": "one story: what an answer on the wire means",
}
"""Files above 350 lines, with the reason."""

SPEAK_FOR_THEMSELVES = {
    "blueprint": "a list of routes, each with its own line",
    "register": "a list of routes, each with its own line",
    "shown": "a mapping: it names each member",
    "view": "a mapping: it names each member",
    "line_view": "a mapping: it names each member",
    "chat_message": "a mapping: it names each member",
    "run": "overrides `Thread.run`",
    "emit": "overrides `logging.Handler.emit`",
    "format": "overrides `logging.Formatter.format`",
    "acquire_entry": "overrides the storage of `limits`",
    "settings_customise_sources": "overrides pydantic's",
    "count": "a number of what the arguments name",
}
"""Longer functions without a docstring, by name, with the reason."""

SHORT = 8
"""Lines that need no docstring where the name is enough (style 15)."""


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name_of(path: Path) -> str:
    """`opium/workers/hire.py` → `workers.hire`; a package is named as its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every imported module or name, with its line; inside functions too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports name the whole path"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def inside(name: str, parts: set[str] | tuple[str, ...]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def files(part: str) -> list[Path]:
    return [path for path in OURS if inside(name_of(path), (part,))]


def ours(path: Path) -> Iterator[tuple[int, str]]:
    """What a file imports of Opium, without the first word."""
    for line, name in imports(path):
        if name.split(".")[0] == "opium":
            yield line, name.removeprefix("opium").removeprefix(".")


# --- arrows


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_knows_only_what_lies_below_it(part: str) -> None:
    assert files(part), f"there is no opium/{part}"
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports opium.{name}"
        for path in files(part)
        for line, name in ours(path)
        if not inside(name, {*MAY_IMPORT[part], part} - {"modules"})
        and not (part == "db" and "migrations" in path.parts)
    ]
    assert wrong == []


@pytest.mark.parametrize("part", MAY_NOT)
def test_a_part_does_not_know_what_lies_above_it(part: str) -> None:
    assert files(part), f"there is no opium/{part}"
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports opium.{name}"
        for path in files(part)
        for line, name in ours(path)
        if inside(name, MAY_NOT[part])
    ]
    assert wrong == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_is_known_where_it_is_used(library: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in OURS
        for line, name in imports(path)
        if name.split(".")[0] == library and not inside(name_of(path), LIBRARIES[library])
    ]
    assert wrong == []


@pytest.mark.parametrize("part", NO_DATABASE)
def test_who_needs_no_database_does_not_know_one(part: str) -> None:
    for path in files(part):
        known = {name.split(".")[0] for _line, name in imports(path)}
        assert not known & {"sqlalchemy", "sqlite3", "alembic"}, path
        assert not any(inside(name, ("db",)) for _line, name in ours(path)), path


def test_only_the_database_s_own_folder_knows_which_one_it_is() -> None:
    """PostgreSQL is to be a matter of its address; the key is proven before anything is opened,
    a backup copies files, and the doctor looks at one."""
    known = {
        name_of(path).split(".")[0]
        for path in OURS
        for _line, name in imports(path)
        if name.split(".")[0] == "sqlite3"
    }
    assert known <= {"db", "core", "backup", "doctor"}


def test_the_sandbox_shares_nothing_with_opium() -> None:
    """So it cannot share our mistakes."""
    for path in CODE:
        if path not in OURS:
            assert not [n for _line, n in imports(path) if n.split(".")[0] in ("opium", "tests")]


def test_opium_does_not_need_the_sandbox_or_the_tests() -> None:
    for path in OURS:
        words = {name.split(".")[0] for _line, name in imports(path)}
        assert not words & {"tests", "pytest"}, path
        assert "sandbox" not in words or inside(name_of(path), ("demo",)), path


def test_importing_opium_starts_nothing_and_reads_nothing() -> None:
    """`import opium` costs next to nothing: the parts come with `create_app`."""
    top = tree(ROOT / "opium" / "__init__.py").body
    at_once = [node for node in top if isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)]
    assert {ast.unparse(node) for node in at_once[1:]} <= {
        "from __future__ import annotations",
        "from typing import TYPE_CHECKING",
    }


# --- files


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_what_it_is_for_and_is_not_too_long(path: Path) -> None:
    code = path.read_text(encoding="utf-8")
    if not code:
        assert path.name == "__init__.py"
        return
    assert ast.get_docstring(tree(path))
    if str(path.relative_to(ROOT)) not in LONG:
        assert len(code.splitlines()) <= 350


def test_what_is_excused_still_exists_and_is_still_long() -> None:
    assert all(len((ROOT / name).read_text().splitlines()) > 350 for name in LONG)


def undocumented(body: list[ast.stmt], before: str = "") -> Iterator[str]:
    """Public functions too long to need no word, and public classes with behaviour."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            behaves = any(isinstance(part, ast.FunctionDef) for part in node.body)
            if behaves and not ast.get_docstring(node):
                yield f"{before}{node.name}"
            yield from undocumented(node.body, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            length = (node.end_lineno or 0) - node.lineno + 1
            excused = node.name in SPEAK_FOR_THEMSELVES
            if length > SHORT and not ast.get_docstring(node) and not excused:
                yield f"{before}{node.name}"


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_public_and_not_obvious_is_described(path: Path) -> None:
    if "migrations" not in path.parts:
        assert list(undocumented(tree(path).body)) == []


def test_the_gauge_measures() -> None:
    """The checks above find what they are to find."""
    long = "def f():\n" + "    x = 1\n" * SHORT
    assert list(undocumented(ast.parse(long).body)) == ["f"]
    assert list(undocumented(ast.parse(long.replace("x = 1", "'x'", 1)).body)) == []
    assert list(undocumented(ast.parse(long.replace("def f", "def _f")).body)) == []
    assert list(undocumented(ast.parse("class A:\n    def g(self): ...").body)) == ["A"]
    assert name_of(ROOT / "opium/funpay/gate.py") == "funpay.gate"
    assert name_of(ROOT / "opium/modules/auto_raise/__init__.py") == "modules.auto_raise"
    assert inside("workers.hire", ("workers",))
    assert not inside("workers_of_the_world", ("workers",))
    assert ("workers.registry" in {name_of(path) for path in OURS}) is True
    assert any("opium.db.tables" in name for _line, name in imports(ROOT / "opium/work.py"))


# --- what exists is described


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_its_page(name: str) -> None:
    page = read(f"modules/{name}.md")
    assert page.startswith("# ")
    assert name in page


@pytest.mark.parametrize("name", Config.model_fields)
def test_every_setting_is_on_the_page_of_settings(name: str) -> None:
    assert f"| `{PREFIX}{name.upper()}` |" in read("configuration.md")


def row(kind: str) -> list[str]:
    """The cells of the one line that begins with this kind."""
    lines = [line for line in read("events.md").splitlines() if line.startswith(f"| `{kind}` |")]
    assert len(lines) == 1, kind
    return [cell.strip() for cell in lines[0].strip("|").split("|")]


def members(model: type[BaseModel]) -> list[str]:
    return [name for name in model.model_fields if name != "fp_user_id"]


@pytest.mark.parametrize("kind", events.KINDS)
def test_every_event_is_described(kind: str) -> None:
    cells = row(kind)
    assert cells[1] == f"`{events.KINDS[kind].__name__}`"
    assert re.findall(r"`(\w+)`", cells[3]) == members(events.KINDS[kind])
    assert events.KINDS[kind].__doc__


@pytest.mark.parametrize("kind", commands.KINDS)
def test_every_command_is_described(kind: str) -> None:
    cells = row(kind)
    assert cells[1] == f"`{commands.KINDS[kind].__name__}`"
    assert re.findall(r"`(\w+)`", cells[3]) == members(commands.KINDS[kind])
    lost = {"history": "looked for", "order": "read from", "repeat": "again", "forget": "given up"}
    assert lost[commands.KINDS[kind].settle] in cells[4]


def test_the_page_of_events_describes_nothing_that_is_not_there() -> None:
    kinds = re.findall(r"^\| `(\w+)` \| `\w+` \|", read("events.md"), re.M)
    assert sorted(kinds) == sorted([*events.KINDS, *commands.KINDS])


@pytest.mark.parametrize("model", [events.ChatMessage, events.ChatPreview, events.OrderFacts])
def test_what_events_hold_is_described(model: type[BaseModel]) -> None:
    line = next(x for x in read("events.md").splitlines() if x.startswith(f"* `{model.__name__}`"))
    assert re.findall(r"`(\w+)`", line)[1:] == list(model.model_fields)


def test_every_class_of_the_vocabulary_has_a_kind_of_its_own() -> None:
    for base, kinds in ((events.Event, events.KINDS), (commands.Command, commands.KINDS)):
        module = sys.modules[base.__module__]
        named = {
            found.kind: found
            for found in vars(module).values()
            if isinstance(found, type) and issubclass(found, base) and found is not base
        }
        named.pop("module_event", None)
        assert named == kinds

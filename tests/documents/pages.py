"""The pages of the project: their shell blocks, links and headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from opium.config import ROOT

NOT_OURS = {"instance", "demo-instance", "node_modules"}
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
SHELL = re.compile(r"(sudo|base64|make|python|curl|git|openssl|docker|\.venv/|[A-Z_]+=)\b")
"""How a block begins that is typed into a shell though it does not say so."""
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]*)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block that one types into a shell."""

    page: str
    text: str

    @property
    def first(self) -> str:
        """Its first line, by which the table names it."""
        return self.text.strip().splitlines()[0]

    @property
    def lines(self) -> list[str]:
        """What is typed, without remarks; a line that goes on is one."""
        whole = self.text.replace("\\\n", " ").splitlines()
        return [bare for line in whole if (bare := re.split(r"(?:^|\s)#", line)[0].strip())]


def pages() -> list[str]:
    """All pages, as paths from the root."""
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    kept = (p for p in found if not NOT_OURS & set(p.parts) and not str(p).startswith("."))
    return sorted(str(path) for path in kept if not any(part[0] == "." for part in path.parts))


def read(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def blocks(page: str) -> list[Block]:
    """What one types, in the order of the page."""
    return [
        Block(page, text)
        for _indent, language, text in FENCE.findall(read(page))
        if language in ("sh", "bash", "console") or (not language and SHELL.match(text))
    ]


def without_blocks(page: str) -> str:
    return FENCE.sub("", read(page))


def links(page: str) -> list[str]:
    """Where its relative links lead, anchors included."""
    return LINK.findall(without_blocks(page))


def anchors(page: str) -> set[str]:
    """The anchors that GitHub gives its headings."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", without_blocks(page), re.MULTILINE):
        shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        kept = "".join(c for c in shown if c.isalnum() or c in " -_")
        found.add(kept.strip().replace(" ", "-"))
    return found


def broken_links(page: str) -> list[str]:
    """Links that lead nowhere: no such file, or no such heading in it."""
    folder = (ROOT / page).parent
    return [link for link in links(page) if not _leads(folder, page, link)]


def _leads(folder: Path, page: str, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (folder / path).resolve() if path else ROOT / page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in anchors(str(target.relative_to(ROOT)))

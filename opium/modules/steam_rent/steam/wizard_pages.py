"""What a page of Steam's help wizard asks for (protocol 8, "page-driven").

The English pages are read, `/en/`; a page that says nothing we know is UNCLEAR.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import parse_qsl, urlsplit

from bs4 import BeautifulSoup, Tag

EXPIRED = re.compile(r"\b(expired|start (again|over))\b", re.IGNORECASE)
"""Words of a wizard whose session is over."""
_NUMBER = re.compile(r"\d{1,20}", re.ASCII)
_REMOVES_GUARD = "remove steam guard"


class Wants(Enum):
    """What the wizard wants next."""

    MOBILE = auto()
    """A confirmation in the mobile app."""
    OTHER_PROOF = auto()
    """A code by e-mail or to a phone: only a person has it."""
    PASSWORD = auto()
    """The old password."""
    NEW_PASSWORD = auto()
    REMOVE_GUARD = auto()
    """To remove the authenticator: never go on there."""
    NEW_START = auto()
    """Nothing: its session is over."""
    UNCLEAR = auto()


@dataclass(frozen=True, slots=True)
class Page:
    """The markers of one page."""

    wants: Wants
    login: str = ""
    """Whose password would be set; on the page for the new password only."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Recovery:
    """The wizard's own session; ids stay text."""

    s: str
    account: str
    reset: str
    lost: str
    issueid: str

    @property
    def query(self) -> dict[str, str]:
        """As most of its addresses carry it."""
        return {
            "s": self.s,
            "account": self.account,
            "reset": self.reset,
            "lost": self.lost,
            "issueid": self.issueid,
        }


def read(text: str) -> Page:
    """The markers of a page."""
    soup = BeautifulSoup(text, "html.parser")
    error = _text(soup.select_one("#error_description"))
    found = soup.select_one(".wizard_content_wrapper")
    if found is None:
        return Page(_unmarked(_text(soup).lower()), error=error)
    title = _text(found.select_one(".help_page_title")).lower()
    buttons = [_text(button).lower() for button in found.select(".help_wizard_button")]
    login = _text(found.select_one(".pwreset_account_name"))
    return Page(_wants(title, buttons, _text(found).lower()), login, error)


def recovery(query: Mapping[str, str], text: str) -> Recovery | None:
    """The session that a page belongs to: from its address, its first button or its form."""
    soup = BeautifulSoup(text, "html.parser")
    button = soup.select_one("a.help_wizard_button")
    href = str(button.get("href", "")) if button else ""
    try:
        linked = dict(parse_qsl(urlsplit(href).query))
    except ValueError:
        linked = {}
    hidden = {
        str(field.get("name", "")): str(field.get("value", ""))
        for field in soup.select("#forgot_login_code_form input")
    }
    for source in (query, linked, hidden):
        if found := _recovery(source):
            return found
    return None


def _recovery(source: Mapping[str, str]) -> Recovery | None:
    fields = {"reset": "1", "lost": "0", "issueid": "406", **source}
    values = [fields.get(name, "") for name in ("s", "account", "reset", "lost", "issueid")]
    return Recovery(*values) if all(_NUMBER.fullmatch(value) for value in values) else None


def _wants(title: str, buttons: list[str], everything: str) -> Wants:
    first = buttons[0] if buttons else ""
    if _REMOVES_GUARD in title or _REMOVES_GUARD in first:
        return Wants.REMOVE_GUARD
    if title == "verify password":
        return Wants.PASSWORD
    if title == "password reset":
        return Wants.NEW_PASSWORD
    if any(button.startswith("send a confirmation to my steam mobile app") for button in buttons):
        return Wants.MOBILE
    if any("password" in button for button in buttons):
        return Wants.PASSWORD
    if first.startswith(("email an account verification", "text an account verification")):
        return Wants.OTHER_PROOF
    return Wants.REMOVE_GUARD if _REMOVES_GUARD in everything else _unmarked(everything)


def _unmarked(everything: str) -> Wants:
    return Wants.NEW_START if EXPIRED.search(everything) else Wants.UNCLEAR


def _text(tag: Tag | None) -> str:
    return " ".join(tag.get_text(" ").split())[:4000] if tag else ""

"""What happens at Steam and to its accounts, as lines: from the double's log and Opium's API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from opium.demo.calls import OpiumApi, Sandbox
from opium.demo.rental import HERE, RENTALS
from opium.demo.timeline import Line

Entry = dict[str, Any]
Told = tuple[str, str] | None


class SteamFacts:
    """`site` and `opium` give what is new; `summary` counts it, `wrong` is what must not be."""

    def __init__(self, steam: Sandbox, api: OpiumApi) -> None:
        self._steam, self._api = steam, api
        self._seen = self._released = self._passwords = 0
        self._left: list[str] = []
        """Tenants who were still signed in when their account was free."""
        self._guests: dict[str, dict[str, str]] = {}
        """By login: the tenants' tokens, and whose they are."""
        self._ending: dict[str, set[str]] = {}
        """Accounts that are being released, with the tokens that must end."""
        self._untried: set[str] = set()
        """Logins with a new password that nobody has signed in with."""
        self._proven: dict[str, datetime] = {}
        """When Opium last signed in: the free line stands there, since Opium tells no moment."""
        self._tell = {
            "login": self._login,
            "revoke": self._revoke,
            "deauthorize": lambda e: ("signed out", "everybody"),
            "confirmation": self._confirmation,
            "password": self._password,
        }

    def site(self) -> list[Line]:
        """What happened at Steam since the last call."""
        lines = []
        for entry in self._steam.get("/log", since=self._seen):
            self._seen = entry["n"]
            tell = self._tell.get(entry["what"])
            if tell and (told := tell(entry)):
                at, (what, text) = datetime.fromisoformat(entry["wall"]), told
                lines.append(Line(at, "Steam", what, "", f"{entry['account']}: {text}"))
        return lines

    def opium(self) -> list[Line]:
        """Which accounts Opium has released since the last call, or could not."""
        if not self._proven:
            return []  # the shop is not open yet
        lines = []
        for account in self._api.get(f"{HERE}/steam-accounts"):
            login, state = account["login"], account["release_state"]
            if state == "releasing":
                self._ending.setdefault(login, set(self._guests.get(login, ())))
            elif login in self._ending:
                lines.append(self._ended(login, account["last_error"] or ""))
        return lines

    def wrong(self) -> list[str]:
        """What no rental service may do."""
        return self._left + [str(wrong) for wrong in self._steam.get("/wrongdoings")]

    def summary(self) -> str:
        """One line for the end."""
        figures = f"rentals ended {self._released}, new passwords {self._passwords}"
        return f"{figures}, tenants still signed in after their end {len(self._left)}: says Steam"

    def _ended(self, login: str, error: str) -> Line:
        must_end = self._ending.pop(login)
        if error:
            return Line(datetime.now(UTC), RENTALS, "held", "", f"{login}: {error}")
        self._released += 1
        alive = {token["token_id"] for token in self._tokens(login) if token["lives"]}
        self._left += [self._guests[login][token] for token in must_end & alive]
        at = self._proven.get(login, datetime.now(UTC))
        return Line(at, RENTALS, "free", "", f"{login}: all is proven, the next one may have it")

    # --- entries of the log

    def _login(self, e: Entry) -> Told:
        if e["of_buyer"]:
            return "signed in", f"{self._newcomer(e['account'])}, with password and code"
        self._proven[e["account"]] = datetime.fromisoformat(e["wall"])
        if e["account"] in self._untried:
            self._untried.remove(e["account"])
            return "signed in", "Opium, so the new password works"
        return "signed in", "Opium"

    def _newcomer(self, login: str) -> str:
        known, name = self._guests.setdefault(login, {}), "a buyer"
        for token in self._tokens(login):
            if token["of_buyer"] and token["token_id"] not in known:
                name = token["ip"] if token["ip"].isalpha() else "a buyer"
                known[token["token_id"]] = name
        return name

    def _tokens(self, login: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._steam.get(f"/accounts/{login}/sessions")["tokens"]
        return found

    def _revoke(self, e: Entry) -> Told:
        name = self._guests.get(e["account"], {}).get(e["token_id"])
        return ("signed out", f"{name}, by Opium") if name else None

    def _confirmation(self, e: Entry) -> Told:
        return ("confirmed", "the new password, with the maFile") if e["allow"] else None

    def _password(self, e: Entry) -> Told:
        self._passwords += 1
        self._untried.add(e["account"])
        return "password", "a new one, the old one opens nothing"

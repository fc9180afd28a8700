"""How strict or how old-fashioned the site behaves."""

from dataclasses import dataclass, field, fields
from typing import Any

WHOLE = ("page_size", "history_size", "reviews_size", "new_chats_per_hour", "csrf_status")


@dataclass
class Switches:
    """Settings of a world; every field can be changed while it runs."""

    page_size: int = 100
    """Rows of `/orders/trade` and `/orders/` per page."""
    history_size: int = 50
    """Messages of a private chat per page."""
    reviews_size: int = 25
    raise_hours: float = 4
    raise_wait: bool = True
    """False leaves `wait` and `unlock_at` out of the answer, as in 2024."""
    raise_modal: bool = True
    """Ask with a modal when several sections could be raised and none is named."""
    raise_upsell: bool = False
    """Answer `/lots/raise` with `url` and raise nothing."""
    message_gap: float = 0
    """Seconds between messages of one account; faster ones are refused as "too often"."""
    new_chats_per_hour: int = 0
    """Chats an account may begin per hour; 0 is no limit."""
    break_long_words: bool = False
    """Put a space into words longer than 160 characters."""
    discord_hint: bool = True
    golden_seal_minutes: float = 0
    """How long a golden_seal is good for; 0 is a site without seals."""
    session_minutes: float = 0
    """How long a PHPSESSID lives; 0 is for ever."""
    csrf_status: int = 400
    """HTTP status of "refresh the page" outside the runner: 400 or 200."""
    xhr_signed_out: str = "403"
    """What XHR with a dead key gets: `403` or `redirect`."""
    locale_redirect: bool = True
    """Send pages of another language to the account's own."""
    orders_api: bool = True
    """False makes `/api/orders/get` fail, so that clients need the HTML page."""
    omit: set[str] = field(default_factory=set)
    """Optional blocks of pages to leave out, see docs/sandbox.md."""

    def change(self, changes: dict[str, Any]) -> None:
        """Apply a JSON object; an unknown name or a wrong type changes nothing."""
        known = {f.name: f for f in fields(self)}
        checked = {}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"unknown switch {name!r}; known: {', '.join(sorted(known))}")
            checked[name] = _fitted(name, getattr(self, name), value)
        for name, value in checked.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, Any]:
        shown = {f.name: getattr(self, f.name) for f in fields(self)}
        return {**shown, "omit": sorted(self.omit)}


def _fitted(name: str, old: object, value: Any) -> Any:
    """The value if it is of the kind that this switch has."""
    if isinstance(old, set):
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
        value = set(value) if fits else value
    elif isinstance(old, bool | str):
        fits = type(value) is type(old)
    elif name in WHOLE:
        fits = type(value) is int and value >= 0
    else:
        fits = type(value) in (int, float) and value >= 0
    if not fits:
        raise ValueError(f"switch {name!r} cannot be {value!r}")
    return value

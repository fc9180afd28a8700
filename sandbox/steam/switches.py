"""What nobody has proven about Steam, and limits: each can be put the other way (§15, §17)."""

from dataclasses import dataclass, field, fields
from typing import Any

SERVICES = ("api", "community", "store", "help", "login")


@dataclass
class Switches:
    """Every field can be changed while the double runs. `[U]` marks what the dossier doubts."""

    # Sessions
    mobile_on_help: bool = True
    """[U] A MobileApp token passes the password wizard."""
    mobile_on_store: bool = True
    """[U] A MobileApp token passes `/twofactor/manage`."""
    kick_kills_own: bool = True
    """[U] "Deauthorize all" ends the session that asked for it, too."""
    password_kills_own: bool = True
    """[U] A password change ends the session that made it."""
    access_outlives_refresh: bool = False
    """[U] An access token works until it expires although its refresh token was revoked."""
    login_outlives_password: bool = False
    """[U] A login begun with the old password can still be finished."""
    rotate_refresh: bool = False
    """[B] `renewal_type` 1 brings a new refresh token, and the old one is dead."""
    rotate_client_id: bool = False
    """The first pending poll answers with `new_client_id`."""
    dead_token_result: int = 15
    """[U] 15, 26 or 27 for a refresh token that was revoked."""
    finalize_needs_referer: bool = True
    """[U] `finalizelogin` wants Referer beside Origin."""
    # Guard
    skew_windows: int = 1
    """[U] Guard codes of how many neighbouring windows are accepted."""
    guard_code_variant: bool = False
    """[U] A Guard code may stand for the confirmation in the wizard."""
    strict_device_id: bool = True
    """[B] `p` must be the account's device id."""
    one_tag_per_time: bool = True
    """[B] One `t` may not serve two tags."""
    # Wizard
    wizard_start: str = "redirect"
    """[U] Where the wizard's ids come from: `redirect`, `link` or `form`."""
    wizard_seconds: float = 600
    """[U] How long a wizard lives."""
    confirmation_delay: float = 0
    """Seconds until a confirmation is listed."""
    resend_adds: bool = False
    """[U] Sending the code again makes a second confirmation."""
    int_success: bool = False
    """[B] `success` of SendCode is the number 1 instead of true."""
    # Lifetimes
    key_seconds: float = 3600
    login_seconds: float = 300
    access_seconds: float = 86_400
    # Limits
    login_limit: int = 8
    """BeginAuth calls within `login_window` seconds, per exit IP and per account."""
    login_window: float = 600
    wrong_limit: int = 5
    """Wrong passwords within `cooldown` seconds."""
    cooldown: float = 1800
    """84 for so long; each further try starts it again [A]."""
    getlist_gap: float = 0
    """Least seconds between two getlist calls of an account."""
    false_password: float = 0
    """Probability that BeginAuth answers 5 although the password is right."""
    bulk_failure: float = 0
    """[A] Probability that multiajaxop does nothing."""
    busy: set[str] = field(default_factory=set)
    """Services that answer everything with 429 and HTML."""

    def change(self, changes: dict[str, Any]) -> None:
        """Apply a JSON object; an unknown name or a wrong type changes nothing."""
        known = {f.name for f in fields(self)}
        if unknown := sorted(set(changes) - known):
            raise ValueError(f"unknown switch {unknown[0]!r}; known: {', '.join(sorted(known))}")
        checked = {name: _fitted(name, getattr(self, name), v) for name, v in changes.items()}
        for name, value in checked.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, Any]:
        shown = {f.name: getattr(self, f.name) for f in fields(self)}
        return {**shown, "busy": sorted(self.busy)}


def _fitted(name: str, old: object, value: Any) -> Any:
    if isinstance(old, set):
        fits = isinstance(value, list | set) and set(value) <= set(SERVICES)
        value = set(value) if fits else value
    elif name == "wizard_start":
        fits = value in ("redirect", "link", "form")
    elif isinstance(old, bool):
        fits = isinstance(value, bool)
    else:
        fits = type(value) in (int, float) and value >= 0
    if not fits:
        raise ValueError(f"switch {name!r} cannot be {value!r}")
    return value

"""Where a secret of which kind may be; everywhere else it is a leak."""

from __future__ import annotations

import re

KINDS = {
    r"accounts:.*:golden_key": "golden_key",
    r"accounts:.*:proxy": "proxy password",
    r"steam_rent_proxies:.*": "proxy password",
    r"steam_rent_accounts:.*:(?:password|candidate|history)": "Steam password",
    r"steam_passwords:.*": "Steam password",
    r"steam_rent_accounts:.*": "maFile",
    r"telegram_bot_setups:.*:token": "bot token",
    r"auto_delivery_(?:stock|products):.*": "goods",
    r"admin password": "admin password",
    r"signing key": "signing key",
}
"""By the context it is sealed for. What is not named here (texts of chats, settings of modules,
pictures, the key's proof) is sealed too, but is none of the eight kinds."""

ALLOWED = [
    (r"answer (?:GET|PATCH) /api/accounts/[^/]+/config", {"golden_key", "proxy password"}),
    (r"answer GET .*/steam-accounts/[^/]+/password", {"Steam password"}),
    (r"answer POST .*/steam-accounts/[^/]+/change-password", {"Steam password"}),
    (r"answer GET .*/steam_rent/rentals(?:/active)?", {"Steam password"}),
    (r"answer PATCH .*/steam_rent/rentals/[^/]+/time", {"Steam password"}),
    (r"answer POST .*/steam_rent/pending-orders/[^/]+/assign", {"Steam password"}),
    (r"answer GET .*/auto_delivery/.*\?.*reveal=(?:true|1).*", {"goods"}),
    (r"answer GET .*/stock/export", {"goods"}),
    # What a buyer was sent is a message of his chat, and shown as such.
    (r"answer GET /api/accounts/[^/]+/chats(?:[/?].*)?", {"goods", "Steam password"}),
    (r"answer POST /api/accounts/[^/]+/chats/\d+/send", {"goods"}),
]
"""S17 in one table: place, and the kinds that may be there."""


def kind_of(context: str) -> str | None:
    """Which of the eight kinds is sealed for this context; None for none of them."""
    for pattern, kind in KINDS.items():
        if re.fullmatch(pattern, context):
            return kind
    return None


def is_allowed(kind: str, where: str) -> bool:
    """Whether a secret of this kind may be there."""
    names = (where, where.partition("?")[0])
    return any(
        kind in kinds and re.fullmatch(place, name) for place, kinds in ALLOWED for name in names
    )

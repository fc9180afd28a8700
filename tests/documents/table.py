"""Who types the blocks of the pages: a test, the long command, or nobody, for a reason."""

from __future__ import annotations

from .pages import Block

TYPED_BY = {
    "docs/api.md": "tests/documents/test_api_page.py",
    "docs/install.md": "tests/documents/test_first_order.py",
    "docs/modules/steam_rent.md": "tests/modules/test_rent_page.py",
    "docs/modules/telegram_bot.md": "tests/telegram/test_telegram_page.py",
}
"""Pages whose blocks a test types, all but those below."""

LONG = "takes minutes: typed by `python -m tests.documents`"
ROOT_ONLY = "needs root and systemd"
TWIN = "the commands of README.md"
WAITS = "serves until Ctrl-C: started by `python -m tests.documents`"

UNTYPED = {
    ("CONTRIBUTING.md", "make lint test"): "the commands of other pages",
    ("README.md", "make demo"): LONG,
    ("README.md", "make setup"): LONG,
    ("README.md", "make lint test"): "what CI runs",
    ("README.ru.md", "make demo"): TWIN,
    ("README.ru.md", "make setup"): TWIN,
    ("README.ru.md", "make lint test"): TWIN,
    ("docs/backup.md", ".venv/bin/python app.py backup"): LONG,
    ("docs/backup.md", ".venv/bin/python app.py doctor"): LONG,
    ("docs/chaos.md", ".venv/bin/python -m tests.chaos"): LONG,
    ("docs/demo.md", "make demo"): TWIN,
    ("docs/demo.md", "curl $STEAM/buyers"): "needs what a tenant of the running demo was told",
    ("docs/fuzz.md", "make fuzz"): "takes minutes",
    ("docs/install.md", "cd /opt/opium"): ROOT_ONLY,
    ("docs/install.md", "cd opium"): ROOT_ONLY,
    ("docs/install.md", "echo OPIUM_TRUSTED_PROXIES"): ROOT_ONLY,
    ("docs/install.md", "printf 'OPIUM_SOCKET"): ROOT_ONLY,
    ("docs/install.md", "umask 077"): "needs Docker",
    ("docs/keys.md", "cd /opt/opium"): ROOT_ONLY,
    ("docs/metrics.md", "openssl rand -hex 24"): ROOT_ONLY,
    ("docs/modules/auto_delivery.md", "base64 -w0"): "needs pictures of yours",
    ("docs/modules/steam_rent.md", "curl -X POST $RENT/proxies"): "needs a proxy of yours",
    (
        "docs/moving-in.md",
        ".venv/bin/python app.py import-legacy",
    ): "needs the folder of the old program",
    (
        "docs/moving-in.md",
        ".venv/bin/python app.py import-cardinal",
    ): "needs the folder of the old program",
    ("docs/sandbox.md", ".venv/bin/python -m sandbox"): WAITS,
    ("sandbox/steam/README.md", ".venv/bin/python -m sandbox"): WAITS,
    ("sandbox/telegram/README.md", ".venv/bin/python -m sandbox"): WAITS,
}
"""By page and the beginning of a block's first line."""


def reason(block: Block) -> str | None:
    """Why a block is not typed by any test of the suite; None if one does, or nobody says why."""
    if block.first.startswith("sudo "):
        return ROOT_ONLY
    for (page, beginning), why in UNTYPED.items():
        if page == block.page and block.first.startswith(beginning):
            return why
    return None

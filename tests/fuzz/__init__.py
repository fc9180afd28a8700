"""Made-up and hostile requests for every route: `python -m tests.fuzz` (docs/fuzz.md)."""

from __future__ import annotations

import sys
from pathlib import Path

# The cast of the web tests sets the stage here too; as a program nobody else makes it known.
_TESTS = Path(__file__).resolve().parents[1]
for _folder in (str(_TESTS), str(_TESTS / "web")):
    if _folder not in sys.path:
        sys.path.insert(0, _folder)

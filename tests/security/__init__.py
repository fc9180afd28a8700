"""What docs/security.md promises, and the bugs that its tests must see (`mutants`)."""

from __future__ import annotations

import sys
from pathlib import Path

# Run as a program nobody else makes the other folders of tests known.
_TESTS = str(Path(__file__).resolve().parents[1])
if _TESTS not in sys.path:
    sys.path.insert(0, _TESTS)

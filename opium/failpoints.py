"""Named places where a crash test can end the process: `OPIUM_FAILPOINT=name:k` (fault matrix).

`OPIUM_FAILPOINT=full:k` ends nothing: the k-th commit finds the disk full. In normal runs `hit`
and `full` cost one comparison.
"""

from __future__ import annotations

import os
import signal

_name, _, _count = os.environ.get("OPIUM_FAILPOINT", "").partition(":")
_left = int(_count or 1) if _name else 0


def hit(name: str) -> None:
    """End this process with SIGKILL at the k-th hit of the configured name."""
    global _left
    if name != _name:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def full() -> bool:
    """Whether this is the commit that finds the disk full."""
    global _left
    if _name != "full":
        return False
    _left -= 1
    return _left == 0

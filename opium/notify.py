"""What systemd is told: ready, alive, stopping (sd_notify(3)).

One datagram to a socket is the whole protocol. The packages for it are unmaintained or need
systemd's headers to be built, so these are lines of our own. Without systemd nothing is sent.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

log = logging.getLogger("opium.notify")

LONGEST = 200
"""Characters of a STATUS line."""


class Systemd:
    """The socket of `Type=notify`; `watchdog` is WatchdogSec in seconds, None without one."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        # "@" stands for the zero byte with which names outside the file system begin.
        self._address = "\0" + name[1:] if name.startswith("@") else name
        self.watchdog = _watchdog(environ) if name else None

    @property
    def listens(self) -> bool:
        """Whether anybody asked to be told."""
        return bool(self._address)

    def tell(self, *lines: str) -> None:
        """Send lines such as READY=1; a socket that is gone stops nothing."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.setblocking(False)
                sock.sendto("\n".join(lines).encode(), self._address)
        except OSError as exc:
            log.warning("systemd cannot be told %s: %s", lines, exc)


def status(text: str) -> str:
    """The line that `systemctl status` shows."""
    return f"STATUS={' '.join(text.split())[:LONGEST]}"


def _watchdog(environ: Mapping[str, str]) -> float | None:
    """None if there is no watchdog, or if it watches another process."""
    pid, microseconds = environ.get("WATCHDOG_PID"), environ.get("WATCHDOG_USEC", "")
    if pid not in (None, str(os.getpid())) or not microseconds.isdecimal():
        return None
    return int(microseconds) / 1_000_000 or None

"""A whole Debian in a folder, where install.sh can do what it likes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
FROM_HERE = ("etc/resolv.conf", "etc/hosts", "etc/pip.conf")
"""So that apt and pip reach what they reach on this machine."""

AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
AUTHORITIES_THERE = "/etc/ssl/of-the-machine.crt"

INSIDE = {
    "HOME": "/root",
    "PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
    "PIP_FIND_LINKS": "",
}

SYSTEMCTL = """#!/bin/sh
# The stand-in is written in Python, which install.sh may have to bring first.
case $1 in --version) echo 'systemd 252 (a stand-in)'; exit ;; esac
exec python3 /usr/local/lib/standin.py "$@"
"""
JOURNALCTL = """#!/bin/sh
tail -n 1 /run/standin/opium.out
"""


class Unusable(Exception):
    """No such root can be made on this machine; the text says why."""


class Root:
    """Made by `debootstrap` in `folder`; call `close`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if os.geteuid() != 0:
            raise Unusable("it needs root")
        if shutil.which("debootstrap", path="/usr/sbin:" + os.environ["PATH"]) is None:
            raise Unusable("debootstrap is not on this machine")
        self._make()

    def run(self, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """A command inside; its output is kept together."""
        kept = {
            name: AUTHORITIES_THERE if value == AUTHORITIES else value
            for name, value in os.environ.items()
            if not name.startswith("OPIUM_")
        }
        return subprocess.run(
            ["chroot", str(self.folder), *command],
            env=kept | INSIDE,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )

    def bring(self, source: Path, place: str) -> Path:
        """The project as a person unpacks it, without what git ignores; the folder outside."""
        target = self.folder / place.lstrip("/")
        shutil.copytree(
            source,
            target,
            ignore=shutil.ignore_patterns(
                ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "instance",
                "demo-instance", "tests",
            ),
        )  # fmt: skip
        return target

    def path(self, inside: str) -> Path:
        return self.folder / inside.lstrip("/")

    def close(self) -> None:
        if self.path("/run/standin/opium.pid").exists():
            self.run("systemctl", "stop", "opium")
        subprocess.run(["umount", str(self.path("/proc"))], check=False)
        shutil.rmtree(self.folder)

    def _make(self) -> None:
        made = subprocess.run(
            ["debootstrap", "--variant=minbase", SUITE, str(self.folder), MIRROR],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        if made.returncode != 0:
            raise Unusable("debootstrap failed: " + " ".join(made.stdout.splitlines()[-1:]))
        self.folder.chmod(0o755)
        for name in FROM_HERE:
            if Path("/", name).exists():
                shutil.copy(Path("/", name), self.folder / name)
        self.path("/etc/ssl").mkdir(exist_ok=True)
        shutil.copy(AUTHORITIES, self.path(AUTHORITIES_THERE))
        subprocess.run(["mount", "-t", "proc", "proc", str(self.path("/proc"))], check=True)
        for name, text in (("systemctl", SYSTEMCTL), ("journalctl", JOURNALCTL)):
            self.path(f"/usr/bin/{name}").write_text(text)
            self.path(f"/usr/bin/{name}").chmod(0o755)
        lib = self.path("/usr/local/lib")
        lib.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(__file__).with_name("standin.py"), lib)

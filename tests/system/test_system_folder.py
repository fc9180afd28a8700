"""The folder is another user's, or its disk is read-only: a sentence, and nothing is broken."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from chaos.processes import ROOT, Server, environment, until

pytestmark = pytest.mark.system

NOBODY = 65534


def told(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "app.py", *words],
        cwd=ROOT,
        env=environment({"OPIUM_INSTANCE": str(folder)}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def status(server: Server) -> str:
    """The refusal of a route that needs the database; "" while nobody listens yet."""
    try:
        answer = server.call("GET", "/api/status")
    except requests.ConnectionError:
        return ""
    assert answer.status_code == 503
    return str(answer.text)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
@pytest.mark.parametrize("command", ["", "backup"])
def test_root_makes_nothing_in_the_folder_of_the_service(tmp_path: Path, command: str) -> None:
    """A file of root's there, the counter of starts above all, would stop or hold the shop."""
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o700)
    os.chown(folder, NOBODY, NOBODY)
    done = told(folder, *command.split())
    assert done.returncode == 78
    assert done.stderr.startswith(f"The folder {folder} belongs to ")
    assert "run this with sudo -u " in done.stderr
    assert list(folder.iterdir()) == []


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own for the folder; `remounted` turns it."""
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o700)
    mounted = subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("this user may not mount")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def remounted(disk: Path, how: str) -> None:
    """`ro` takes nothing any more, `rw` does."""
    subprocess.run(["mount", "-o", f"remount,bind,{how}", disk], check=True)


def test_a_disk_that_is_read_only_at_the_start_is_waited_for(
    disk: Path, new_server: Callable[..., Server]
) -> None:
    """Row 88: 503 with the reason, nothing is sent, and it goes on by itself."""
    server = new_server(disk.name)
    server.start()
    server.wait_ready()
    server.end()
    remounted(disk, "ro")
    doctor = told(disk, "doctor")
    assert doctor.returncode == 1
    assert "its disk is read-only" in doctor.stdout
    assert "damaged" not in doctor.stdout
    server.start()
    until(lambda: "read-only" in status(server), 20, "it does not say what is wrong")
    assert server.call("GET", "/api/health").status_code == 200
    remounted(disk, "rw")
    server.wait_ready()

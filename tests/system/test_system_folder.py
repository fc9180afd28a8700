"""The folder is another user's, or its disk is read-only: a sentence, and nothing is broken."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
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
def read_only(tmp_path: Path) -> Callable[[Path, bool], None]:
    """Turns a folder into a disk that takes nothing, and back."""

    def turn(folder: Path, on: bool) -> None:
        if not os.path.ismount(folder):
            mounted = subprocess.run(["mount", "--bind", folder, folder], capture_output=True)
            if mounted.returncode != 0:
                pytest.skip("this user may not mount")
        options = f"remount,bind,{'ro' if on else 'rw'}"
        subprocess.run(["mount", "-o", options, folder], check=True)

    return turn


def test_a_disk_that_is_read_only_at_the_start_is_waited_for(
    new_server: Callable[..., Server], read_only: Callable[[Path, bool], None]
) -> None:
    """Row 88: 503 with the reason, nothing is sent, and it goes on by itself."""
    server = new_server()
    server.start()
    server.wait_ready()
    server.end()
    read_only(server.folder, True)
    try:
        doctor = told(server.folder, "doctor")
        assert doctor.returncode == 1
        assert "its disk is read-only" in doctor.stdout
        assert "damaged" not in doctor.stdout
        server.start()
        until(lambda: "read-only" in status(server), 20, "it does not say what is wrong")
        assert server.call("GET", "/api/health").status_code == 200
        read_only(server.folder, False)
        server.wait_ready()
    finally:
        read_only(server.folder, False)
        server.end()
        subprocess.run(["umount", "--lazy", server.folder], check=True)

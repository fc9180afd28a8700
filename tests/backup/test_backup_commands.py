"""`app.py backup`, `restore` and `doctor` as a person types them, beside a running server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos.processes import ROOT, Marketplace, Server, until
from chaos.shops import fill, open_shop, watch

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def market() -> Iterator[Marketplace]:
    process = Marketplace()
    yield process
    process.close()


@pytest.fixture
def server(market: Marketplace, tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "instance", market.url)
    made.start()
    made.wait_ready()
    yield made
    made.close()


def types(server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "app.py", *words],
        cwd=ROOT,
        env={**os.environ, "OPIUM_INSTANCE": str(server.folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def told(market: Marketplace, buyer: str, seller: str) -> list[str]:
    dialog = market.ask("GET", f"/messages?viewer={buyer}&other={seller}")
    return [m["text"].splitlines()[0] for m in dialog if m["text"].startswith("KEY-")]


def test_a_backup_beside_the_server_and_its_restore(market: Marketplace, server: Server) -> None:
    shop = open_shop(market, "night")
    watch(server, shop)
    fill(server, shop, "Ключ", shop.new_keys(5))
    server.wait_state("night", "running")
    made = types(server, "backup")
    assert made.returncode == 0, made.stderr
    path = Path(made.stdout.splitlines()[0])
    assert path.parent == server.folder / "backups"
    assert path.stat().st_mode & 0o777 == 0o600
    elsewhere = server.folder.parent / "usb"
    elsewhere.mkdir()
    assert types(server, "backup", "--to", str(elsewhere)).returncode == 0
    assert len(list(elsewhere.glob("opium-*.db"))) == 1
    again = types(server, "backup", "--to", str(path))
    assert (again.returncode, "exists already" in again.stderr) == (1, True)

    market.buyer("owl")
    market.buy("owl", shop.lots["Ключ"])
    until(lambda: told(market, "owl", "night"), 20, "nothing was delivered")

    refused = types(server, "restore", str(path))
    assert refused.returncode == 1
    assert "stop the service first" in refused.stderr
    assert server.end() == 0
    done = types(server, "restore", str(path))
    assert done.returncode == 0, done.stderr
    assert "former database is kept at" in done.stdout

    server.start()
    server.wait_ready()
    market.buy("owl", shop.lots["Ключ"])

    def ready_to_release() -> list[int]:
        items = server.ask("GET", "/api/alerts?open=true")["items"]
        found = [i["id"] for i in items if i["kind"] == "reconcile"]
        return [n for n in found if server.call("POST", f"/api/alerts/{n}/ack").status_code == 200]

    assert told(market, "owl", "night") == ["KEY-night-00000"]
    until(ready_to_release, 30, "the account is not read again")
    market.buy("owl", shop.lots["Ключ"])
    until(lambda: len(told(market, "owl", "night")) >= 2, 20, "nothing more was delivered")
    keys = told(market, "owl", "night")
    assert len(set(keys)) == len(keys)


def test_latest_without_backups_and_a_file_that_is_not_there(server: Server) -> None:
    assert server.end() == 0
    for which, reason in (("latest", "no backups"), ("/nowhere.db", "no file")):
        run = types(server, "restore", which)
        assert run.returncode == 1
        assert reason in run.stderr
        assert len(run.stderr.splitlines()) == 1


def test_the_doctor_beside_the_server(server: Server) -> None:
    for copy in (server.folder / "backups").glob("*.db"):
        copy.unlink()
    (server.folder / "data.key").chmod(0o644)
    run = types(server, "doctor")
    assert run.returncode == 1, run.stdout + run.stderr
    said = [line for line in run.stdout.splitlines() if line.startswith("!!")]
    said = [" ".join(line.split()) for line in said]
    assert f"!! folder {server.folder}/data.key is open to others" in said[0]
    assert said[1:] in ([], ["!! backups there are none: python app.py backup"])
    (server.folder / "data.key").chmod(0o600)
    assert types(server, "backup").returncode == 0
    run = types(server, "doctor")
    assert (run.returncode, run.stdout.splitlines()[-1]) == (0, "All is well."), run.stdout

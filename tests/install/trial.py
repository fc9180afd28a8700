"""install.sh from an empty Debian on: installed, updated, broken, brought back, removed.

python -m tests.install.trial      needs root, debootstrap, and the registries of Debian and PyPI

Everything is real but systemd, whose part `standin.py` plays. A few minutes; exit code 1 if a
scene went wrong, and with --keep the root stays to be looked at.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests

from bench.stand import free_port

from .root import ROOT, Root, Unusable

PASSWORD = "a password for the trial"
RELEASES = "/opt/opium/releases"
UNREADY = ("--wait", "15")


class Trial:
    """The scenes, in their order; each begins where the one before it ended."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.port = free_port()
        self.api = requests.Session()
        self.api.trust_env = False
        self.said = ""

    def scenes(self) -> list[Callable[[], None]]:
        return [
            self.a_fresh_install_serves_and_knows_the_password,
            self.an_update_keeps_data_settings_and_the_key,
            self.a_version_that_does_not_start_is_taken_back,
            self.a_version_that_changed_the_tables_and_failed_is_taken_back_with_them,
            self.an_update_that_changed_the_tables_can_be_taken_back_by_hand,
            self.uninstalling_leaves_the_data,
            self.installing_again_finds_them,
        ]

    def a_fresh_install_serves_and_knows_the_password(self) -> None:
        self.root.bring(ROOT, "/root/opium")
        self.root.path("/opt/opium").mkdir(parents=True)
        settings = f"OPIUM_PORT={self.port}\nOPIUM_FUNPAY_URL=http://127.0.0.1:9\n"
        self.root.path("/opt/opium/.env").write_text(settings)
        self.root.path("/root/password").write_text(PASSWORD + "\n")
        assert "--password-file" in self.install(code=1), "it does not ask for a password file"
        self.install("--password-file", "/root/password", "--data-key-credential")
        assert PASSWORD not in self.said
        self.signs_in()
        self.call("POST", "/api/accounts", {"account_id": "shop", "golden_key": "k" * 32})
        assert self.mode("/etc/opium/data.key") == (0, 0o600)
        assert not self.root.path("/opt/opium/instance/data.key").exists()
        assert self.mode("/opt/opium/instance")[1] == 0o700
        found = self.root.run(
            "setpriv", "--reuid=opium", "--regid=opium", "--clear-groups",
            "find", "-L", "/opt/opium", "-writable", "-not", "-path", "*/instance*",
        ).stdout  # fmt: skip
        assert found == "", f"the service may write {found}"

    def an_update_keeps_data_settings_and_the_key(self) -> None:
        before = self.current()
        self.install()
        assert self.current() != before
        self.keeps_the_shop()
        assert "/opt/opium/instance/backups/" in self.said
        assert len(list(self.root.path(RELEASES).iterdir())) == 2
        self.install("--back")
        assert self.current() == before
        self.keeps_the_shop()

    def a_version_that_does_not_start_is_taken_back(self) -> None:
        broken = self.version("broken")
        (broken / "app.py").write_text('raise SystemExit("this version is broken")\n')
        self.fails_and_goes_back("broken", "this version is broken")

    def a_version_that_changed_the_tables_and_failed_is_taken_back_with_them(self) -> None:
        later = self.version("later")
        self.add_migration(later)
        replace(later / "opium/core.py", "        self._count_start()\n", "        1 / 0\n")
        self.fails_and_goes_back("later", "Putting back the database")

    def an_update_that_changed_the_tables_can_be_taken_back_by_hand(self) -> None:
        self.add_migration(self.version("newer"))
        before = self.current()
        self.install(source="newer")
        self.keeps_the_shop()
        self.install("--back")
        assert "the database of before it comes back" in self.said
        assert self.current() == before
        self.keeps_the_shop()

    def uninstalling_leaves_the_data(self) -> None:
        self.install("--uninstall")
        assert not self.root.path("/etc/systemd/system/opium.service").exists()
        assert not self.root.path(RELEASES).exists()
        for path in ("/opt/opium/instance/opium.db", "/opt/opium/.env", "/etc/opium/data.key"):
            assert self.root.path(path).exists(), path
        try:
            self.api.get(self.url("/api/health"), timeout=2)
        except requests.ConnectionError:
            return
        raise AssertionError("it still serves")

    def installing_again_finds_them(self) -> None:
        self.install()
        assert "password stays as it is" in self.said
        self.keeps_the_shop()

    # --- hands ---

    def install(self, *options: str, source: str = "opium", code: int = 0) -> str:
        """install.sh of this copy of the project; what it printed."""
        run = self.root.run(f"/root/{source}/install.sh", *options)
        self.said = run.stdout
        assert run.returncode == code, f"it ended with {run.returncode}:\n{run.stdout}"
        assert "Traceback" not in run.stdout, run.stdout
        return run.stdout

    def fails_and_goes_back(self, source: str, word: str) -> None:
        before, began = self.current(), time.monotonic()
        self.install(*UNREADY, source=source, code=1)
        assert word in self.said, self.said
        assert "the version from before it runs again" in self.said
        assert self.current() == before
        self.keeps_the_shop()
        print(f"    back after {time.monotonic() - began:.0f} s with building")

    def version(self, name: str) -> Path:
        return self.root.bring(ROOT, f"/root/{name}")

    def add_migration(self, project: Path) -> None:
        folder = project / "opium/db/migrations"
        (last,) = [sorted(path.name for path in folder.glob("[0-9]*.py"))[-1][:3]]
        number = f"{int(last) + 1:03d}"
        (folder / f"{number}_trial.py").write_text(
            f'"""A table for the trial."""\nfrom alembic import op\n'
            f'revision, down_revision = "core_{number}", "core_{last}"\n'
            f'def upgrade():\n    op.execute("CREATE TABLE trial (x)")\n'
        )

    def signs_in(self) -> None:
        answer = self.api.post(
            self.url("/api/auth/login"),
            json={"username": "admin", "password": PASSWORD},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        self.api.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def keeps_the_shop(self) -> None:
        accounts = self.call("GET", "/api/accounts")
        assert [account["account_id"] for account in accounts] == ["shop"], accounts

    def call(self, method: str, path: str, body: object = None) -> list[dict[str, str]]:
        answer = self.api.request(method, self.url(path), json=body, timeout=20)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        found: list[dict[str, str]] = answer.json()
        return found

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def current(self) -> str:
        return str(self.root.path("/opt/opium/current").readlink())

    def mode(self, path: str) -> tuple[int, int]:
        """Owner and mode."""
        found = self.root.path(path).stat()
        return found.st_uid, found.st_mode & 0o777


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{path} has changed: {old!r}"
    path.write_text(text.replace(old, new))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the root behind")
    keep = parser.parse_args().keep
    began = time.monotonic()
    try:
        root = Root(Path(tempfile.mkdtemp(prefix="opium-trial-")))
    except Unusable as exc:
        print(f"Not tried: {exc}.")
        return 0
    trial = Trial(root)
    try:
        for number, scene in enumerate(trial.scenes(), 1):
            scene_began = time.monotonic()
            scene()
            name = scene.__name__.replace("_", " ")
            print(f"{number}. {name} ({time.monotonic() - scene_began:.0f} s)", flush=True)
    except AssertionError as exc:
        print(f"{number}. {scene.__name__.replace('_', ' ')}: WRONG: {exc}\n{trial.said}")
        return 1
    finally:
        trial.api.close()
        if keep:
            print(f"The root is {root.folder}")
        else:
            root.close()
    print(f"All scenes as they should be, {time.monotonic() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

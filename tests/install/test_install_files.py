"""What people install with, without installing: `python -m tests.install.trial` really does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from .root import ROOT

TOOLS = Path(sys.executable).parent
INSTALL = str(ROOT / "install.sh")


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "LC_ALL": "C", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [
        ("shellcheck", "install.sh", ".ci/run"),
        ("hadolint", "Dockerfile"),
        ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"),
    ],
    ids=lambda command: command[0],
)
def test_the_linter_finds_nothing(command: tuple[str, ...]) -> None:
    found = run(str(TOOLS / command[0]), *command[1:])
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--nothing"], "There is no option --nothing"),
        (["--password-file"], "--password-file needs a value"),
        (["--wait", "long"], "--wait needs a number of seconds"),
    ],
)
def test_a_wrong_option_is_named_in_one_line(options: list[str], sentence: str) -> None:
    refused = run("bash", INSTALL, *options)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.startswith(f"install.sh: {sentence}")
    assert len(refused.stderr.splitlines()) == 1


def test_help_names_every_option() -> None:
    accepted = set(re.findall(r"(?<=[\s|])(--[a-z-]+)(?=[ )])", _options()))
    assert accepted == set(
        re.findall(r"^  (--[a-z-]+)", run("bash", INSTALL, "--help").stdout, re.M)
    )


def _options() -> str:
    """The lines of install.sh that choose by option."""
    text = Path(INSTALL).read_text(encoding="utf-8")
    lines = text[text.index("case $1 in") : text.index("There is no option")].splitlines()
    return "\n".join(line for line in lines if re.match(r"\s+--", line))


@pytest.mark.parametrize(("version", "good"), [("249", False), ("250", True), ("252.39-1", True)])
def test_an_old_systemd_is_refused(tmp_path: Path, version: str, good: bool) -> None:
    if os.geteuid() != 0:
        pytest.skip("it looks at systemd as root only")
    tool = tmp_path / "systemctl"
    tool.write_text(f"#!/bin/sh\necho 'systemd {version} (x)'\n")
    tool.chmod(0o755)
    if Path("/opt/opium/previous").exists():
        pytest.skip("this machine has an Opium to go back from")
    refused = run("bash", INSTALL, "--back", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert refused.returncode == 1
    assert ("systemd 250" not in refused.stderr) == good


def test_the_container_may_do_nothing_but_serve() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"][
        "opium"
    ]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (.+)$", image, re.M)[-1] not in ("root", "0", "0:0")


def test_what_is_copied_into_the_image_is_not_ignored() -> None:
    kept = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.M)
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", image, re.M)
    assert {name for line in copied for name in line.split()} == set(kept)

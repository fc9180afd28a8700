"""Whether the pinned packages are those installed, and whether one of them has a known hole."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "requirements.txt"
WITHIN = 15
"""Seconds; CI does not wait longer for the advisories."""


def pinned(text: str) -> dict[str, str]:
    """Name → version of every line of a list of packages."""
    found = re.findall(r"^([\w.-]+)==([\w.]+)", text, re.M)
    return {canonicalize_name(name): version for name, version in found}


def closure(names: set[str]) -> dict[str, str]:
    """These packages and all that they need here, as installed; "" for what is missing."""
    found: dict[str, str] = {}
    waiting = [(name, frozenset[str]()) for name in sorted(names)]
    while waiting:
        name, extras = waiting.pop()
        known = name in found
        try:
            package = distribution(name)
        except PackageNotFoundError:
            found[name] = ""
            continue
        found[name] = package.version
        if known and not extras:
            continue
        for text in package.requires or ():
            needed = Requirement(text)
            if needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)
            ):
                one = canonicalize_name(needed.name)
                if one not in found or needed.extras:
                    waiting.append((one, frozenset(needed.extras)))
    return found


def holes() -> tuple[list[str], str | None]:
    """A line for each known hole in requirements.txt, and why the advisories were not read."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(LIST), "--no-deps", "--disable-pip"]
    command += ["--timeout", "5", "--progress-spinner", "off", "--format", "json"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN, check=False)
    except subprocess.TimeoutExpired:
        return [], f"no answer within {WITHIN} s"
    try:
        packages = json.loads(run.stdout)["dependencies"]
    except (ValueError, KeyError):
        return [], (run.stderr.strip().splitlines() or ["no answer"])[-1][:200]
    return read_audit(packages)


def read_audit(packages: list[dict[str, object]]) -> tuple[list[str], str | None]:
    """What pip-audit found, and how much it could not look up."""
    found = []
    for package in packages:
        for hole in package.get("vulns") or []:  # type: ignore[attr-defined]
            fixed = ", ".join(hole["fix_versions"]) or "no version yet"
            found.append(f"{package['name']} {package['version']}: {hole['id']}, fixed in {fixed}")
    skipped = [package for package in packages if "skip_reason" in package]
    why = f"{len(skipped)} of {len(packages)} packages have no advisories there"
    return found, why if skipped else None

"""python -m tests.canaries [pytest arguments]: the suite at DEBUG, every secret a canary (S1).

Without arguments the whole suite runs on two processes, which takes about a quarter of an hour.
Exit 1 if a secret was found where it may not be, or if a test failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run pytest with the plugin; then all hits, and how many secrets of each kind there were."""
    with tempfile.TemporaryDirectory(prefix="canaries-") as folder:
        path = os.pathsep.join([str(Path(__file__).parent / "site"), str(ROOT)])
        command = [sys.executable, "-m", "pytest", "-p", "tests.canaries.plugin"]
        command += ["-o", "timeout=400", *(sys.argv[1:] or ["-n", "2", "--dist", "worksteal"])]
        settings = {**os.environ, "PYTHONPATH": path, "CANARIES": folder}
        code = subprocess.run(command, cwd=ROOT, env=settings, check=False).returncode
        planted: Counter[str] = Counter()
        for file in Path(folder).glob("planted-*.txt"):
            planted.update(file.read_text(encoding="utf-8").splitlines())
        hits = sorted({line for file in Path(folder).glob("hits-*.txt")
                       for line in file.read_text(encoding="utf-8").splitlines()})  # fmt: skip
    print("\n".join(f"FOUND  {hit}" for hit in hits))
    print("planted: " + ", ".join(f"{kind} {n}" for kind, n in sorted(planted.items())))
    print(f"{len(hits)} hits")
    return 1 if hits or code else 0


if __name__ == "__main__":
    sys.exit(main())

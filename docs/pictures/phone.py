"""Draws docs/pictures/phone.png: the demo's phone after half a minute, as Chromium shows it.

python -m docs.pictures.phone (needs Chromium, and a font with emoji)
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from docs.pictures.make import RUN
from opium.config import ROOT

PICTURE = Path(__file__).parent / "phone.png"
SIZE = "900,1240"
PORTS = "8040, 8140"
UNTIL = "«Вернуть деньги», «Да»"
"""The last line of the timeline that shall be on the picture."""
LOADS = "2500"
"""Milliseconds, until the page has read the chat."""


def draw(url: str, folder: str) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("There is no Chromium here.")
    options = {
        "user-data-dir": folder,
        "virtual-time-budget": LOADS,
        "window-size": SIZE,
        "screenshot": str(PICTURE),
    }
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    words += [f"--{name}={value}" for name, value in options.items()]
    subprocess.run([browser, *words, url], check=True, capture_output=True, timeout=60)  # noqa: S603


def main() -> None:
    """Run the demo until the owner has pressed his buttons."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        script = RUN.format(f"{PORTS}, None, Path({folder!r}) / 'demo'")
        demo = subprocess.Popen(  # noqa: S603 our own program
            [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        url = ""
        for line in demo.stdout or ():
            if found := re.search(r"your phone +(\S+)", line):
                url = found[1]
            if UNTIL in line:
                draw(url, f"{folder}/browser")
                break
        demo.send_signal(signal.SIGINT)
        demo.communicate()
    print(f"{PICTURE.relative_to(ROOT)} is drawn.")


if __name__ == "__main__":
    main()

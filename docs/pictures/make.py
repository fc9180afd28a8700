"""Draws docs/pictures/*.svg from a real run of the demo: python -m docs.pictures.make"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

from opium.config import ROOT

HERE = Path(__file__).parent
SECONDS = 114
"""Until the second tenant of an account has signed in."""
LINES = 22
"""Of the first picture: what can be read in ten seconds."""
SALES = re.compile(r"^[\d:]{8}  (keyshop|phone)  ")
RENTAL = re.compile(r"^[\d:]{8}  (rentals|Steam)  ")
RUN = "import sys; from pathlib import Path; from opium.demo import run; sys.exit(run({}))"
CELL, LINE, MARGIN, BAR = 7.83, 20, 22, 36
COLOURS = {
    "1": "#ffffff",
    "2": "#8b949e",
    "32": "#7ee787",
    "1;32": "#7ee787",
    "33": "#e3b341",
    "34": "#79c0ff",
    "1;34": "#79c0ff",
    "35": "#d2a8ff",
    "36": "#76e3ea",
    "1;31": "#ff7b72",
}
PLAIN = "#c9d1d9"


def record() -> str:
    """What a person sees in a terminal, colours included."""
    ours, theirs = pty.openpty()
    with tempfile.TemporaryDirectory() as folder:
        given = f"8000, 8100, {SECONDS}, Path({folder!r}) / 'demo'"
        process = subprocess.Popen(  # noqa: S603 our own program
            [sys.executable, "-c", RUN.format(given)], cwd=ROOT, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        read = b""
        while True:
            try:
                some = os.read(ours, 65536)
            except OSError:  # Linux' way to say that the other side is closed
                break
            if not some:
                break
            read += some
        if process.wait() != 0:
            raise SystemExit(read.decode())
    return read.decode().replace("\r\n", "\n")


def draw(text: str) -> str:
    """The same as SVG, in a window; each coloured piece stands at its own column.

    Its ground is neither GitHub's light nor its dark one, so the window stands out on both.
    """
    lines = ["\033[1m$\033[0m make demo\n", *text.rstrip("\n").split("\n")]
    lines = [line.rstrip("\n") for line in lines]
    wide = max(len(re.sub(r"\033\[[0-9;]*m", "", line)) for line in lines)
    width = round(wide * CELL + 2 * MARGIN)
    height = BAR + len(lines) * LINE + MARGIN
    drawn = [_line(line, BAR + LINE * (number + 0.9)) for number, line in enumerate(lines)]
    fonts = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
    dots = zip((22, 42, 62), ("#ff5f57", "#febc2e", "#28c840"), strict=True)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="{fonts}" font-size="13" fill="{PLAIN}">',
            f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10" '
            'fill="#161b22" stroke="#3d444d"/>',
            *(f'<circle cx="{x}" cy="20" r="6" fill="{colour}"/>' for x, colour in dots),
            *(line for line in drawn if line),
            "</svg>\n",
        ]
    )


def _line(line: str, y: float) -> str:
    column, colour, pieces = 0, PLAIN, []
    for part in re.split(r"(\033\[[0-9;]*m)", line):
        if part.startswith("\033"):
            colour = COLOURS.get(part[2:-1], PLAIN)
            continue
        for word in re.finditer(r"\S+(?: \S+)*", part):
            x = MARGIN + (column + word.start()) * CELL
            fill = f' fill="{colour}"' if colour != PLAIN else ""
            length = f'textLength="{len(word[0]) * CELL:.1f}" lengthAdjust="spacingAndGlyphs"'
            pieces.append(f'<tspan x="{x:.1f}"{fill} {length}>{escape(word[0])}</tspan>')
        column += len(part)
    return f'<text y="{y:.1f}">{"".join(pieces)}</text>' if pieces else ""


def of_sales(text: str) -> str:
    """The first things that happened in one shop and on its owner's phone, and the verdict."""
    lines = text.rstrip("\n").split("\n")
    shown = [line for line in lines if SALES.match(line)]
    verdict = [f"\033[1m{line}\033[0m" for line in lines[-4:]]
    return "\n".join([lines[0], "", *shown[:LINES], "...", "", *verdict])


def of_rentals(text: str) -> str:
    """What happened in the shop that rents out, and at Steam."""
    return "\n".join(line for line in text.split("\n") if RENTAL.match(line))


if __name__ == "__main__":
    seen = record()
    for name, text in (("demo", of_sales(seen)), ("rental", of_rentals(seen))):
        picture = HERE / f"{name}.svg"
        picture.write_text(draw(text), encoding="utf-8")
        print(f"{picture.relative_to(ROOT)} is drawn.")

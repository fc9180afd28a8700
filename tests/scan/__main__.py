"""Exit 1 for a known hole or a slow pattern; advisories that cannot be reached are only told."""

from __future__ import annotations

import opium

from .packages import holes
from .patterns import scan


def main() -> int:
    found, unread = holes()
    count, slow = scan(opium)
    if unread is not None:
        print(f"The advisories could not all be read: {unread}.")
    for line in found:
        print(f"Known hole: {line}")
    for line in slow:
        print(f"Slow pattern: {line}")
    print(f"{count} patterns, {len(slow)} slow; {len(found)} known holes.")
    return 1 if found or slow else 0


if __name__ == "__main__":
    raise SystemExit(main())

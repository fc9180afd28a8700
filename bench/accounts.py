"""How much 50 accounts cost, and how fast a paid order is delivered.

python -m bench.accounts [--accounts 50] [--orders 60] [--seconds 30]
"""

from __future__ import annotations

import argparse
import statistics
import time

from bench.stand import Stand, until


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--orders", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    with Stand() as stand:
        print(f"health after {stand.health_after:.2f} s")
        began = time.monotonic()
        names = stand.shops(options.accounts)
        print(f"{len(names)} accounts running after {time.monotonic() - began:.1f} s")
        time.sleep(10)
        cpu, at = stand.cpu_seconds(), time.monotonic()
        time.sleep(options.seconds)
        spent, took = stand.cpu_seconds() - cpu, time.monotonic() - at
        print(f"idle: {100 * spent / took:.2f} % of a core, {stand.resident_mib():.0f} MiB")
        deliver(stand, names, options.orders)
        code, seconds = stand.stop()
        print(f"SIGTERM: exit {code} after {seconds:.2f} s")


def deliver(stand: Stand, names: list[str], orders: int) -> None:
    """Pay orders over the accounts and measure from payment to goods, by the sandbox's log."""
    lots = {}
    for name in names:
        lots[name] = stand.sandbox("POST", "/lots", {"seller": name, "title": "Key", "amount": 999})
        path = f"/api/accounts/{name}/modules"
        stand.api("POST", path, {"module_name": "auto_delivery"})
        product = stand.api(
            "POST",
            f"{path}/auto_delivery/products",
            {"name": "Key", "kind": "static", "static_text": "GOODS"},
        )
        mapping = {"product_id": product["product_id"], "match": "exact", "pattern": "Key"}
        stand.api("POST", f"{path}/auto_delivery/lot-mappings", mapping)
    stand.sandbox("POST", "/buyers", {"name": "ann"})
    paid: dict[str, float] = {}
    for n in range(orders):
        lot = lots[names[n % len(names)]]
        order = stand.sandbox("POST", "/orders", {"buyer": "ann", "lot": lot["id"]})
        paid[order["id"]] = time.monotonic()
        time.sleep(0.2)
    sent = until(lambda: arrivals(stand, paid), 60, 0.5)
    waits = sorted(sent[order] - at for order, at in paid.items())
    p95 = waits[int(len(waits) * 0.95)]
    print(
        f"payment to goods: median {statistics.median(waits):.2f} s, p95 {p95:.2f} s, "
        f"worst {waits[-1]:.2f} s over {orders} orders"
    )


def arrivals(stand: Stand, paid: dict[str, float]) -> dict[str, float] | None:
    """When each order's goods arrived (monotonic time), once all have."""
    found: dict[str, float] = {}
    for entry in stand.sandbox("GET", "/log?what=message&limit=100000"):
        for order in paid:
            if f"#{order}-D" in entry.get("text", ""):
                found.setdefault(order, entry["mono"])
    return found if len(found) == len(paid) else None


if __name__ == "__main__":
    main()

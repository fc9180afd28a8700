"""What happens, as lines: read from the sandbox's log, and from Opium what the site cannot know."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Any

from opium.demo import rental
from opium.demo.calls import OpiumApi, Sandbox
from opium.demo.sales import Sale, Sales
from opium.demo.shop import BUYERS, SELLERS, Shop, module
from opium.demo.timeline import Line

MARKER = re.compile(r"^#(?P<order>[A-Z0-9]{8})-(?P<kind>D|R\d+-)\d+/(?P<of>\d+)$", re.M)
LOGIN = re.compile(r"^Логин: (\S+)$", re.M)
STATES = {"waiting_stock": "waiting", "held": "held", "failed": "failed"}
FOR_WHAT = {"no_account": "for an account", "existing_rental": "the buyer has to choose"}
Entry = dict[str, Any]
Told = tuple[str, str, str, str] | None


class Facts:
    """`site` and `opium` give what is new; `sales` is the account of all orders so far."""

    def __init__(self, sandbox: Sandbox, api: OpiumApi, shop: Shop) -> None:
        self.sales = Sales()
        self._sandbox, self._api, self._shop = sandbox, api, shop
        everybody = SELLERS | BUYERS | rental.SELLERS | rental.TENANTS
        self._people = {number: name for name, number in everybody.items()}
        self._lots = {lot.id: lot for lot in shop.lots}
        self._tell = {
            "order": self._order,
            "message": self._message,
            "refund": self._refund,
            "confirm": self._confirm,
            "review": self._review,
        }
        self._raises: list[tuple[Entry, float]] = []
        self._seen = 0

    def site(self) -> list[Line]:
        """What arrived at the marketplace since the last call."""
        lines = []
        for entry in self._sandbox.get("/log", since=self._seen):
            self._seen = entry["n"]
            if entry["what"] == "raise":
                self._raises.append((entry, time.monotonic()))
            elif entry["what"] in self._tell and (told := self._tell[entry["what"]](entry)):
                lines.append(Line(_when(entry), *told))
        return lines

    def opium(self) -> list[Line]:
        """What Opium decided since the last call: who has to wait, and the next raise."""
        waiting = [line for name in SELLERS for line in self._waiting(name)]
        return waiting + self._waiting_to_rent() + self._raised()

    def _waiting(self, name: str) -> list[Line]:
        lines = []
        found = self._api.get(f"{module(name, 'auto_delivery')}/deliveries", limit=30)
        for delivery in found["items"]:
            sale = self.sales.get(delivery["order_id"])
            if sale is None or delivery["status"] == sale.status:
                continue
            sale.status = delivery["status"]
            if what := STATES.get(sale.status):
                sale.waited = True
                text = "for stock" if what == "waiting" else delivery["error"] or ""
                # Opium tells whole seconds.
                at = max(sale.at, datetime.fromisoformat(delivery["created_at"]))
                lines.append(Line(at, name, what, sale.order, text))
        return lines

    def _waiting_to_rent(self) -> list[Line]:
        sales = [sale for sale in self.sales.values() if sale.lot is rental.LOT]
        lines, pending = [], {}
        if sales:  # before the first one the shop may not be open
            pending = {o["order_id"]: o for o in self._api.get(f"{rental.HERE}/pending-orders")}
        for sale in sales:
            order = pending.get(sale.order)
            before, sale.status = sale.status, order["reason"] if order else ""
            if order and sale.status != before:
                sale.waited = True
                at = max(sale.at, datetime.fromisoformat(order["created_at"]))
                text = FOR_WHAT.get(sale.status, sale.status)
                lines.append(Line(at, rental.RENTALS, "waiting", sale.order, text))
        return lines

    def _raised(self) -> list[Line]:
        """Opium knows when the next raise may be, a moment after this one."""
        lines, later = [], []
        for entry, seen in self._raises:
            told = self._api.get(f"{module(entry['account'], 'auto_raise')}/status")
            wait = told["next_raises"].get(str(entry["game"]), {}).get("next_raise_in", 0)
            if not wait and time.monotonic() - seen < 5:
                later.append((entry, seen))
                continue
            game = self._shop.games.get(entry["game"], "")
            text = f"{game}, next in {_hours(wait)}" if wait else game
            lines.append(Line(_when(entry), entry["account"], "raised", "", text))
        self._raises = later
        return lines

    # --- entries of the log

    def _order(self, e: Entry) -> Told:
        lot = self._lots.get(e["lot"])
        if lot is None:
            return None
        self.sales[e["order"]] = Sale(
            e["order"], lot, e["buyer"], e["amount"], paid=e["mono"], at=_when(e)
        )
        return e["account"], "paid", e["order"], f"{lot.title} ×{e['amount']}  by {e['buyer']}"

    def _message(self, e: Entry) -> Told:
        marker = MARKER.search(e["text"])
        sale = self.sales.get(marker["order"]) if marker and e["via"] == "http" else None
        if marker and sale:
            return self._goods(sale, marker, e)
        names = [self._people.get(int(n), n) for n in re.findall(r"\d+", e["node"])]
        other = next((name for name in names if name != e["account"]), e["node"])
        first = e["text"].split("\n")[0]
        if e["account"] in SELLERS or e["account"] in rental.SELLERS:
            return e["account"], "message", "", f"to {other}: «{first}»"
        return other, "message", "", f"{e['account']}: «{first}»"

    def _goods(self, sale: Sale, marker: re.Match[str], e: Entry) -> Told:
        if marker["kind"] != "D":
            return e["account"], "sent again", sale.order, f"{sale.buyer} asked for it"
        lines = e["text"].split("\n")
        if sale.lot.stock is not None and not self._shop.goods.intersection(lines):
            self._learn_goods(sale)
        goods = [line for line in lines if line in self._shop.goods]
        if not sale.got(marker[0], int(marker["of"]), goods, e["mono"]):
            return None
        if sale.lot is rental.LOT:
            return self._rented(sale, e["text"])
        wait = ", after a wait for stock" if sale.waited else ""
        return e["account"], "delivered", sale.order, f"in {sale.seconds:.1f} s{wait}"

    def _rented(self, sale: Sale, text: str) -> Told:
        login = LOGIN.search(text)
        if login is None:
            return sale.lot.seller, "extended", sale.order, f"{sale.buyer} has more time"
        wait = ", after a wait" if sale.waited else f", in {sale.seconds:.1f} s"
        got = f"{sale.buyer} got {login[1]} and its password{wait}"
        return sale.lot.seller, "rented", sale.order, got

    def _learn_goods(self, sale: Sale) -> None:
        """Somebody put goods of his own on the shelf: which ones, only Opium knows."""
        path = f"{module(sale.lot.seller, 'auto_delivery')}/products/{sale.lot.product}/stock"
        found = self._api.get(path, reveal="true", limit=500)["items"]
        self._shop.goods.update(line["text"] for line in found)

    def _refund(self, e: Entry) -> Told:
        sale = self.sales.get(e["order"])
        if sale is None:
            return None
        sale.refunded = True
        return e["account"], "refunded", sale.order, f"{sale.buyer} has the money back"

    def _confirm(self, e: Entry) -> Told:
        sale = self.sales.get(e["order"])
        return (sale.lot.seller, "confirmed", sale.order, f"by {sale.buyer}") if sale else None

    def _review(self, e: Entry) -> Told:
        sale, text = self.sales.get(e["order"]), f"{'★' * e['stars']} «{e['text']}»"
        return (sale.lot.seller, "review", sale.order, text) if sale else None


def _when(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry["wall"])


def _hours(seconds: int) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = [f"{n} {unit}" for n, unit in ((hours, "h"), (minutes, "min")) if n]
    return " ".join(parts) or "a moment"

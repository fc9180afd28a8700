"""`import-cardinal`: a shop of FunPayCardinal as an account with auto_delivery."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from opium.importing import cardinal_read, cardinal_texts
from opium.importing.cardinal_read import OldLot, Section, Shop
from opium.importing.draft import Draft, Premises
from opium.importing.report import NotImported, Report, plain

CHUNK = 5000
LONGEST_NAME = 120
SWITCHES = {
    "autoDelivery": "enabled",
    "multiDelivery": "multi_quantity",
    "autoRestore": "auto_restore_lots",
    "autoDisable": "auto_deactivate_lots",
}
LOT_SWITCHES = {
    "disableMultiDelivery": "multi_quantity",
    "disableAutoRestore": "auto_restore",
    "disableAutoDisable": "auto_deactivate",
}
TAKEN_SECTIONS = {"FunPay", "Proxy", "BlockList"}
PROXY_TYPES = ("http", "https", "socks5")


def import_cardinal(
    premises: Premises, root: Path, account_id: str, *, start: bool = False
) -> Report:
    """Take a shop over, whole or not at all; what is there already stays as it is."""
    report = Report(plain(account_id))
    try:
        shop = cardinal_read.read(root, report)
        with premises.draft() as draft:
            if draft.has(account_id):
                report.outcome = "the account is there already; what it lacked was imported"
            else:
                _account(draft, account_id, shop.main, report, start=start)
            _delivery(draft, f"/api/accounts/{account_id}", shop, report)
    except NotImported as exc:
        report.refuse(str(exc))
    if not report.new and not report.failed:
        report.outcome = "already there: nothing was changed"
    return report


def _account(
    draft: Draft, account_id: str, main: dict[str, Section], report: Report, *, start: bool
) -> None:
    funpay = main.get("FunPay", {})
    key = (funpay.get("golden_key") or "").strip()
    if not key:
        raise NotImported("configs/_main.cfg has no golden_key: create the account in Opium first.")
    body: dict[str, Any] = {"account_id": account_id, "golden_key": key}
    if agent := (funpay.get("user_agent") or "").strip():
        body["user_agent"] = agent
    if proxy := _proxy(main.get("Proxy", {})):
        body["proxy"] = proxy
    base = f"/api/accounts/{account_id}"
    draft.ask("configs/_main.cfg", "POST", "/api/accounts", body)
    if not start:
        draft.ask("configs/_main.cfg", "POST", f"{base}/stop")
    report.taken["account"] += 1
    if _on(funpay, "autoRaise"):
        given = {"module_name": "auto_raise", "config": {"enabled": True}}
        draft.ask("configs/_main.cfg: autoRaise", "POST", f"{base}/modules", given)
        report.taken["module auto_raise"] += 1
    for name in main.keys() - TAKEN_SECTIONS:
        report.left_out.append(f"configs/_main.cfg: section {plain(name)}")


def _proxy(section: Section) -> str | None:
    host, port = (section.get(key, "").strip() for key in ("ip", "port"))
    if not _on(section, "enable") or not host:
        return None
    kind = section.get("type", "").strip().lower()
    login, password = (quote(section.get(k, "").strip(), safe="") for k in ("login", "password"))
    who = f"{login}:{password}@" if login else ""
    return f"{kind if kind in PROXY_TYPES else 'http'}://{who}{host}:{port}"


def _delivery(draft: Draft, base: str, shop: Shop, report: Report) -> None:
    """Settings, products, lines, mappings. What is there is not changed."""
    here = f"{base}/modules/auto_delivery"
    attached = {row["name"] for row in draft.ask("modules", "GET", f"{base}/modules")}
    if "auto_delivery" not in attached:
        given = {"module_name": "auto_delivery", "config": _settings(shop)}
        draft.ask("configs/_main.cfg", "POST", f"{base}/modules", given)
        report.taken["module auto_delivery"] += 1
        report.taken["buyers on the blacklist"] += len(shop.blacklist)
    products = {
        row["name"]: row["product_id"] for row in draft.ask("products", "GET", f"{here}/products")
    }
    for lot in shop.lots:
        where = f"auto_delivery.cfg: {plain(lot.title)}"
        name = _name(lot)
        if name not in products:
            body = _product(lot, name, where, report)
            if body is None:
                continue
            made = draft.ask(where, "POST", f"{here}/products", body)
            products[name] = made["product_id"]
            report.taken["products"] += 1
        elif lot.goods is not None:
            _compare(lot, shop, where, report)
        _map(draft, here, lot, products[name], where, report)
    for goods, lines in shop.goods.items():
        path = f"{here}/products/{products[_short(goods)]}/stock"
        _stock(draft, path, goods, lines, report)


def _settings(shop: Shop) -> dict[str, Any]:
    funpay, blocks = shop.main.get("FunPay", {}), shop.main.get("BlockList", {})
    found: dict[str, Any] = {
        ours: _on(funpay, theirs) for theirs, ours in SWITCHES.items() if theirs in funpay
    }
    if shop.blacklist:
        found["blacklist"] = shop.blacklist
        found["skip_blacklisted"] = _on(blocks, "blockDelivery") if blocks else True
    return found


def _product(lot: OldLot, name: str, where: str, report: Report) -> dict[str, Any] | None:
    """What is made of a lot; None if there is nothing that a buyer could get."""
    body: dict[str, Any] = {
        "name": name,
        **{ours: False for theirs, ours in LOT_SWITCHES.items() if lot.on(theirs)},
    }
    if lot.goods is not None:
        text, lost = cardinal_texts.translated(lot.response or "$product")
        body |= {"kind": "stock", "delivery_text": text}
    else:
        goods, text, lost = cardinal_texts.parted(lot.response)
        if not goods:
            report.left_out.append(f"{where}: it has neither goods nor a text")
            return None
        body |= {"kind": "static", "static_text": goods, "delivery_text": text}
    for variable in lost:
        report.left_out.append(f"{where}: {plain(variable)}, which has no like here")
    return body


def _compare(lot: OldLot, shop: Shop, where: str, report: Report) -> None:
    """Lots that share goods share a product, and so its text."""
    first = next(other for other in shop.lots if other.goods == lot.goods)
    if first is not lot and first.response != lot.response:
        report.left_out.append(
            f"{where}: its own text; it shares the goods of {plain(first.title)}"
        )


def _map(draft: Draft, here: str, lot: OldLot, product: str, where: str, report: Report) -> None:
    off = lot.on("disable") or lot.on("disableAutoDelivery")
    body = {"product_id": product, "match": "exact", "pattern": lot.title, "enabled": not off}
    reply = draft.call("POST", f"{here}/lot-mappings", body)
    if reply.ok:
        report.taken["lot mappings"] += 1
    elif reply.status != 409:
        raise NotImported(f"{where}: {reply.data['detail']}")


def _stock(draft: Draft, path: str, goods: str, lines: list[str], report: Report) -> None:
    """Lines in chunks. A line that the product has, or had, is not sold a second time."""
    added = 0
    for at in range(0, len(lines), CHUNK):
        body = {"lines": lines[at : at + CHUNK]}
        added += draft.ask(f"storage/products/{plain(goods)}", "POST", path, body)["added"]
    report.taken["lines of goods"] += added
    copies = len(lines) - len(set(lines))
    if copies:
        report.left_out.append(f"storage/products/{plain(goods)}: {copies} repeated lines")
    if not lines:
        report.left_out.append(f"storage/products/{plain(goods)}: it is empty, so the lots wait")


def _name(lot: OldLot) -> str:
    return _short(lot.goods if lot.goods is not None else lot.title)


def _short(name: str) -> str:
    return name.removesuffix(".txt").strip()[:LONGEST_NAME] or "?"


def _on(section: Section, key: str) -> bool:
    return section.get(key, "0").strip() == "1"

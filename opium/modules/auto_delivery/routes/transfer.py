"""Import and export of stock as files: one item per line, a line break inside as backslash-n.

A picture is a line of base64.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, jsonify

from opium.kit import Invalid, Visit, visit
from opium.modules.auto_delivery import images, lots, module, products, stock
from opium.modules.auto_delivery.routes.answers import Imported, ProductId
from opium.modules.auto_delivery.routes.bodies import ExportQuery, ImportQuery
from opium.modules.auto_delivery.routes.stock import line_view, lines, put
from opium.schema import MAX_IMPORT, typed

MAX_LINES = 50_000
"""Of one import: its transaction keeps other writers waiting."""


@typed(max_body=MAX_IMPORT)
def import_lines(product_id: ProductId, query: ImportQuery, body: str) -> Imported:
    """Put the lines of a text file on the shelf, all or none. A second import adds nothing."""
    here = visit(module)
    with here.work() as work:
        product = products.find(work.db, here.account_id, product_id)
        items = file_rows(body) if products.pictured(product.kind) else from_file(body)
        return put(work, product, items, query.position, query.skip_duplicates)


@typed(media="text/plain")
def export_lines(product_id: ProductId, query: ExportQuery) -> Response:
    """The lines as a file; `take=true` also takes them off the shelf. Audited.

    Taken lines stay readable as `status=withdrawn` for 30 days, in case the file got lost. As
    `json` pictures are only named.
    """
    if query.take and query.status != "available":
        raise Invalid("Only available lines can be taken off the shelf.")
    here = visit(module)
    with here.work() as work:
        product = products.find(work.db, here.account_id, product_id)
        pictured = products.pictured(product.kind)
        if query.take and pictured and query.format == "json":
            raise Invalid("Pictures are taken off the shelf with format=txt: json only names them.")
        rows = work.db.execute(lines(product, query.status)).all()
        views = [line_view(here, row, reveal=True) for row in rows]
        if query.take:
            stock.withdraw(work.db, product.id, work.now, [row[0].id for row in rows])
            lots.sync(work, product)
    verb = "taken" if query.take else "exported"
    here.audit("SECRET_REVEALED", f"auto_delivery stock of {product_id}: {len(rows)} lines {verb}")
    if query.format == "json":
        answer = jsonify({"items": views})
    else:
        texts = [view["text"] for view in views]
        file = _pictures(here, product.id, texts) if pictured else to_file(texts)
        answer = Response(file, mimetype="text/plain")
        answer.headers["Content-Disposition"] = f'attachment; filename="{product_id}.txt"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def from_file(text: str) -> list[str]:
    """Items of a file; Invalid with the number of a line that is too long."""
    items = [row.replace("\\n", "\n") for row in file_rows(text)]
    for number, item in enumerate(items, start=1):
        if len(item) > stock.MAX_ITEM:
            raise Invalid(f"Line {number} is longer than {stock.MAX_ITEM} characters.")
    return items


def file_rows(text: str) -> list[str]:
    """Lines of a file; what follows the last line break is none."""
    rows = text.removeprefix("\ufeff").split("\n")
    if len(rows) > MAX_LINES + 1:
        raise Invalid(f"At most {MAX_LINES} lines can be imported at once.")
    rows = [row.rstrip("\r") for row in rows]
    return rows if rows[-1].strip() else rows[:-1]


def to_file(items: list[str]) -> str:
    """The same format back."""
    return "".join(item.replace("\n", "\\n") + "\n" for item in items)


def register(routes: Blueprint) -> None:
    routes.post("/products/<product_id>/stock/import")(import_lines)
    routes.get("/products/<product_id>/stock/export")(export_lines)


def _pictures(here: Visit, product: int, labels: Sequence[str]) -> Iterator[str]:
    """The lines of a file of pictures; one of them is in memory at a time."""
    for label in labels:
        with here.read() as db:
            found = images.base64_of(db, here.vault, product, label) if label else None
        yield f"{found or ''}\n"

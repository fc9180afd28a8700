"""`/products/{product_id}/stock`: the lines on a product's shelf."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from opium.kit import Conflict, Handout, Invalid, NotFound, Visit, Work, visit
from opium.modules.auto_delivery import deliver, images, lots, module, products, stock
from opium.modules.auto_delivery.models import Product, StockLine
from opium.modules.auto_delivery.routes.answers import (
    Deleted,
    Done,
    Imported,
    LineId,
    ProductId,
    masked,
)
from opium.modules.auto_delivery.routes.bodies import Confirm, LinesQuery, NewLines
from opium.schema import MAX_IMPORT, closed, typed


@closed
class LineView(TypedDict):
    line_id: int
    text: str
    status: str
    order_id: str | None
    added_at: str | None
    delivered_at: str | None


@closed
class LinesPage(TypedDict):
    items: list[LineView]
    total: int
    stock_count: int


LineRow = Row[StockLine, Handout]


@typed
def list_lines(product_id: ProductId, query: LinesQuery) -> LinesPage:
    """Lines in the order they will be sold; `reveal=true` shows them whole, and is audited."""
    here = visit(module)
    with here.read() as db:
        product = products.find(db, here.account_id, product_id)
        rows = lines(product, query.status)
        page = db.execute(rows.limit(query.limit).offset(query.offset)).all()
        answer: LinesPage = {
            "items": [line_view(here, row, reveal=query.reveal) for row in page],
            "total": _total(db, rows),
            "stock_count": stock.count_free(db, product.id),
        }
    if query.reveal:
        here.audit("SECRET_REVEALED", f"auto_delivery stock of {product_id}")
    return answer


@typed(max_body=MAX_IMPORT)
def add_lines(product_id: ProductId, body: NewLines) -> Imported:
    """Put lines on the shelf, all or none. Known texts are skipped unless asked otherwise.

    A picture is a line of base64; those of more than 3000 bytes come by `stock/import`.
    """
    here = visit(module)
    with here.work() as work:
        product = products.find(work.db, here.account_id, product_id)
        return put(work, product, body.lines, body.position, body.skip_duplicates)


@typed(errors=(409,))
def delete_line(product_id: ProductId, line_id: LineId) -> Done:
    """Take one line off the shelf; 409 if an order has it."""
    here = visit(module)
    with here.work() as work:
        product = products.find(work.db, here.account_id, product_id)
        line = work.db.get(StockLine, line_id)
        if line is None or line.product != product.id or line.state == "withdrawn":
            raise NotFound("Line not found")
        if line.state != "free":
            raise Conflict("This line belongs to an order.")
        stock.withdraw(work.db, product.id, work.now, [line_id])
        lots.sync(work, product)
    here.audit("STOCK_REMOVED", f"auto_delivery line {line_id} of {product_id}")
    return {"ok": True}


@typed
def clear(product_id: ProductId, query: Confirm) -> Deleted:
    """Take all available lines off the shelf; needs `confirm=true`."""
    if not query.confirm:
        raise Invalid("confirm=true is required: this removes all available lines.")
    here = visit(module)
    with here.work() as work:
        product = products.find(work.db, here.account_id, product_id)
        deleted = stock.withdraw(work.db, product.id, work.now)
        lots.sync(work, product)
    here.audit("STOCK_REMOVED", f"auto_delivery: {deleted} lines of {product_id}")
    return {"ok": True, "deleted": deleted}


def register(routes: Blueprint) -> None:
    routes.get("/products/<product_id>/stock")(list_lines)
    routes.post("/products/<product_id>/stock")(add_lines)
    routes.delete("/products/<product_id>/stock/<line_id>")(delete_line)
    routes.delete("/products/<product_id>/stock")(clear)


def put(
    work: Work, product: Product, items: list[str], position: str, skip_duplicates: bool
) -> Imported:
    """Add lines and serve those who wait for them."""
    at_start = position == "start"
    done = shelve(work, product, items, at_start=at_start, skip_duplicates=skip_duplicates)
    deliver.filled(work, product)
    return {
        "ok": True,
        "added": done.added,
        "skipped_duplicates": done.skipped_duplicates,
        "skipped_empty": done.skipped_empty,
        "stock_count": stock.count_free(work.db, product.id),
    }


def shelve(
    work: Work, product: Product, items: list[str], *, at_start: bool, skip_duplicates: bool
) -> stock.Added:
    """Add lines as texts, or as pictures in base64; Invalid for a product that has none."""
    if products.endless(product.kind):
        raise Invalid("A static product has no stock lines.")
    if products.pictured(product.kind):
        found = images.read_lines(items)
        return images.add(work, product, found, at_start=at_start, skip_duplicates=skip_duplicates)
    return stock.add(work, product, items, at_start=at_start, skip_duplicates=skip_duplicates)


def lines(product: Product, status: str | None) -> Select[StockLine, Handout]:
    """Lines of a product with their handouts; without a status, all that are or were for sale."""
    rows = (
        select(StockLine, Handout)
        .outerjoin(Handout, Handout.id == StockLine.handout_id)
        .where(StockLine.product == product.id)
        .order_by(StockLine.position, StockLine.id)
    )
    if status is None:
        return rows.where(StockLine.state.in_(("free", "taken")))
    return rows.where(_is(status))


def line_view(here: Visit, row: LineRow, *, reveal: bool) -> LineView:
    line = row[0]
    handout: Handout | None = row[1]  # None for a line that nobody has
    delivered = handout is not None and handout.state == "delivered"
    words = {"free": "available", "taken": "delivered" if delivered else "reserved"}
    text = stock.text_of(here.vault, line)
    return {
        "line_id": line.id,
        "text": text if reveal else masked(text),
        "status": words.get(line.state, line.state),
        "order_id": handout.order_id if handout else None,
        "added_at": here.iso(line.added_at),
        "delivered_at": here.iso(handout.ended_at) if handout and delivered else None,
    }


def _is(status: str) -> ColumnElement[bool]:
    if status == "available":
        return StockLine.state == "free"
    if status == "delivered":
        return and_(StockLine.state == "taken", Handout.state == "delivered")
    if status == "reserved":
        return and_(StockLine.state == "taken", Handout.state != "delivered")
    return StockLine.state == status


def _total(db: Session, rows: Select[StockLine, Handout]) -> int:
    found = rows.with_only_columns(StockLine.id).order_by(None).subquery()
    return db.scalar(select(func.count()).select_from(found)) or 0

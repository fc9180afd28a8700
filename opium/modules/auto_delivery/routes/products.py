"""`/products`: what is sold."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from opium.kit import Conflict, Handout, Invalid, Work, visit
from opium.modules.auto_delivery import deliveries, lots, messages, module, products, stock, waiting
from opium.modules.auto_delivery.models import Delivery, Mapping, Product, StockLine
from opium.modules.auto_delivery.routes.answers import Done, ProductId
from opium.modules.auto_delivery.routes.bodies import (
    Force,
    NewProduct,
    Preview,
    ProductPatch,
    Reveal,
)
from opium.modules.auto_delivery.routes.product_view import ProductView, product_view
from opium.modules.auto_delivery.routes.stock import shelve
from opium.modules.auto_delivery.samples import sample
from opium.schema import closed, typed
from opium.text import tokens, unknown_tokens


@closed
class Previewed(TypedDict):
    text: str
    messages: int


@typed
def list_products() -> list[ProductView]:
    """All products, oldest first. Goods of static ones show as `***`."""
    here = visit(module)
    with here.read() as db:
        return [product_view(db, here, row) for row in products.of_account(db, here.account_id)]


@typed(errors=(409,))
def create_product(body: NewProduct) -> ProductView:
    """A new product; `stock` are its first lines."""
    here = visit(module)
    _check(body, body.kind, body.static_text)
    with here.work() as work:
        product = _new(work, body)
        if body.stock:
            shelve(work, product, body.stock, at_start=False, skip_duplicates=True)
        return product_view(work.db, here, product)


@typed
def get_product(product_id: ProductId, query: Reveal) -> ProductView:
    """One product; `reveal=true` shows the goods of a static one, and is audited."""
    here = visit(module)
    with here.read() as db:
        product = products.find(db, here.account_id, product_id)
        view = product_view(db, here, product)
    if query.reveal:
        view["static_text"] = products.static_text(here.vault, product)
        here.audit("SECRET_REVEALED", f"auto_delivery product {product_id}")
    return view


@typed(errors=(409,))
def change_product(product_id: ProductId, body: ProductPatch) -> ProductView:
    """Change what is given. The kind stays while lines exist; a text gives way to a picture."""
    here = visit(module)
    given = body.model_dump(exclude_unset=True)
    with here.work() as work:
        product = products.find(work.db, here.account_id, product_id)
        kind = given.get("kind", product.kind)
        if kind != product.kind and _has_lines(work.db, product):
            raise Conflict("The kind cannot change while the product has lines.")
        text = given.pop("static_text", products.MASK)
        pictured = products.pictured(kind)
        if pictured != products.pictured(product.kind):
            text = None if text == products.MASK else text
        elif pictured and text is None:  # a picture is replaced, never taken away
            text = products.MASK
        kept = None if pictured else products.static_text(here.vault, product)
        _check(body, kind, kept if text == products.MASK else text)
        for key, value in given.items():
            setattr(product, key, value)
        if text != products.MASK:
            products.set_static(work, product, text)
        product.updated_at = work.now
        work.db.flush()
        waiting.look_again(work, product)
        lots.sync(work, product)
        return product_view(work.db, here, product)


@typed(errors=(409,))
def delete_product(product_id: ProductId, query: Force) -> Done:
    """Delete a product and its mappings; with lines or open deliveries only by `force`: then
    free lines are withdrawn, and deliveries that wait for it are held."""
    here = visit(module)
    with here.work() as work:
        product = products.find(work.db, here.account_id, product_id)
        waiters = _open_handouts(work.db, product)
        free = stock.count_free(work.db, product.id)
        if (free or waiters) and not query.force:
            raise Conflict("The product has lines or open deliveries; repeat with force=true.")
        stock.withdraw(work.db, product.id, work.now)
        for handout in waiters:
            if handout.state == "waiting_stock":
                work.hold(handout, "its product was deleted")
        work.db.execute(delete(Mapping).where(Mapping.product == product.id))
        product.deleted, product.updated_at = True, work.now
    return {"ok": True}


@typed
def preview(product_id: ProductId, body: Preview | None) -> Previewed:
    """The text that a buyer would get, with sample lines; nothing is used up."""
    here = visit(module)
    with here.work() as work:
        product = products.find(work.db, here.account_id, product_id)
        text, count = sample(work, product, body.quantity if body else 1)
    return {"text": text, "messages": count}


def register(routes: Blueprint) -> None:
    routes.get("/products")(list_products)
    routes.post("/products")(create_product)
    routes.get("/products/<product_id>")(get_product)
    routes.put("/products/<product_id>")(change_product)
    routes.delete("/products/<product_id>")(delete_product)
    routes.post("/products/<product_id>/preview")(preview)


def _new(work: Work, body: NewProduct) -> Product:
    account_id = work.account.id
    product_id = body.product_id or products.next_id(work.db, account_id)
    known = select(Product.id).where(
        Product.account_id == account_id, Product.product_id == product_id, ~Product.deleted
    )
    if work.db.scalar(known) is not None:
        raise Conflict("There is a product with this id already.")
    fields = body.model_dump(exclude={"product_id", "stock", "static_text"})
    product = Product(
        account_id=account_id,
        product_id=product_id,
        created_at=work.now,
        updated_at=work.now,
        **fields,
    )
    work.db.add(product)
    work.db.flush()
    products.set_static(work, product, body.static_text)
    return product


def _check(body: ProductPatch, kind: Any, static_text: str | None) -> None:
    if kind == "static" and not (static_text or "").strip():
        raise Invalid("static_text is required for a static product.")
    if products.pictured(kind) and static_text is not None:
        raise Invalid("static_text is for static products; give a static_image its picture.")
    text = body.delivery_text
    if text is None:
        return
    if "product" not in tokens(text):
        raise Invalid("delivery_text must contain {product}.")
    if unknown := unknown_tokens(text, messages.PRODUCT_TOKENS):
        raise Invalid(f"delivery_text has an unknown placeholder: {{{unknown[0]}}}.")


def _has_lines(db: Session, product: Product) -> bool:
    lines = exists().where(StockLine.product == product.id, StockLine.state != "withdrawn")
    return bool(db.scalar(select(lines)))


def _open_handouts(db: Session, product: Product) -> list[Handout]:
    rows = select(Handout).join(Delivery, Delivery.handout_id == Handout.id)
    return list(db.scalars(rows.where(Delivery.product == product.id, ~deliveries.finished())))

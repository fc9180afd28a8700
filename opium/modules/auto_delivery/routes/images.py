"""Pictures as goods: the one that every buyer gets, and a look at those on a shelf."""

from __future__ import annotations

import base64

from flask import Blueprint, Response

from opium.kit import Invalid, NotFound, Visit, visit
from opium.modules.auto_delivery import images, module, products, stock, waiting
from opium.modules.auto_delivery.models import Product, StockLine
from opium.modules.auto_delivery.routes.answers import LineId, ProductId
from opium.modules.auto_delivery.routes.product_view import ProductView, product_view
from opium.schema import MAX_IMPORT, typed


@typed(max_body=MAX_IMPORT)
def put_image(product_id: ProductId, body: str) -> ProductView:
    """Give a `static_image` product its picture: a PNG or JPEG as base64, at most 7 MiB."""
    picture = images.read(body)
    here = visit(module)
    with here.work() as work:
        product = products.find(work.db, here.account_id, product_id)
        if product.kind != "static_image":
            raise Invalid("Only a static_image product has a picture of its own.")
        images.set_static(work, product, picture)
        product.updated_at = work.now
        work.db.flush()
        waiting.look_again(work, product)
        return product_view(work.db, here, product)


@typed(media="image/*")
def get_image(product_id: ProductId) -> Response:
    """The picture of a `static_image` product. Audited."""
    here = visit(module)
    with here.read() as db:
        product = products.find(db, here.account_id, product_id)
        label = products.static_text(here.vault, product) or ""
    return _shown(here, product, label, f"auto_delivery product {product_id}")


@typed(media="image/*")
def get_line_image(product_id: ProductId, line_id: LineId) -> Response:
    """A picture on the shelf, sold or not. Audited."""
    here = visit(module)
    with here.read() as db:
        product = products.find(db, here.account_id, product_id)
        line = db.get(StockLine, line_id)
        if line is None or line.product != product.id:
            raise NotFound("Line not found")
        label = stock.text_of(here.vault, line)
    return _shown(here, product, label, f"auto_delivery line {line_id} of {product_id}")


def register(routes: Blueprint) -> None:
    routes.put("/products/<product_id>/image")(put_image)
    routes.get("/products/<product_id>/image")(get_image)
    routes.get("/products/<product_id>/stock/<line_id>/image")(get_line_image)


def _shown(here: Visit, product: Product, label: str, target: str) -> Response:
    found = None
    if products.pictured(product.kind) and label:
        with here.read() as db:
            found = images.base64_of(db, here.vault, product.id, label)
    if found is None:
        raise NotFound("Image not found")
    here.audit("SECRET_REVEALED", target)
    answer = Response(base64.b64decode(found), mimetype=images.mimetype(label))
    answer.headers["Cache-Control"] = "no-store"
    return answer

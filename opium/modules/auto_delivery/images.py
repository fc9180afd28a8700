"""Pictures as goods.

Wherever a line of text stands, a picture is named by its label: the shelf, its masks, exports of
JSON and deliveries need not know what it is. The picture itself lies sealed in a table of its
own, so that only the one that is sent or shown is ever read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from opium.kit import Invalid, Refused, SendImage, StoredCommand, Work
from opium.modules.auto_delivery import module, products, stock
from opium.modules.auto_delivery.models import Image, Product, StockLine
from opium.modules.auto_delivery.stock import Opener, fingerprint

MAX_BYTES = 7_340_032
"""What FunPay takes as one picture."""
MOST = 20
"""Pictures of one order; each is stored once more with the message that carries it."""
SENT_KEPT = timedelta(days=1)
"""How long a message that ended keeps its copy."""
NAME_DIGITS = 32
"""Digits of the fingerprint in a picture's file name: by it a chat tells which one was sent."""

_STARTS = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff"}
_ENDINGS = {"PNG": "png", "JPEG": "jpg"}
_DATA_URL = re.compile(r"data:image/(?:png|jpe?g);base64,")
_NAME = re.compile(rf"([0-9a-f]{{{NAME_DIGITS}}})\.(?:png|jpg)")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was checked: its base64 text and its label."""

    data: str
    label: str


def read(text: str, where: str = "The body") -> Picture:
    """The picture that a base64 text (or data URL) holds; Invalid says what is wrong with it."""
    data = _DATA_URL.sub("", text.strip(), count=1)
    if len(data) > MAX_BYTES // 3 * 4 + 4:
        raise Invalid(f"{where} holds more than {MAX_BYTES} bytes.")
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(f"{where} is not base64.") from None
    kind = next((kind for kind, start in _STARTS.items() if raw.startswith(start)), None)
    if kind is None:
        raise Invalid(f"{where} is neither a PNG nor a JPEG.")
    if len(raw) > MAX_BYTES:
        raise Invalid(f"{where} holds more than {MAX_BYTES} bytes.")
    digest = hashlib.sha256(raw).hexdigest()
    return Picture(data, f"{kind}, {len(raw)} bytes, sha256 {digest}")


def read_lines(lines: Iterable[str]) -> list[Picture | None]:
    """One picture per line; None for an empty one."""
    return [
        read(line, f"Line {number}") if line.strip() else None
        for number, line in enumerate(lines, start=1)
    ]


def add(
    work: Work,
    product: Product,
    pictures: Sequence[Picture | None],
    *,
    at_start: bool,
    skip_duplicates: bool,
) -> stock.Added:
    """Put pictures on the shelf, as `stock.add` does with lines."""
    for picture in pictures:
        if picture is not None:
            _store(work, product, picture)
    labels = [picture.label if picture else "" for picture in pictures]
    return stock.add(work, product, labels, at_start=at_start, skip_duplicates=skip_duplicates)


def set_static(work: Work, product: Product, picture: Picture) -> None:
    """The picture that every buyer of this product gets from now on."""
    _store(work, product, picture)
    products.set_static(work, product, picture.label)


def base64_of(db: Session, vault: Opener, product: int, label: str) -> str | None:
    """The picture of this label as base64; None once it was wiped."""
    mark = fingerprint(vault, product, label)
    sealed = db.scalar(select(Image.body_sealed).where(*_is(product, mark)))
    return vault.open(sealed, _context(product, mark)) if sealed is not None else None


def mimetype(label: str) -> str:
    return f"image/{label.partition(',')[0].lower()}"


def parts(
    work: Work, product: Product, items: Sequence[str], chat: str
) -> list[Callable[[], SendImage]]:
    """The pictures among the messages of a delivery, each opened when its turn comes."""
    if not products.pictured(product.kind):
        return []
    return [partial(_part, work, product, item, chat) for item in items]


def in_text(product: Product, items: Sequence[str]) -> list[str]:
    """What stands for the goods in a text: a picture follows in a message of its own."""
    if not products.pictured(product.kind):
        return list(items)
    one = "Картинка в следующем сообщении"
    return [one if len(items) == 1 else f"Картинки в следующих сообщениях: {len(items)} шт."]


def named(name: str) -> str | None:
    """The beginning of the fingerprint that a picture's file name ends with, if it is ours."""
    match = _NAME.fullmatch(name[-NAME_DIGITS - 4 :])
    return match[1] if match else None


def wipe(work: Work) -> None:
    """Forget the pictures that no line and no product speaks of any more, and the copies in
    messages that ended a day ago."""
    sent = StoredCommand
    work.db.execute(
        update(sent)
        .where(
            sent.account_id == work.account.id,
            sent.module == module.name,
            sent.kind == SendImage.kind,
            sent.state.in_(("done", "failed")),
            sent.ended_at < work.now - SENT_KEPT,
            sent.body_sealed.is_not(None),
        )
        .values(body_sealed=None)
        .execution_options(synchronize_session=False)
    )
    mine = select(Product).where(
        Product.account_id == work.account.id,
        Product.id.in_(select(Image.product).distinct()),
    )
    for product in work.db.scalars(mine).all():
        kept = exists().where(
            StockLine.product == Image.product,
            StockLine.fingerprint == Image.fingerprint,
            StockLine.body_sealed.is_not(None),
        )
        own = products.static_text(work.vault, product)
        mark = fingerprint(work.vault, product.id, own) if own else ""
        work.db.execute(
            delete(Image)
            .where(Image.product == product.id, Image.fingerprint != mark, ~kept)
            .execution_options(synchronize_session=False)
        )


def _store(work: Work, product: Product, picture: Picture) -> None:
    mark = fingerprint(work.vault, product.id, picture.label)
    if work.db.scalar(select(exists().where(*_is(product.id, mark)))):
        return
    sealed = work.vault.seal(picture.data, _context(product.id, mark))
    work.db.add(Image(product=product.id, fingerprint=mark, body_sealed=sealed))
    work.db.flush()


def _part(work: Work, product: Product, label: str, chat: str) -> SendImage:
    data = base64_of(work.db, work.vault, product.id, label)
    if data is None:
        raise Refused("The goods of this delivery are not stored any more.")
    mark = fingerprint(work.vault, product.id, label)[:NAME_DIGITS]
    ending = _ENDINGS[label.partition(",")[0]]
    return SendImage(chat=chat, image=data, name=f"{mark}.{ending}")


def _is(product: int, mark: str) -> tuple[ColumnElement[bool], ...]:
    return (Image.product == product, Image.fingerprint == mark)


def _context(product: int, mark: str) -> str:
    return f"auto_delivery_images:{product}/{mark}:body"

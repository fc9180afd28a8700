"""After a restore: which goods the chats show as handed out.

A line whose text stands in a message of ours is never sold again. With a marker it belongs to that
order, whose handout and delivery are written down as they must have been; without one it was
given by hand, and is taken off the shelf. A picture is known by its file name; if one of ours has
none that we know, nobody can tell which it was, and no picture is sold until a person has looked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from opium.kit import Handout, OrderFacts, OwnChat, OwnMessage, Work
from opium.modules.auto_delivery import images, mappings, module, products, stock
from opium.modules.auto_delivery.cases import Case, case_of, open_case
from opium.modules.auto_delivery.models import Product, StockLine

MOST_LINES = 6
"""Longer items are found the slow way."""
MOST_WORDS = 12
"""Words of a line that are tried in every combination of neighbours."""
SHORTEST = 6
"""Shorter texts are not taken for goods where no marker says so."""


@module.reconciles
def recognise(chat: OwnChat, work: Work) -> int:
    """Take the lines that these messages show; how many were found."""
    shelf = _Shelf(work)
    found = 0
    for order_id in dict.fromkeys(m.marker.order_id for m in chat.messages if m.marker):
        found += _recognise_order(work, shelf, chat, order_id)
    unmarked = [m.text for m in chat.messages if m.marker is None]
    _stop_pictures(work, chat)
    lines = shelf.shown(unmarked, shortest=SHORTEST)
    for product in {line.product for line in lines}:
        ids = [line.id for line in lines if line.product == product]
        stock.withdraw(work.db, product, work.now, ids)
    return found + len(lines)


def _recognise_order(work: Work, shelf: _Shelf, chat: OwnChat, order_id: str) -> int:
    owner = work.db.scalar(
        select(Handout.module).where(
            Handout.fp_id == work.account.fp_id, Handout.order_id == order_id
        )
    )
    if owner is not None and owner != module.name:
        return 0
    messages, facts = chat.of_order(order_id), chat.orders.get(order_id)
    groups = _groups(messages)
    texts = ["\n".join(m.text for m in group) for group in groups]
    lines = [
        [*shelf.shown([text]), *shelf.sent(group)]
        for text, group in zip(texts, groups, strict=True)
    ]
    case = case_of(work, order_id)
    product = case.product if case else _product(work, lines, facts)
    if case is None and product is None and owner is None:
        return 0
    amount = facts.amount if facts else 1
    handout = work.rebuild(order_id, amount, chat.chat, messages)
    if case is None and product is not None and facts is not None:
        case = open_case(work, handout, facts, product, 0, None)
    found = 0
    for text, some in zip(texts, lines, strict=True):
        found += _take(work, handout, some or shelf.searched(case, text))
    if case is not None:
        _count(work, case, facts)
    return found


def _groups(messages: Sequence[OwnMessage]) -> list[list[OwnMessage]]:
    """The messages of each delivery in order: the first one, then the re-deliveries."""
    by_kind: dict[str, list[OwnMessage]] = {}
    for message in messages:
        if message.marker is not None:
            by_kind.setdefault(message.marker.kind, []).append(message)
    return [sorted(group, key=_part) for group in by_kind.values()]


def _part(message: OwnMessage) -> int:
    return message.marker.n if message.marker else 0


def _product(
    work: Work, lines: Iterable[Sequence[StockLine]], order: OrderFacts | None
) -> Product | None:
    """What was sold: the product of the lines that were found, else that of the lot."""
    for line in (line for group in lines for line in group):
        return work.db.get_one(Product, line.product)
    if order is None:
        return None
    choice = mappings.for_title(work.db, work.account.id, order.lot_title, order.section_id)
    return work.db.get_one(Product, choice.pattern.product) if choice else None


def _take(work: Work, handout: Handout, lines: Sequence[StockLine]) -> int:
    """Give these lines to the handout; what an earlier delivery gave is replaced by them."""
    if not lines:
        return 0
    stock.burn(work.db, handout.id)
    for line in lines:
        line.state, line.handout_id, line.taken_at = "taken", handout.id, work.now
    work.db.flush()
    return len(lines)


def _count(work: Work, case: Case, order: OrderFacts | None) -> None:
    """What this delivery gave, as far as the chat and the shelf show it."""
    delivery, product = case.delivery, case.product
    ordered = products.pieces(product, work.settings, order.amount) if order else delivery.owed
    if products.endless(product.kind):
        delivery.owed = delivery.given = ordered
    else:
        given = len(stock.of_handout(work.db, case.handout.id))
        owed = ordered if case.handout.state == "held" and not given else given
        delivery.owed, delivery.given, case.handout.amount = owed, given, owed
        if case.handout.state == "delivered" and given < ordered:
            _tell_of_missing(work, delivery.order_id, given, ordered)
    delivery.told = delivery.announced = True
    work.db.flush()


def _tell_of_missing(work: Work, order_id: str, given: int, ordered: int) -> None:
    """Lines that were imported after the copy are in no row: only a person can leave them out."""
    text = (
        f"Order {order_id} was delivered, but only {given} of its {ordered} items are on the shelf "
        "of the restored database. The others were imported later (leave them out when you import "
        "that list again), or are still owed: look at the chat."
    )
    work.alert("reconcile_missing", f"missing:{order_id}", text)


def _stop_pictures(work: Work, chat: OwnChat) -> None:
    """A picture that does not say which it is: whatever is on the shelf may be sold already."""
    if not any(m.image is not None and m.marker is None for m in chat.messages):
        return
    pictured = [
        product
        for product in products.of_account(work.db, work.account.id)
        if product.kind == "stock_images" and stock.count_free(work.db, product.id)
    ]
    if not pictured:
        return
    for product in pictured:
        product.enabled, product.updated_at = False, work.now
    names = ", ".join(f"«{product.name}»" for product in pictured)
    text = (
        f"In chat {chat.chat} stands a picture of the time the database has lost, and nothing says "
        f"which one, so these products were switched off: {names}. Compare the chat with their "
        "stock, delete what was sent from it, then switch them on again."
    )
    work.alert("reconcile_missing", f"picture:{chat.chat_id}", text)
    work.db.flush()


class _Shelf:
    """The free lines of an account, found by what a message says."""

    def __init__(self, work: Work) -> None:
        self._work = work
        rows = select(Product.id).where(Product.account_id == work.account.id)
        self._products = list(work.db.scalars(rows))

    def shown(self, texts: Iterable[str], shortest: int = 1) -> list[StockLine]:
        """The free lines whose text stands in these messages."""
        said = Counter(c for text in texts for c in _candidates(text) if len(c) >= shortest)
        vault = self._work.vault
        left = {
            vault.fingerprint(f"{product}:{candidate}"): times
            for candidate, times in said.items()
            for product in self._products
        }
        prints, found = list(left), []
        for at in range(0, len(prints), 500):
            rows = select(StockLine).where(
                StockLine.fingerprint.in_(prints[at : at + 500]), StockLine.state == "free"
            )
            for line in self._work.db.scalars(rows.order_by(StockLine.position)):
                left[line.fingerprint] -= 1  # a text on the shelf twice goes as often as it is said
                if left[line.fingerprint] >= 0:
                    found.append(line)
        return sorted(found, key=lambda line: line.position)

    def sent(self, messages: Iterable[OwnMessage]) -> list[StockLine]:
        """The free pictures that these messages carried, by their file names."""
        names = [images.named(m.image) for m in messages if m.image]
        marks = Counter(name for name in names if name)
        rows = select(StockLine).where(
            StockLine.product.in_(self._products),
            func.substr(StockLine.fingerprint, 1, images.NAME_DIGITS).in_(list(marks)),
            StockLine.state == "free",
        )
        found = []
        for line in self._work.db.scalars(rows.order_by(StockLine.position)):
            mark = line.fingerprint[: images.NAME_DIGITS]
            marks[mark] -= 1  # as in `shown`
            if marks[mark] >= 0:
                found.append(line)
        return found

    def searched(self, case: Case | None, text: str) -> list[StockLine]:
        """The slow way, for goods that the site or a template changed: every free line of the
        product is compared, white space aside."""
        if case is None or case.product.kind != "stock":
            return []
        if stock.of_handout(self._work.db, case.handout.id):
            return []
        rows = select(StockLine).where(
            StockLine.product == case.product.id, StockLine.state == "free"
        )
        said, joined = f" {' '.join(text.split())} ", "".join(text.split())
        found = []
        for line in self._work.db.scalars(rows.order_by(StockLine.position)):
            item = stock.text_of(self._work.vault, line)
            if len(item) >= SHORTEST and _says(said, joined, item):
                found.append(line)
        return found


def _candidates(text: str) -> list[str]:
    """What may be an item: each line, neighbouring lines, and neighbouring words of a line."""
    lines = [line.strip() for line in text.split("\n")]
    found = [
        "\n".join(lines[first:last]).strip()
        for first in range(len(lines))
        for last in range(first + 1, min(first + MOST_LINES, len(lines)) + 1)
    ]
    for line in lines:
        words = line.split()
        if 1 < len(words) <= MOST_WORDS:
            found += [
                " ".join(words[first:last])
                for first in range(len(words))
                for last in range(first + 1, len(words) + 1)
                if last - first < len(words)
            ]
    return [candidate for candidate in found if candidate]


def _says(said: str, joined: str, item: str) -> bool:
    """Whether the item stands in the text and is not a piece of a longer word."""
    words = " ".join(item.split())
    at = said.find(words)
    while at >= 0:
        if not (said[at - 1].isalnum() or said[at + len(words)].isalnum()):
            return True
        at = said.find(words, at + 1)
    return len(item) > 1000 and "".join(item.split()) in joined

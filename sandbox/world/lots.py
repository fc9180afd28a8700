"""Lots: what sellers offer, and raising them in the lists."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.world.errors import Refused, Unknown
from sandbox.world.games import Game, Section

if TYPE_CHECKING:
    from sandbox.world.people import Person, Seller
    from sandbox.world.world import World


@dataclass(eq=False)
class Lot:
    """One offer. With `auto_delivery` the site sells from `secrets`, else from `amount`."""

    id: int
    seller: "Seller"
    section: Section
    summary: dict[str, str]
    price: Decimal
    desc: dict[str, str] = field(default_factory=dict)
    payment_msg: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    images: list[int] = field(default_factory=list)
    amount: int | None = None
    """None is "not told", which the site sells one by one without counting."""
    auto_delivery: bool = False
    secrets: list[str] = field(default_factory=list)
    active: bool = True
    deactivate_after_sale: bool = False
    raised: datetime | None = None
    server: int = 0
    """Where game currency is handed over; 0 where there are no servers."""

    @property
    def public_id(self) -> str:
        """As addresses have it: `30000001`, and for currency `user-game-chip-server-side`."""
        if self.section.kind == "lot":
            return str(self.id)
        place = self.section
        return f"{self.seller.id}-{place.game.id}-{place.id}-{self.server}-0"

    @property
    def path(self) -> str:
        return f"/{'lots' if self.section.kind == 'lot' else 'chips'}/offer?id={self.public_id}"

    @property
    def stock(self) -> int:
        if self.auto_delivery:
            return len(self.secrets)
        return 1_000_000 if self.amount is None else self.amount

    def title(self, locale: str) -> str:
        return self.summary.get(locale) or self.summary.get("ru") or self.summary.get("en", "")

    def sell(self, amount: int) -> list[str]:
        """Take from the stock; secrets go top down. An empty lot goes inactive."""
        if amount > self.stock:
            raise Refused("Недостаточно товара.", "Not enough in stock.")
        sold: list[str] = []
        if self.auto_delivery:
            sold, self.secrets = self.secrets[:amount], self.secrets[amount:]
        elif self.amount is not None:
            self.amount -= amount
        if self.stock == 0 or self.deactivate_after_sale:
            self.active = False
        return sold


class Lots:
    """All lots, and when each seller may raise again."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._by_id: dict[int, Lot] = {}
        self._deleted: dict[int, Lot] = {}
        self._raised: dict[tuple[int, int], datetime] = {}

    def add(
        self,
        seller: "Seller",
        section: Section,
        *,
        summary: dict[str, str],
        desc: dict[str, str],
        payment_msg: dict[str, str],
        price: Decimal,
        amount: int | None,
        secrets: Iterable[str] | None,
        active: bool,
        server: int | None = None,
    ) -> Lot:
        lot = Lot(
            self._world.ids.next("lot"),
            seller,
            section,
            summary,
            price,
            desc,
            payment_msg,
            amount=None if secrets is not None else amount,
            auto_delivery=secrets is not None,
            secrets=list(secrets or ()),
            server=next(iter(section.servers), 0) if server is None else server,
        )
        lot.active = active and lot.stock > 0
        self._by_id[lot.id] = lot
        return lot

    def get(self, lot_id: int) -> Lot:
        """Also a deleted one: orders go on pointing at it."""
        lot = self._by_id.get(lot_id) or self._deleted.get(lot_id)
        if lot is None:
            raise Unknown(f"no lot {lot_id}")
        return lot

    def offered(self, lot_id: int) -> Lot | None:
        return self._by_id.get(lot_id)

    def public(self, public_id: str) -> Lot | None:
        """By the id of its address."""
        return next((lot for lot in self if lot.public_id == public_id), None)

    def of(self, seller: "Person") -> list[Lot]:
        return [lot for lot in self._by_id.values() if lot.seller is seller]

    def in_section(self, section: Section) -> list[Lot]:
        """What a buyer sees: active lots, the last raised first."""
        lots = [
            lot
            for lot in self._by_id.values()
            if lot.section is section and lot.active and not lot.seller.offers_hidden
        ]
        never = datetime.min.replace(tzinfo=self._world.now().tzinfo)
        return sorted(lots, key=lambda lot: lot.raised or never, reverse=True)

    def __iter__(self) -> Iterator[Lot]:
        return iter(list(self._by_id.values()))

    def delete(self, lot: Lot) -> None:
        self._by_id.pop(lot.id, None)
        self._deleted[lot.id] = lot
        lot.active = False

    def wait_to_raise(self, seller: "Person", game: Game) -> timedelta:
        """Time until the game may be raised again; zero is now."""
        last = self._raised.get((seller.id, game.id))
        if last is None:
            return timedelta()
        pause = timedelta(hours=self._world.switches.raise_hours)
        return max(last + pause - self._world.now(), timedelta())

    def raise_in(self, seller: "Person", game: Game, nodes: set[int]) -> list[int]:
        """Lift the lots of these sections; the caller has checked the wait."""
        now = self._world.now()
        lifted = [
            lot
            for lot in self.of(seller)
            if lot.active and lot.section.game is game and lot.section.id in nodes
        ]
        if not lifted:
            raise Refused("У вас нет активных предложений.", "You have no active offers.")
        for lot in lifted:
            lot.raised = now
        self._raised[seller.id, game.id] = now
        raised = sorted({lot.section.id for lot in lifted})
        self._world.log.happened("raise", seller.name, game=game.id, nodes=raised)
        return raised

    def saved(self, lot: Lot, how: str) -> None:
        """Note an accepted change of a lot: created, changed or deleted."""
        self._world.log.happened(
            "save",
            lot.seller.name,
            lot=lot.id,
            how=how,
            title=lot.title("ru"),
            price=str(lot.price),
            amount=lot.stock if lot.auto_delivery else lot.amount,
            active=lot.active,
        )

    def put(self, lot: Lot) -> None:
        self._by_id[lot.id] = lot

"""Lots, sections, profiles, raising and the balance (protocol 8, 10-15, 17)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from opium.funpay import paths
from opium.funpay.errors import Missing, PageChanged
from opium.funpay.models import (
    Balance,
    Category,
    OfferForm,
    OfferPage,
    OfferRow,
    OwnLots,
    Profile,
    RaiseAnswer,
    SaveAnswer,
    SectionPage,
)
from opium.funpay.orders import Orders
from opium.funpay.pages import answers
from opium.funpay.pages.balance import balance_page
from opium.funpay.pages.main import categories
from opium.funpay.pages.offers import offer_page
from opium.funpay.pages.own_lots import offer_form, own_lots
from opium.funpay.pages.profile import profile
from opium.funpay.pages.sections import section
from opium.funpay.transport import READ_SECONDS, SEND_SECONDS


class Lots(Orders):
    """What we sell, and what others see of it."""

    _some_offer: str | None = None

    def profile(self, user_id: int | None = None, *, seconds: float = READ_SECONDS) -> Profile:
        """A user's public page with its active lots; ours without an id. Raises Missing."""
        found = self._page(paths.user(user_id or self.user_id), read=profile, seconds=seconds)
        self._remember_offer(offer for part in found.sections for offer in part.offers)
        return found

    def own_lots(self, section_id: int, *, seconds: float = READ_SECONDS) -> OwnLots:
        """Our lots in a section, inactive ones included; `game_id` is for `raise_lots`."""
        return self._page(paths.own_lots(section_id), read=own_lots, seconds=seconds)

    def all_own_lots(self, known_sections: Iterable[int] = ()) -> list[tuple[int, OfferRow]]:
        """All our lots with their sections, inactive ones too: one read per section.

        Sections without an active lot are missing on the profile; those that had lots before are
        asked as well.
        """
        shown = {s.section_id for s in self.profile().sections if s.section_type == "lot"}
        return [
            (section, offer)
            for section in sorted(shown | set(known_sections))
            for offer in self.own_lots(section).offers
            if offer.offer_id.isdecimal()
        ]

    def section(self, kind: str, section_id: int, *, seconds: float = READ_SECONDS) -> SectionPage:
        """The public list of a section; `kind` is `lot` or `chip`. Raises Missing."""
        found = self._page(paths.section(kind, section_id), read=section, seconds=seconds)
        self._remember_offer(found.offers)
        return found

    def offer(self, offer_id: str, *, seconds: float = READ_SECONDS) -> OfferPage:
        """A public offer; dashes in the id mean game currency. Raises Missing."""
        path = paths.CHIPS_OFFER if "-" in offer_id else paths.OFFER
        return self._page(path, {"id": offer_id}, read=offer_page, seconds=seconds)

    def categories(self, *, seconds: float = READ_SECONDS) -> tuple[Category, ...]:
        """All games with their sections. A large page: ask weekly."""
        return self._page(paths.HOME, read=categories, seconds=seconds)

    def offer_form(self, offer_id: int | str, *, seconds: float = READ_SECONDS) -> OfferForm:
        """The edit form of a lot of ours. Raises Missing."""
        return self._page(
            paths.OFFER_EDIT,
            {"offer": offer_id},
            read=offer_form,
            seconds=seconds,
        )

    def save_offer(self, form: OfferForm, *, seconds: float = SEND_SECONDS) -> SaveAnswer:
        """Save a lot with all its fields, as FunPay knows no partial update. May be repeated
        for a lot that exists; raises Unanswered when the outcome is unknown."""
        return self._act(
            paths.OFFER_SAVE,
            lambda csrf: {**form.fields, "csrf_token": csrf},
            read=answers.save,
            seconds=seconds,
        )

    def raise_lots(
        self,
        game_id: int,
        node_id: int,
        node_ids: Sequence[int] = (),
        *,
        seconds: float = SEND_SECONDS,
    ) -> RaiseAnswer:
        """Raise our lots of a section, or of all sections named; the game's cool-down is in the
        answer. Raises Unanswered: then wait the usual cool-down."""

        def form(_csrf: str) -> dict[str, Any]:
            fields: dict[str, Any] = {"game_id": game_id, "node_id": node_id}
            return {**fields, "node_ids[]": [str(node) for node in node_ids]}

        return self._act(
            paths.RAISE,
            form,
            read=lambda data: answers.raise_answer(data, self._clock.now()),
            seconds=seconds,
        )

    def balance(self, offer_id: str | None = None, *, seconds: float = READ_SECONDS) -> Balance:
        """Our money. Read from the payment selector of an offer of somebody's (any that was seen
        will do), which alone tells the available from the total; else from the balance page."""
        offer_id = offer_id or self._some_offer
        if offer_id:
            try:
                found = self.offer(offer_id, seconds=seconds).balance
            except (Missing, PageChanged):
                found = None
            if found:
                return found
            self._some_offer = None
        return self._page(paths.BALANCE, read=balance_page, seconds=seconds)

    def _remember_offer(self, offers: Any) -> None:
        first = next(iter(offers), None)
        if first is not None:
            self._some_offer = first.offer_id

"""My balances: of the balance page (15.1) or of an offer's payment selector (11)."""

from __future__ import annotations

from decimal import Decimal

from opium.funpay.errors import PageChanged
from opium.funpay.models import Balance, Currency
from opium.funpay.pages.common import require_signed_in
from opium.funpay.pages.text import decimal, money
from opium.funpay.pages.tree import Part, attr

__all__ = ["balance_page", "offer_balance", "select_balance"]


def balance_page(html: str) -> Balance:
    """`/account/balance`: it shows one sum per currency, and may leave out the zero ones."""
    page = require_signed_in(html, "balance", "content-account-balance")
    sums: dict[Currency, Decimal] = {}
    for tag in page.content.all("balances-value"):
        found = money(tag.get_text(), "balance", "balances-value")
        if found.currency is not None:
            sums.setdefault(found.currency, found.amount)
    if not sums:
        raise PageChanged("balance", "balances-value")
    rub, usd, eur = (sums.get(currency, Decimal(0)) for currency in Currency)
    return Balance(rub, rub, usd, usd, eur, eur)


def offer_balance(html: str) -> Balance:
    """The balances that the payment selector of an offer's page carries."""
    page = require_signed_in(html, "offer", "content-lots-offer", "content-chips-offer")
    found = select_balance(page.content.part("selectpicker"))
    if found is None:
        raise PageChanged("offer", "balance")
    return found


def select_balance(select: Part | None) -> Balance | None:
    """None without a selector or with one that knows no balances, as a guest's."""
    if select is None or attr(select.tag, "data-balance-rub") is None:
        return None
    rub, usd, eur = ("rub", "usd", "eur")
    return Balance(
        total_rub=_sum(select, f"total-{rub}"),
        available_rub=_sum(select, rub),
        total_usd=_sum(select, f"total-{usd}"),
        available_usd=_sum(select, usd),
        total_eur=_sum(select, f"total-{eur}"),
        available_eur=_sum(select, eur),
    )


def _sum(select: Part, name: str) -> Decimal:
    found = decimal(attr(select.tag, f"data-balance-{name}"))
    if found is None:
        raise PageChanged("offer", f"data-balance-{name}")
    return found

"""The rules of the marketplace, without a word of HTML."""

from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.world import Buyer, Lot, Refused, Seller, Unknown, World


def test_a_payment_makes_an_order_a_chat_and_a_notice(shop: Seller, ann: Buyer, key: Lot) -> None:
    order = ann.buys(key, amount=2, data="nick")
    assert (order.status, order.price) == ("paid", Decimal("199.80"))
    assert order.title("ru") == "Ключ Steam, 2 шт., nick"
    assert shop.notices_with(ann) == ["order_paid", "discord_hint"]
    assert (shop.open_sales, ann.open_purchases, len(shop.unread)) == (1, 1, 1)


def test_an_unpaid_order_is_nothing_to_the_seller(shop: Seller, ann: Buyer, key: Lot) -> None:
    order = ann.begins_order(key)
    assert (shop.open_sales, shop.messages_with(ann)) == (0, [])
    ann.pays(order)
    assert (shop.open_sales, order.status) == (1, "paid")


def test_stock_goes_down_and_an_empty_lot_goes_inactive(ann: Buyer, key: Lot) -> None:
    ann.buys(key, amount=2)
    assert (key.amount, key.active) == (1, True)
    ann.buys(key)
    assert (key.amount, key.active) == (0, False)
    with pytest.raises(Refused):
        ann.buys(key)


def test_secrets_are_delivered_by_the_site_from_the_top(shop: Seller, ann: Buyer) -> None:
    lot = shop.lot("Код", secrets=["AAA", "BBB", "CCC"])
    order = ann.buys(lot, amount=2)
    assert (order.secrets, lot.secrets, lot.active) == (["AAA", "BBB"], ["CCC"], True)
    labels = [m.label for m in ann.messages_with(shop) if m.author == shop.id]
    assert labels == ["автоответ"]
    assert ann.messages_from(shop) == []


def test_message_ids_grow_with_gaps_over_all_chats(world: World, shop: Seller, ann: Buyer) -> None:
    bob = world.buyer("bob")
    ids = [ann.writes(shop, "1").id, bob.writes(shop, "2").id, shop.writes(ann, "3").id]
    assert ids == sorted(set(ids))
    assert ids[0] > 4_900_000_000
    assert ids[2] - ids[0] > 2


def test_the_same_seed_makes_the_same_world() -> None:
    def story(seed: int) -> tuple[str, int, str | None]:
        world = World(seed)
        shop, ann = world.seller("shop"), world.buyer("ann")
        order = ann.buys(shop.lot("Ключ"))
        return order.id, ann.writes(shop, "hi").id, shop.golden_key

    assert story(3) == story(3)
    assert story(3) != story(4)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  a   b  ", "a b"),
        ("a\r\n\r\n\r\n\r\nb", "a\n\nb"),
        ("a \n b", "a\nb"),
        ("[a][/a]  a", " a"),
        ("x" * 2000, "x" * 2000),
    ],
)
def test_texts_are_trimmed_and_folded(shop: Seller, ann: Buyer, typed: str, kept: str) -> None:
    assert ann.writes(shop, typed).text == kept


@pytest.mark.parametrize("typed", ["", "  \n ", "x" * 2001])
def test_empty_and_long_texts_are_refused(shop: Seller, ann: Buyer, typed: str) -> None:
    with pytest.raises(Refused):
        ann.writes(shop, typed)


def test_confirming_pays_the_seller_and_only_once(shop: Seller, ann: Buyer, key: Lot) -> None:
    order = ann.buys(key)
    ann.confirms(order)
    assert (order.status, shop.balances["RUB"], shop.open_sales) == ("closed", order.price, 0)
    with pytest.raises(Refused):
        ann.confirms(order)


def test_a_refund_is_possible_once_also_of_a_closed_order(
    shop: Seller, ann: Buyer, key: Lot
) -> None:
    order = ann.buys(key)
    ann.confirms(order)
    shop.refunds(order)
    assert (order.status, shop.balances["RUB"]) == ("refunded", Decimal(0))
    with pytest.raises(Refused):
        shop.refunds(order)


def test_nobody_refunds_anothers_sale(world: World, ann: Buyer, key: Lot) -> None:
    order = ann.buys(key)
    with pytest.raises(Unknown):
        world.seller("thief").refunds(order)
    assert order.status == "paid"


def test_reviews_are_told_in_the_chat(shop: Seller, ann: Buyer, key: Lot) -> None:
    order = ann.buys(key)
    ann.confirms(order)
    ann.reviews(order, 4, "ok")
    shop.replies(order, "спасибо")
    ann.reviews(order, 5, "отлично")
    assert order.review
    assert (order.review.stars, order.review.reply) == (5, "спасибо")
    ann.deletes_review(order)
    assert order.review is None
    told = [k for k in shop.notices_with(ann) if "re" in k and k != "order_confirmed"]
    assert told == ["review_new", "reply_new", "review_changed", "review_deleted"]


def test_an_order_can_be_made_old(world: World, ann: Buyer, key: Lot) -> None:
    order = ann.buys(key)
    world.ages(order, hours=30)
    assert world.now() - order.opened == timedelta(hours=30)


def test_the_log_holds_what_was_accepted(world: World, shop: Seller, ann: Buyer, key: Lot) -> None:
    order = ann.buys(key)
    shop.writes(ann, "по рукам")
    shop.refunds(order)
    sent = world.log.effects("message", account="shop")
    assert [(e.facts["text"], e.facts["via"]) for e in sent] == [("по рукам", "hand")]
    assert [e.facts["order"] for e in world.log.effects("refund")] == [order.id]


def test_only_the_frozen_clock_jumps_over_a_wait(world: World) -> None:
    before = world.now()
    world.clock.sleep(3600)
    assert world.now() - before == timedelta(hours=1)

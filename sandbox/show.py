"""What the control API tells of things, as plain JSON."""

from typing import Any

from sandbox.world import Chat, Lot, Message, Order, Person, Seller, World
from sandbox.world.games import Section


def person(who: Person) -> dict[str, Any]:
    return {
        "id": who.id,
        "name": who.name,
        "role": "seller" if isinstance(who, Seller) else "buyer",
        "golden_key": who.golden_key,
        "locale": who.locale,
        "currency": who.currency,
        "balances": {cy: str(value) for cy, value in who.balances.items()},
        "banned": who.banned,
        "online": who.online,
        "open_sales": who.open_sales,
        "open_purchases": who.open_purchases,
        "unread": len(who.unread),
    }


def section(place: Section) -> dict[str, Any]:
    return {
        "node": place.id,
        "kind": place.kind,
        "name": place.ru,
        "game_id": place.game.id,
        "game": place.game.ru,
    }


def lot(offer: Lot) -> dict[str, Any]:
    return {
        "id": offer.id,
        "public_id": offer.public_id,
        "seller": offer.seller.name,
        "node": offer.section.id,
        "title": offer.title("ru"),
        "price": str(offer.price),
        "amount": offer.amount,
        "auto_delivery": offer.auto_delivery,
        "secrets": list(offer.secrets),
        "active": offer.active,
        "raised": offer.raised.isoformat() if offer.raised else None,
    }


def order(bought: Order) -> dict[str, Any]:
    review = bought.review
    return {
        "id": bought.id,
        "status": bought.status,
        "seller": bought.seller.name,
        "buyer": bought.buyer.name,
        "lot": bought.lot_id,
        "title": bought.title("ru"),
        "amount": bought.amount,
        "data": bought.data,
        "price": str(bought.price),
        "total": str(bought.total),
        "currency": bought.currency,
        "opened": bought.opened.isoformat(),
        "closed": bought.closed.isoformat() if bought.closed else None,
        "secrets": list(bought.secrets),
        "review": review and {"stars": review.stars, "text": review.text, "reply": review.reply},
    }


def message(sent: Message, viewer: Person) -> dict[str, Any]:
    return {
        "id": sent.id,
        "author": sent.author,
        "author_name": "FunPay" if not sent.author else viewer.world.people[sent.author].name,
        "text": sent.text_for(viewer.locale),
        "label": sent.label,
        "notice": sent.notice.kind if sent.notice else None,
        "order": sent.notice.order if sent.notice else None,
        "image": sent.image.path if sent.image else None,
        "at": sent.at.isoformat(),
    }


def chat(dialog: Chat, viewer: Person) -> dict[str, Any]:
    return {
        "id": dialog.id,
        "node": dialog.name,
        "other": viewer.world.people[dialog.other(viewer.id)].name,
        "last_message": dialog.last_id,
        "unread": dialog.id in viewer.unread,
    }


def state(world: World) -> dict[str, Any]:
    """Everything that matters for a checker, and nothing that is only markup."""
    return {
        "seed": world.seed,
        "now": world.now().isoformat(),
        "people": [person(p) for p in world.people.values()],
        "lots": [lot(x) for x in world.lots],
        "orders": [order(o) for o in world.orders],
        "switches": world.switches.as_json(),
        "faults": [f.as_json() for f in world.faults.all()],
    }

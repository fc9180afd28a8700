"""A small shop with two buyers, for a first look."""

from sandbox.world import World

DEMO_KEY = "demo0golden0key0demo0golden0key0"


def furnish(world: World) -> None:
    """Seller `shop` (the key is printed in docs/sandbox.md), buyers `ann` and `bob`."""
    shop = world.seller("shop", golden_key=DEMO_KEY)
    ann, bob = world.buyer("ann"), world.buyer("bob", locale="en")
    key = shop.lot("Ключ Steam, случайный", title_en="Random Steam key", price="49.90", amount=50)
    shop.lot("Аккаунт Dota 2, 1000 MMR", node=81, price="350", amount=5)
    shop.lot("Аренда Steam на 1 час", node=2875, price="25", amount=None)
    shop.lot("Подарочный код", price="99", secrets=["CODE-1", "CODE-2", "CODE-3"])
    done = ann.buys(key)
    shop.writes(ann, "Ваш ключ: AAAAA-BBBBB-CCCCC")
    ann.confirms(done)
    ann.reviews(done, 5, "Всё отлично, спасибо!")
    bob.writes(shop, "Hello! Is it still available?")

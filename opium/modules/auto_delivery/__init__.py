"""auto_delivery: hands out keys and texts the moment an order is paid (contract 14).

cases       a delivery with its handout and product
matching    which product an order gets, from its own short description (pure)
checks      why an order is not delivered by itself
stock       the shelf: lines in, lines out
waiting     who is served next when there is too little stock
deliver     claim, take, write, hand out
by_hand     what only a person may ask for
lots        the seller's own lots, and switching them off and on
reconcile   which goods the chats show, after a restore
"""

from pathlib import Path

from opium.kit import Module
from opium.modules.auto_delivery.settings import AutoDeliverySettings

module = Module(
    "auto_delivery",
    title="Автовыдача",
    settings=AutoDeliverySettings,
    blueprint=lambda: routes.blueprint(),
    migrations=Path(__file__).parent / "migrations",
    takes_orders=True,
)

# These record on `module`, so they come after it.
from opium.modules.auto_delivery import (  # noqa: E402
    figures,  # noqa: F401
    handlers,  # noqa: F401
    reconcile,  # noqa: F401
    routes,
    tags,  # noqa: F401
    tasks,  # noqa: F401
)

"""The marketplace as it is, without a word about how it looks."""

from sandbox.clock import Clock
from sandbox.world.chats import Chat, Message
from sandbox.world.errors import Refused, Unknown
from sandbox.world.lots import Lot
from sandbox.world.orders import Order
from sandbox.world.people import Buyer, Person, Seller
from sandbox.world.reviews import Review
from sandbox.world.switches import Switches
from sandbox.world.world import World

__all__ = [
    "Buyer",
    "Chat",
    "Clock",
    "Lot",
    "Message",
    "Order",
    "Person",
    "Refused",
    "Review",
    "Seller",
    "Switches",
    "Unknown",
    "World",
]

"""What a control call was given, checked member by member."""

from typing import Any

from flask import request

from sandbox.world import Buyer, Person, Seller, World


def world() -> World:
    """The world this request came for."""
    found: World = request.environ["sandbox.world"]
    return found


def person_named(who: str) -> Person:
    """By name, or by user id in digits."""
    return world().person(int(who) if who.isdecimal() else who)


class Body:
    """The JSON object of a request; asking for a member checks it."""

    def __init__(self) -> None:
        told = request.get_json(silent=True) if request.data else {}
        if not isinstance(told, dict):
            raise ValueError("the body must be a JSON object")
        self.told: dict[str, Any] = told

    def text(self, name: str, default: str | None = None) -> str:
        value = self.told.get(name, default)
        if not isinstance(value, str):
            raise ValueError(f"`{name}` must be a text")
        return value

    def number(self, name: str, default: int | None = None) -> int:
        value = self.told.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"`{name}` must be a whole number")
        return value

    def optional(self, name: str) -> Any:
        return self.told.get(name)

    def person(self, name: str) -> Person:
        """By name or user id."""
        value = self.told.get(name)
        if not isinstance(value, str | int):
            raise ValueError(f"`{name}` must be a name or a user id")
        return world().person(value)

    def seller(self, name: str) -> Seller:
        person = self.person(name)
        if not isinstance(person, Seller):
            raise ValueError(f"{person.name} is not a seller")
        return person

    def buyer(self, name: str) -> Buyer:
        person = self.person(name)
        if not isinstance(person, Buyer):
            raise ValueError(f"{person.name} is not a buyer")
        return person

"""Decoded answers of `POST /runner/` (2)."""

from __future__ import annotations

from typing import Any

from opium.funpay.errors import Unanswered
from opium.funpay.models import ChatHistory, Contact, Look
from opium.funpay.pages import chats
from opium.funpay.pages.answers import refusal, refuse
from opium.funpay.pages.values import as_int, as_list, as_object, as_text

__all__ = ["action_result", "chat_nodes", "look"]


def look(answer: object) -> tuple[Look, dict[str, str]]:
    """What one poll brought, and the new tags by object type (2.2-2.4)."""
    purchases = sales = order = None
    contacts: tuple[Contact, ...] = ()
    tags: dict[str, str] = {}
    for kind, found in _objects(answer):
        tag = found.get("tag")
        if isinstance(tag, str) and tag:
            tags[kind] = tag
        data = found.get("data")
        if not data:  # `false`: nothing to say, the tag counts
            continue
        if kind == "orders_counters":
            purchases, sales = _counters(data)
        elif kind == "chat_bookmarks":
            contacts, order = _bookmarks(data)
    return Look(purchases, sales, contacts, order), tags


def chat_nodes(answer: object) -> tuple[ChatHistory, ...]:
    """The chats that the answer brought; those with nothing to say are left out."""
    return tuple(
        chats.node(found["data"])
        for kind, found in _objects(answer)
        if kind == "chat_node" and found.get("data")
    )


def action_result(answer: object) -> None:
    """Returns if FunPay took the action; `Unanswered` if it does not say so (2.4)."""
    if not isinstance(answer, dict):
        raise Unanswered("FunPay's answer to the action was no object.")
    if "objects" not in answer:
        refuse(answer, stale_on_one=True)
    response = answer.get("response")
    if not isinstance(response, dict) or not response:
        raise Unanswered("FunPay did not say whether it took the action.")
    if response.get("error"):
        raise refusal(response)


def _objects(answer: object) -> list[tuple[str, dict[str, Any]]]:
    whole = as_object(answer, "runner", "answer")
    if "objects" not in whole:
        refuse(whole, stale_on_one=True)
    found = [
        as_object(item, "runner", "object")
        for item in as_list(whole.get("objects"), "runner", "objects")
    ]
    return [(as_text(item.get("type"), "runner", "object type"), item) for item in found]


def _counters(data: object) -> tuple[int, int]:
    counters = as_object(data, "runner", "orders_counters")
    return (
        as_int(counters.get("buyer"), "runner", "orders_counters.buyer"),
        as_int(counters.get("seller"), "runner", "orders_counters.seller"),
    )


def _bookmarks(data: object) -> tuple[tuple[Contact, ...], tuple[int, ...]]:
    bookmarks = as_object(data, "runner", "chat_bookmarks")
    ids = as_list(bookmarks.get("order"), "runner", "chat_bookmarks.order")
    order = tuple(as_int(item, "runner", "chat_bookmarks.order") for item in ids)
    html = as_text(bookmarks.get("html"), "runner", "chat_bookmarks.html")
    return chats.contacts(html), order

"""What each command asks of FunPay: one request that can have an effect, and what came of it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from opium.commands import (
    Command,
    RaiseLots,
    Refund,
    ReplyToReview,
    SaveOffer,
    SendImage,
    SendMessage,
)
from opium.db.tables import StoredCommand
from opium.funpay.client import FunPay
from opium.funpay.errors import Refused, Unanswered
from opium.funpay.gate import Kind
from opium.funpay.models import Message, OfferForm, Sent
from opium.workers.match import own_echo, written_by


class Rewritten(Exception):
    """FunPay shows our message without its marker: we could never find it again (A2 is broken)."""


def turn_kind(command: Command) -> Kind:
    """How the gate treats it."""
    if isinstance(command, SendMessage | SendImage):
        return Kind.SEND
    return Kind.ORDER if command.order_work else Kind.OTHER


Outcome = tuple[dict[str, Any], Message | None]


def perform(client: FunPay, command: Command, row: StoredCommand) -> Outcome:
    """The one request of an attempt; what FunPay answered, and our message if it is one."""
    performer = _PERFORMERS[type(command)]
    return performer(client, command, row)


def _send(client: FunPay, command: SendMessage, row: StoredCommand) -> Outcome:
    return {}, _echoed(client, client.send(row.chat or command.chat, command.text), command, row)


def _send_image(client: FunPay, command: SendImage, row: StoredCommand) -> Outcome:
    image_id = client.upload_image(base64.b64decode(command.image), command.name)
    return {}, _echoed(client, client.send_image(command.chat, image_id), command, row)


def _echoed(client: FunPay, sent: Sent, command: Command, row: StoredCommand) -> Message:
    baseline = row.baseline_msg_id or 0
    found = own_echo(sent.echoed, client.user_id, baseline, command, row.marker)
    if found is not None:
        return found
    ours = written_by(client.user_id, sent.echoed)
    if row.marker and any(m.id > baseline for m in ours):
        raise Rewritten
    raise Unanswered("FunPay did not show our message in its answer")


def _refund(client: FunPay, command: Refund, _row: StoredCommand) -> Outcome:
    client.refund(command.order_id)
    return {}, None


def _reply(client: FunPay, command: ReplyToReview, _row: StoredCommand) -> Outcome:
    client.reply_to_review(command.order_id, command.text)
    return {}, None


def _raise(client: FunPay, command: RaiseLots, _row: StoredCommand) -> Outcome:
    answer = client.raise_lots(command.game_id, command.node_id, command.node_ids)
    return {"raised": answer.raised, "message": answer.message, "wait": answer.wait}, None


def _save(client: FunPay, command: SaveOffer, _row: StoredCommand) -> Outcome:
    form = client.offer_form(command.offer_id)
    answer = client.save_offer(_changed(form, command))
    if not answer.done:
        raise Refused("; ".join(text for _field, text in answer.errors) or "not saved")
    after = client.offer_form(command.offer_id)
    return {"active": after.active, "price": after.price}, None


def _changed(form: OfferForm, command: SaveOffer) -> OfferForm:
    fields = {**form.fields, **command.fields}
    if command.active is not None:
        fields.pop("active", None)
        if command.active:
            fields["active"] = "on"
    return replace(form, fields=fields)


_PERFORMERS: dict[type[Command], Callable[[FunPay, Any, StoredCommand], Outcome]] = {
    SendMessage: _send,
    SendImage: _send_image,
    Refund: _refund,
    ReplyToReview: _reply,
    RaiseLots: _raise,
    SaveOffer: _save,
}

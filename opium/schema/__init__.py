"""Typed views: what a route takes and gives is what its annotations say.

    @bp.post("/<chat_id>/send")
    @typed
    def send(account_id: AccountId, chat_id: ChatId, body: NewMessage) -> Sent: ...

`body: Model` is a JSON object, `body: Model | None` an optional one, `body: str` raw text;
`query: Model` the query string; `idempotency_key: str | None` the header; all other parameters
come from the path. The return annotation is a pydantic model, a TypedDict, a list of those, or a
flask Response.
"""

from opium.schema.reading import MAX_BODY, MAX_IMPORT, read_json
from opium.schema.views import (
    AccountId,
    Answer,
    Body,
    ChatId,
    Contract,
    ModuleName,
    OrderId,
    Query,
    closed,
    typed,
)
from opium.schema.wording import clause, sentence

__all__ = [
    "MAX_BODY",
    "MAX_IMPORT",
    "AccountId",
    "Answer",
    "Body",
    "ChatId",
    "Contract",
    "ModuleName",
    "OrderId",
    "Query",
    "clause",
    "closed",
    "read_json",
    "sentence",
    "typed",
]

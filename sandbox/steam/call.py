"""A call of the Web API as its methods see it, and how they refuse."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.steam.proto import Message, Schema
from sandbox.steam.state import State
from sandbox.steam.tokens import AccessToken

OK, FAIL, BAD_PASSWORD, BAD_PARAM, NOT_FOUND, DENIED = 1, 2, 5, 8, 9, 15
EXPIRED, DUPLICATE, BAD_LOGIN_CODE, LIMITED, THROTTLED, BAD_CODE = 27, 29, 65, 84, 87, 88
AGREEMENT = 118


class Refused(Exception):
    """An outcome that is not OK; HTTP is 200 all the same, unless told otherwise."""

    def __init__(self, eresult: int, answer: Message | None = None, status: int = 200) -> None:
        super().__init__(eresult)
        self.eresult, self.answer, self.status = eresult, answer or {}, status


@dataclass
class Call:
    """One request to one method."""

    state: State
    args: Message
    ip: str
    of_buyer: bool
    token: AccessToken | None
    """The living access token of the query, if there was one."""
    note: Callable[..., None]

    def whole(self, name: str) -> int:
        return int(self.args.get(name, 0))

    def text(self, name: str) -> str:
        return str(self.args.get(name, ""))

    def signed_in(self) -> AccessToken:
        """The access token; without a good one the answer is 401."""
        if self.token is None:
            raise Refused(DENIED, status=401)
        return self.token


@dataclass(frozen=True)
class Method:
    """One method: its verb, its messages and what it does."""

    verb: str
    request: Schema
    answer: Schema
    does: Callable[[Call], dict[str, Any]]
    versions: tuple[str, ...] = ("v1",)

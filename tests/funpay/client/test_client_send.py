"""Messages, pictures and refunds: one POST each, and the truth about what became of it."""

from __future__ import annotations

import socket
import threading
import time
from random import Random

import pytest
from client_cast import HOME, Cast
from sloppy_servers import Behaviour, closes, drips, mute, resets, serving

from opium.clock import Clock
from opium.funpay.client import FunPay
from opium.funpay.errors import (
    FunPayError,
    Limited,
    Refused,
    SignedOut,
    Stale,
    Unanswered,
    Unreachable,
)
from opium.funpay.gate import Gate, Pace

MARKED = "Ваш ключ: AAAA\n#ABCD1234-D1/1"


@pytest.fixture
def stage(stage: Cast) -> Cast:
    """Ann has written; the client is signed in and has seen it."""
    stage.ann.writes(stage.shop, "Здравствуйте")
    stage.funpay.look()
    stage.funpay.accept()
    return stage


def chat(stage: Cast) -> str:
    return f"users-{min(stage.shop.id, stage.ann.id)}-{max(stage.shop.id, stage.ann.id)}"


def told(stage: Cast) -> list[str]:
    return stage.ann.messages_from(stage.shop)


def sends(stage: Cast) -> int:
    seen = stage.world.log.requests(path="/runner/")
    return sum(entry.facts["action"] == "send" for entry in seen)


def test_a_message_is_sent_once_and_its_id_is_known(stage: Cast) -> None:
    sent = stage.funpay.send(chat(stage), MARKED)
    assert told(stage) == [MARKED]
    assert sent.message is not None
    assert sent.message.id == stage.shop.messages_with(stage.ann)[-1].id
    assert stage.funpay.newest_message == sent.message.id
    assert sends(stage) == 1


def test_the_number_of_a_chat_does_as_well(stage: Cast) -> None:
    number = stage.funpay.chats()[0].chat_id
    assert stage.funpay.send(number, "hello").message is not None
    assert told(stage) == ["hello"]


def test_the_echo_is_only_what_is_newer_than_the_baseline(stage: Cast) -> None:
    stage.funpay.send(chat(stage), "ok")
    second = stage.funpay.send(chat(stage), "ok")
    assert [message.text for message in second.echoed] == ["ok"]


def test_our_message_is_found_beside_the_buyers(stage: Cast) -> None:
    stage.fault("newer_message", path="/runner/", text=MARKED)
    sent = stage.funpay.send(chat(stage), MARKED)
    assert sent.message is not None
    assert sent.message.author_id == stage.shop.id
    assert len(sent.echoed) == 2


def test_an_answer_without_echo_leaves_it_open(stage: Cast) -> None:
    stage.fault("no_echo", "after", path="/runner/", action="send")
    assert stage.funpay.send(chat(stage), MARKED).message is None
    assert told(stage) == [MARKED]


@pytest.mark.parametrize(
    ("kind", "when", "error"),
    [
        ("500", "before", Unanswered),
        ("500", "after", Unanswered),
        ("502", "after", Unanswered),
        ("503", "before", Unanswered),
        ("504", "after", Unanswered),
        ("404", "before", Unanswered),
        ("cut", "before", Unanswered),
        ("cut", "after", Unanswered),
        ("reset", "after", Unanswered),
        ("hang", "after", Unanswered),
        ("late", "before", Unanswered),
        ("challenge", "after", Unanswered),
        ("login_page", "after", Unanswered),
        ("maintenance", "before", Unanswered),
        ("empty", "before", Unanswered),
        ("cut_body", "after", Unanswered),
        ("429", "before", Limited),
        ("flood", "before", Limited),
        ("flood_users", "before", Limited),
        ("error_text", "before", Refused),
        ("403", "before", Stale),
        ("login", "before", Stale),
    ],
)
def test_one_post_whatever_happens(
    stage: Cast, kind: str, when: str, error: type[FunPayError]
) -> None:
    stage.fault(kind, when, path="/runner/", action="send")
    with pytest.raises(error) as raised:
        stage.funpay.send(chat(stage), MARKED)
    assert type(raised.value) is error
    assert sends(stage) == 1
    assert told(stage) == ([MARKED] if when == "after" else [])


def test_a_stale_session_is_renewed_and_the_message_sent_once(stage: Cast) -> None:
    stage.fault("stale", path="/runner/", action="send")
    assert stage.funpay.send(chat(stage), MARKED).message is not None
    assert (told(stage), sends(stage)) == ([MARKED], 2)


def test_a_dead_key_sends_nothing(stage: Cast) -> None:
    stage.shop.loses_key()
    with pytest.raises(SignedOut):
        stage.funpay.send(chat(stage), MARKED)
    assert told(stage) == []


@pytest.mark.parametrize(("kind", "least", "most"), [("flood", 3, 10), ("flood_users", 180, 300)])
def test_flood_texts_say_how_long_to_wait(
    stage: Cast, kind: str, least: float, most: float
) -> None:
    stage.fault(kind, path="/runner/", action="send")
    with pytest.raises(Limited) as limited:
        stage.funpay.send(chat(stage), MARKED)
    assert limited.value.wait is not None
    assert least <= limited.value.wait <= most


def test_the_intent_can_be_written_down_once_the_turn_is_certain(stage: Cast) -> None:
    stage.funpay.send(chat(stage), "one")
    waited_from = stage.clock.monotonic()
    with stage.funpay.turn_to_send(chat(stage)):
        intent = stage.clock.monotonic()
        stage.funpay.send(chat(stage), "two")
        assert stage.clock.monotonic() == intent
    assert intent == waited_from + 1.5
    assert told(stage) == ["one", "two"]


def test_a_turn_that_is_not_to_be_had_asks_nobody(stage: Cast) -> None:
    asked = len(stage.wire.sent)
    stage.funpay.gate.pause(60)
    with pytest.raises(Limited), stage.funpay.turn_to_send(chat(stage)):
        raise AssertionError("nobody may write down an intent now")
    assert len(stage.wire.sent) == asked


def test_sends_never_share_a_connection(stage: Cast) -> None:
    stage.funpay.send(chat(stage), "hello")
    assert stage.wire.sent[-1].headers["Connection"] == "close"
    stage.funpay.look()
    assert "Connection" not in stage.wire.sent[-1].headers


def test_a_picture_is_uploaded_and_sent(stage: Cast) -> None:
    image_id = stage.funpay.upload_image(b"\x89PNG\r\n\x1a\n" + b"0" * 64, "card.png")
    sent = stage.funpay.send_image(chat(stage), image_id)
    assert sent.message is not None
    assert sent.message.image_url
    assert stage.shop.messages_with(stage.ann)[-1].image is not None


def test_a_picture_that_is_too_large_is_refused(stage: Cast) -> None:
    with pytest.raises(Refused):
        stage.funpay.upload_image(b"\x89PNG" + b"0" * 7_400_000, "big.png")


def test_a_refund_happens_once(stage: Cast) -> None:
    order = stage.ann.buys(stage.shop.lot("Ключ"))
    stage.funpay.refund(order.id)
    assert order.status == "refunded"
    with pytest.raises(Refused):
        stage.funpay.refund(order.id)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["cut", "hang", "502"])
def test_a_lost_refund_is_unknown_and_never_repeated(stage: Cast, kind: str, when: str) -> None:
    order = stage.ann.buys(stage.shop.lot("Ключ"))
    stage.fault(kind, when, path="/orders/refund")
    with pytest.raises(Unanswered):
        stage.funpay.refund(order.id)
    assert stage.posts("/orders/refund") == 1
    assert order.status == ("refunded" if when == "after" else "paid")


def test_a_stale_refund_is_renewed_and_done_once(stage: Cast) -> None:
    order = stage.ann.buys(stage.shop.lot("Ключ"))
    stage.fault("stale", path="/orders/refund")
    stage.funpay.refund(order.id)
    assert (order.status, stage.posts("/orders/refund")) == ("refunded", 2)


def test_replies_to_reviews(stage: Cast) -> None:
    order = stage.ann.buys(stage.shop.lot("Ключ"))
    stage.ann.confirms(order)
    stage.ann.reviews(order, 5, "Отлично")
    replied = stage.funpay.reply_to_review(order.id, "Спасибо!")
    assert replied is not None
    assert (replied.stars, replied.reply) == (5, "Спасибо!")
    deleted = stage.funpay.delete_reply(order.id)
    assert deleted is not None
    assert deleted.reply is None


# The same on real sockets


def dialled(url: str) -> FunPay:
    clock = Clock()
    gate = Gate(Pace(base_delay=0.0), clock=clock, random=Random(1))
    return FunPay(url, "k" * 32, gate=gate, clock=clock, random=Random(1))


def after_signing_in(behave: Behaviour) -> Behaviour:
    head = b"HTTP/1.1 200 OK\r\nSet-Cookie: PHPSESSID=a\r\nContent-Length: %d\r\n\r\n"

    def answer(sock: socket.socket, request: bytes) -> None:
        if request.startswith(b"GET"):
            sock.sendall(head % len(HOME) + HOME)
        else:
            behave(sock, request)

    return answer


@pytest.mark.parametrize(
    "behave",
    [closes, resets, mute, drips(b"X: y\r\n", 0.01, b"HTTP/1.1 200 OK\r\n")],
    ids=["closes", "resets", "mute", "drips"],
)
def test_exactly_one_post_on_the_wire(behave: Behaviour) -> None:
    with serving(after_signing_in(behave)) as server:
        client = dialled(server.url)
        client.sign_in()
        begun = time.monotonic()
        with pytest.raises(Unanswered):
            client.send("users-1-2", "hello", seconds=0.15)
        with pytest.raises(Unreachable):
            client.look(seconds=0.15)
        assert time.monotonic() - begun < 0.6
        assert [request[:4] for request in server.requests] == [b"GET ", b"POST", b"POST"]
        client.close()


def test_aborting_a_send_leaves_its_outcome_unknown() -> None:
    arrived = threading.Event()
    outcome: list[Exception] = []

    def hang(sock: socket.socket, request: bytes) -> None:
        arrived.set()
        mute(sock, request)

    def send() -> None:
        try:
            client.send("users-1-2", "hello")
        except Exception as exc:
            outcome.append(exc)

    with serving(after_signing_in(hang)) as server:
        client = dialled(server.url)
        client.sign_in()
        thread = threading.Thread(target=send)
        thread.start()
        assert arrived.wait(2)
        client.close()  # what is on the wire may finish
        assert thread.is_alive()
        client.abort()
        thread.join(2)
        assert isinstance(outcome[0], Unanswered)

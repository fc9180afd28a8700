"""maFiles, passwords and messages: whatever comes, it is understood or refused."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from steam_cast import IDENTITY, SHARED, STEAM_ID

from opium.modules.steam_rent.steam import crypto, mafile, messages, passwords, protobuf, tokens
from opium.modules.steam_rent.steam.errors import BadMaFile
from opium.modules.steam_rent.steam.mafile import MaFile
from opium.modules.steam_rent.steam.tokens import Tokens

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SECRET = base64.b64encode(SHARED).decode()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
NAMES = ["shared_secret", "identity_secret", "device_id", "account_name", "uri", "Session"]
MORE = ["steamid", "steam_id", "tokens", "serial_number", "token_gid"]


def file(**fields: Any) -> str:
    return json.dumps({"shared_secret": SECRET, **fields})


# --- maFiles


@calm
@given(st.binary(max_size=200))
def test_any_bytes_are_a_mafile_or_a_bad_one(data: bytes) -> None:
    try:
        assert isinstance(mafile.parse(data), MaFile)
    except BadMaFile:
        return


@calm
@given(st.dictionaries(st.sampled_from(NAMES + MORE), JSON))
def test_any_fields_are_a_mafile_or_a_bad_one(fields: dict[str, Any]) -> None:
    try:
        found = mafile.parse(json.dumps({"shared_secret": SECRET} | fields))
    except BadMaFile:
        return
    assert len(found.shared_secret) == 20
    assert found.steam_id is None or mafile.is_steam_id(found.steam_id)


def test_a_nest_of_brackets_is_no_mafile() -> None:
    with pytest.raises(BadMaFile):
        mafile.parse("[" * 60_000)


@calm
@given(
    st.integers(1, 2**32 - 1),
    st.binary(min_size=20, max_size=20),
    st.none() | st.binary(min_size=20, max_size=20),
)
def test_what_is_stored_is_what_was_read(number: int, shared: bytes, own: bytes | None) -> None:
    kept = MaFile(
        mafile.STEAM_ID_BASE + number,
        "rent_alpha01",
        shared,
        own,
        "android:1-2",
        "2f",
        "17446744073709551615",
        Tokens("refresh-token", "access-token"),
    )
    assert mafile.parse(kept.dump()) == kept


def test_the_revocation_code_is_kept_nowhere() -> None:
    found = mafile.parse(file(revocation_code="R54321"))
    assert "R54321" not in found.dump() + repr(found)


def test_a_printed_mafile_shows_no_secret() -> None:
    text = file(identity_secret=base64.b64encode(IDENTITY).decode(), steamid=str(STEAM_ID))
    shown = repr(mafile.parse(text))
    assert str(STEAM_ID) in shown
    assert not any(part in shown for part in (SECRET, repr(SHARED), repr(IDENTITY)))


@pytest.mark.parametrize(
    ("fields", "name", "expected"),
    [
        ({"steam_id": STEAM_ID}, "", STEAM_ID),
        ({"steamid": str(STEAM_ID)}, "", STEAM_ID),
        ({"Session": {"SteamID": 0}}, "", None),
        ({"Session": {"SteamID": float(STEAM_ID)}}, "", None),
        ({"Session": None}, f"{STEAM_ID}.maFile", STEAM_ID),
        ({"Session": None}, "my account.maFile", None),
        ({"Session": {"SteamID": STEAM_ID}}, "76561198460938008.maFile", STEAM_ID),
    ],
)
def test_the_steam_id_is_exact_or_unknown(
    fields: dict[str, Any], name: str, expected: int | None
) -> None:
    assert mafile.parse(file(**fields), file_name=name).steam_id == expected


def test_two_ids_in_one_file_are_a_mixture() -> None:
    with pytest.raises(BadMaFile, match="two different"):
        mafile.parse(file(steamid=str(STEAM_ID), Session={"SteamID": STEAM_ID + 1}))


@pytest.mark.parametrize("shared", [SECRET.rstrip("="), SHARED.hex(), SHARED.hex().upper()])
def test_a_secret_may_lack_its_padding_or_be_hexadecimal(shared: str) -> None:
    assert mafile.parse(file(shared_secret=shared)).shared_secret == SHARED


def test_a_session_of_another_program_is_a_hint() -> None:
    cli = mafile.parse(file(tokens={"refresh_token": "refresh-1", "access_token": "access-1"}))
    assert cli.tokens == Tokens("refresh-1", "access-1")
    assert mafile.parse(file(Session={"AccessToken": "access-1"})).tokens is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (base64.b64encode(bytes(64)).decode(), "encrypted"),
        ('{"encrypted":true,"entries":[]}', "manifest"),
        ("[]", "no maFile"),
        ("hello", "not JSON"),
        ("{" + " " * 70_000 + "}", "too large"),
    ],
)
def test_what_is_no_mafile_is_told(text: str, hint: str) -> None:
    with pytest.raises(BadMaFile, match=hint):
        mafile.parse(text)


# --- passwords


@calm
@given(st.integers(), st.text("abcdefghijklmnopqrstuvwxyz_0123456789", max_size=12))
def test_a_generated_password_is_one_that_steam_takes(seed: int, login: str) -> None:
    password = passwords.generate_password(login, rng=random.Random(seed))
    assert len(password) == 16
    assert password[0].isalpha()
    assert not set(password) & set("0O1lI")
    assert any(c.islower() for c in password)
    assert any(c.isupper() for c in password)
    assert any(c.isdigit() for c in password)
    assert passwords.password_problem(password, login) is None
    assert not login or login.lower() not in password.lower()


def test_a_former_password_does_not_come_back() -> None:
    first = passwords.generate_password("x", rng=random.Random(1))
    assert passwords.generate_password("x", {first}, rng=random.Random(1)) != first


def test_two_passwords_differ() -> None:
    assert passwords.generate_password("x") != passwords.generate_password("x")


@pytest.mark.parametrize(
    "password", ["short1A", "Пароль12345", "with space1A", "rent_ALPHA01", "x" * 33, ""]
)
def test_a_bad_password_is_told(password: str) -> None:
    assert passwords.password_problem(password, "rent_alpha01")


# --- codes


@calm
@given(st.integers(0, 2**33))
def test_a_code_lives_as_long_as_its_window(at: int) -> None:
    left = crypto.seconds_left(at)
    assert 1 <= left <= 30
    assert crypto.code_window(at + left - 1) == crypto.code_window(at)
    assert crypto.code_window(at + left) == crypto.code_window(at) + 1


@pytest.mark.parametrize("modulus", ["", "0", "zz", "ff", "-" + "f" * 512])
def test_a_key_that_is_none_is_refused(modulus: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        crypto.encrypt_password("password", modulus, "010001")


# --- messages

U64, I32 = st.integers(0, 2**64 - 1), st.integers(-(2**31), 2**31 - 1)
EVENTS = st.builds(messages.SeenEvent, time=U64, country=st.text(), city=st.text())
DESCRIPTIONS = st.builds(
    messages.RefreshTokenDescription,
    token_id=U64,
    token_description=st.text(),
    platform_type=I32,
    logged_in=st.booleans(),
    last_seen=st.none() | EVENTS,
    os_type=I32,
)
ANSWERS = st.builds(
    messages.EnumerateAnswer,
    refresh_tokens=st.lists(DESCRIPTIONS, max_size=4).map(tuple),
    requesting_token=U64,
)


@calm
@given(ANSWERS)
def test_what_was_encoded_is_decoded(answer: messages.EnumerateAnswer) -> None:
    assert protobuf.decode(messages.EnumerateAnswer, protobuf.encode(answer)) == answer


@calm
@given(
    st.binary(max_size=80),
    st.sampled_from([messages.EnumerateAnswer, messages.BeginAnswer, messages.PollAnswer]),
)
def test_any_bytes_are_a_message_or_a_bad_one(data: bytes, kind: type[Any]) -> None:
    try:
        assert isinstance(protobuf.decode(kind, data), kind)
    except protobuf.BadMessage:
        return


@calm
@given(JSON)
def test_any_json_is_a_message_or_a_bad_one(data: object) -> None:
    for kind in (messages.EnumerateAnswer, messages.BeginAnswer):
        try:
            assert isinstance(protobuf.from_json(kind, data), kind)
        except protobuf.BadMessage:
            continue


def test_unknown_fields_are_passed_over() -> None:
    unknown = bytes.fromhex("f80601") + bytes.fromhex("fa0602ffff") + bytes.fromhex("fd0600000000")
    known = protobuf.encode(messages.RenewAnswer("access", "refresh"))
    assert protobuf.decode(messages.RenewAnswer, unknown + known).access_token == "access"


def test_html_is_no_message() -> None:
    with pytest.raises(protobuf.BadMessage):
        protobuf.decode(messages.EnumerateAnswer, b"<html>maintenance</html>")


def test_a_plain_form_holds_scalars_only() -> None:
    request = messages.BeginRequest(
        account_name="x", remember_login=True, device_details=messages.DeviceDetails("Pixel")
    )
    assert protobuf.form(request) == {"account_name": "x", "remember_login": "1"}


def test_plain_answers_have_numbers_as_text() -> None:
    told = {"requesting_token": "18446744073709551615", "refresh_tokens": [{"token_id": "7"}]}
    found = protobuf.from_json(messages.EnumerateAnswer, told)
    assert found.requesting_token == 2**64 - 1
    assert found.refresh_tokens[0].token_id == 7


def test_a_printed_message_shows_nothing() -> None:
    answer = messages.PollAnswer(1, "refresh", "access")
    assert "refresh" not in repr(answer).replace("refresh_token", "")


@calm
@given(st.text(max_size=60))
def test_any_text_may_be_a_token(text: str) -> None:
    assert tokens.read(text) == tokens.Claims() or "." in text

"""The double's own codes, hashes, signatures, RSA and protobuf against known values."""

from __future__ import annotations

import json
from base64 import b64decode
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from sandbox.steam import Account, SteamDouble, codes, messages, rsa
from sandbox.steam.proto import decode, encode, from_json
from sandbox.steam.wire import Malformed, arguments

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "steam" / "vectors.json"
captured = pytest.mark.captured
beside = pytest.mark.skipif(not VECTORS.is_file(), reason="the vectors are not beside the project")


@cache
def vectors() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(VECTORS.read_text())
    return found


@captured
@beside
def test_guard_codes() -> None:
    rows = [*vectors()["guard_code"]]
    for account in vectors()["made_up_accounts"]:
        rows += [
            {**row, "shared_secret": account["shared_secret"]} for row in account["guard_code"]
        ]
    assert len(rows) == 51
    for row in rows:
        window = codes.window_at(row["time"])
        assert window == row["window"]
        assert codes.guard_code(b64decode(row["shared_secret"]), window) == row["code"]


@captured
@beside
def test_confirmation_keys() -> None:
    rows = [*vectors()["confirmation_hash"]]
    for account in vectors()["made_up_accounts"]:
        secret = {"identity_secret": account["identity_secret"]}
        rows += [{**row, **secret} for row in account["confirmation_hash"]]
    assert len(rows) > 50
    for row in rows:
        key = b64decode(row["identity_secret"])
        assert codes.confirmation_key(key, row["time"], row["tag"]) == row["hash"]


@captured
@beside
def test_revoke_signatures_and_device_ids() -> None:
    rows = [*vectors()["revoke_refresh_token_signature"]]
    for account in vectors()["made_up_accounts"]:
        secret = {"shared_secret": account["shared_secret"]}
        rows += [{**row, **secret} for row in account["revoke_refresh_token_signature"]]
    for row in rows:
        signed = codes.revoke_signature(b64decode(row["shared_secret"]), int(row["token_id"]))
        assert signed.hex() == row["signature_hex"]
    for row in vectors()["device_id"]:
        assert codes.device_id(int(row["input"]), row["salt"]) == row["device_id"]


@captured
@beside
def test_passwords_sealed_by_others_are_opened() -> None:
    key = vectors()["rsa"]["round_trip_key_TEST_ONLY"]
    numbers = {name: int(str(value), 16) for name, value in key.items() if name.endswith("_hex")}
    p, q = numbers["p_hex"], numbers["q_hex"]
    secret = pow(65537, -1, (p - 1) * (q - 1))
    for sample in key["samples"]:
        assert rsa.decrypt(sample["ciphertext_b64"], p * q, secret) == sample["password"]


@captured
@beside
@pytest.mark.parametrize("number", range(5))
def test_protobuf_on_the_wire(number: int) -> None:
    shape = [messages.BEGIN_REQUEST, messages.CODE_REQUEST, messages.POLL_REQUEST,
             messages.RENEW_REQUEST, messages.REVOKE_REQUEST][number]  # fmt: skip
    row = vectors()["protobuf_wire"]["messages"][number]
    message = decode(bytes.fromhex(row["hex"]), shape)
    for name, value in row["fields"].items():
        if name == "request_id_hex":
            assert message["request_id"].hex() == value
        elif name != "signature":
            assert str(message[name]) == str(value)
    assert encode(message, shape).hex() == row["hex"]
    for form in ("b64", "b64_urlsafe"):
        assert arguments({"input_protobuf_encoded": row[form]}, shape) == message


@captured
@beside
@pytest.mark.parametrize("number", range(5))
def test_the_mafile_of_a_made_up_account(steam: SteamDouble, number: int) -> None:
    told = vectors()["made_up_accounts"][number]
    account = steam.add_account(
        told["account_name"],
        "OldPassw0rd42",
        steamid=told["steamid64"],
        shared_secret=told["shared_secret"],
        identity_secret=told["identity_secret"],
    )
    mafile = json.loads(account.mafile)
    assert account.accountid == told["accountid32"]
    assert mafile["device_id"] == told["device_id_derived"]
    assert told["shared_secret_base32"] in mafile["uri"]
    assert mafile["shared_secret"] == told["shared_secret"]


def test_a_sealed_password_is_opened(account: Account) -> None:
    text = rsa.encrypt("p4ss +&=%#~", rsa.MODULUS_HEX, rsa.EXPONENT_HEX, Random(1))
    assert len(text) == 344
    assert rsa.decrypt(text) == "p4ss +&=%#~"
    assert rsa.decrypt(text[:-4]) is None
    assert rsa.decrypt("x") is None
    longest = "x" * 245
    for told, opened in ((longest, longest), (longest + "x", None)):
        text = rsa.encrypt(told, rsa.MODULUS_HEX, rsa.EXPONENT_HEX, Random(1))
        assert rsa.decrypt(text) == opened
    assert account.steamid - account.accountid == 76561197960265728


def test_known_codes_without_the_vectors() -> None:
    """One public value of each kind, so that every checkout proves them."""
    secret = b"1234567890abcdefghij"
    assert codes.guard_code(secret, codes.window_at(1469184207)) == "P2QJN"
    key = codes.confirmation_key(b"abcdefghijklmnoprstu", 1470838334, "conf")
    assert key == "pWqjnkcwqni+t/n+5xXaEa0SGeA="
    assert codes.device_id(12341234123412345)[8:16] == "677cf5aa"


@pytest.mark.parametrize(
    "told",
    [b"\x08", b"\x0a\x05ab", b"\x09abc", b"\x0b", b"\x08" + b"\xff" * 10, b"\x0a\x01\xff", b"\x12"],
)
def test_broken_protobuf_is_refused(told: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        decode(told, messages.KEY_REQUEST)


def test_unknown_fields_are_skipped_and_signs_kept() -> None:
    shape = messages.BEGIN_REQUEST
    message = {"account_name": "x", "persistence": -1, "device_details": {"os_type": -500}}
    more = encode(message, shape) + b"\xf8\x07\x01"
    assert decode(more, shape) == message
    assert encode({"interval": 5.0}, messages.BEGIN) == b"\x1d\x00\x00\xa0\x40"


@pytest.mark.parametrize("told", [{"timestamp": "-1"}, {"timestamp": "1" * 21}, {"timestamp": "x"},
                                  {"timestamp": str(2**64)}])  # fmt: skip
def test_plain_numbers_are_checked(told: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="uint64"):
        from_json(told, messages.KEY)


def test_a_json_message_may_nest() -> None:
    told = {"input_json": '{"device_details":{"platform_type":3}}'}
    shape = messages.BEGIN_REQUEST
    assert arguments(told, shape) == {"device_details": {"platform_type": 3}}
    with pytest.raises(Malformed):
        arguments({"input_json": "[1]"}, shape)

"""What is computed, against vectors of several independent programs (`vectors.json`)."""

from __future__ import annotations

import base64
import itertools
from typing import Any
from urllib.parse import quote

import pytest
from steam_cast import vectors, with_vectors

from opium.modules.steam_rent.steam import crypto, mafile, messages, protobuf, results
from opium.modules.steam_rent.steam.errors import BadMaFile

pytestmark = with_vectors

OWN = vectors("made_up_accounts")
KINDS: dict[str, type[Any]] = {
    "CAuthentication_BeginAuthSessionViaCredentials_Request": messages.BeginRequest,
    "CAuthentication_UpdateAuthSessionWithSteamGuardCode_Request": messages.GuardCodeRequest,
    "CAuthentication_PollAuthSessionStatus_Request": messages.PollRequest,
    "CAuthentication_AccessToken_GenerateForApp_Request": messages.RenewRequest,
    "CAuthentication_RefreshToken_Revoke_Request": messages.RevokeRequest,
}


def of_accounts(name: str, secret: str) -> list[dict[str, Any]]:
    return [{**row, secret: account[secret]} for account in OWN for row in account[name]]


@pytest.mark.parametrize(
    "row", [*vectors("guard_code"), *of_accounts("guard_code", "shared_secret")]
)
def test_guard_code(row: dict[str, Any]) -> None:
    secret = base64.b64decode(row["shared_secret"])
    assert crypto.guard_code(secret, row["time"]) == row["code"]
    assert crypto.code_window(row["time"]) == row["window"]


@pytest.mark.parametrize(
    "row",
    [*vectors("confirmation_hash"), *of_accounts("confirmation_hash", "identity_secret")],
)
def test_confirmation_key(row: dict[str, Any]) -> None:
    key = crypto.confirmation_key(base64.b64decode(row["identity_secret"]), row["time"], row["tag"])
    assert key == row["hash"]
    assert quote(key, safe="") == row.get("hash_urlencoded", quote(key, safe=""))


@pytest.mark.parametrize("row", vectors("device_id"))
def test_derived_device_id(row: dict[str, Any]) -> None:
    assert crypto.derived_device_id(int(row["input"]), row["salt"]) == row["device_id"]


@pytest.mark.parametrize("account", OWN)
def test_derived_device_id_of_the_made_up_accounts(account: dict[str, Any]) -> None:
    steam_id, salted = int(account["steamid64"]), account["device_id_derived_salted"]
    assert crypto.derived_device_id(steam_id) == account["device_id_derived"]
    assert crypto.derived_device_id(steam_id, salted["salt"]) == salted["device_id"]


@pytest.mark.parametrize(
    "row",
    [
        *vectors("revoke_refresh_token_signature"),
        *of_accounts("revoke_refresh_token_signature", "shared_secret"),
    ],
)
def test_revoke_signature(row: dict[str, Any]) -> None:
    signature = crypto.revoke_signature(
        base64.b64decode(row["shared_secret"]), int(row["token_id"])
    )
    assert signature.hex() == row["signature_hex"]


@pytest.mark.parametrize("row", vectors("rsa", "deterministic") if OWN else [])
def test_rsa_bit_for_bit_with_known_padding(row: dict[str, Any]) -> None:
    encrypted = crypto.encrypt_password(
        row["password"], row["publickey_mod"], row["publickey_exp"], padding=counted_padding
    )
    assert encrypted == row["ciphertext_b64"]


@pytest.mark.parametrize(
    "sample", vectors("rsa", "round_trip_key_TEST_ONLY", "samples") if OWN else []
)
def test_rsa_round_trip(sample: dict[str, Any]) -> None:
    key = vectors("rsa", "round_trip_key_TEST_ONLY")
    ours = crypto.encrypt_password(sample["password"], key["publickey_mod"], key["publickey_exp"])
    assert len(ours) == sample["ciphertext_len"]
    for text in (ours, sample["ciphertext_b64"]):
        n, d = int(key["publickey_mod"], 16), int(key["private_exponent_hex"], 16)
        plain = pow(int.from_bytes(base64.b64decode(text), "big"), d, n).to_bytes(256, "big")
        head, _, message = plain[2:].partition(b"\x00")
        assert plain[:2] == b"\x00\x02"
        assert len(head) >= 8
        assert message.decode() == sample["password"]


def counted_padding(count: int) -> bytes:
    """Words 2, 3, 4, … as u64 little-endian; a zero is redrawn from the next words' low bytes."""
    words = itertools.count(2)
    drawn = b"".join(next(words).to_bytes(8, "little") for _ in range((count + 7) // 8))
    out = bytearray(drawn[:count])
    for place, byte in enumerate(out):
        while byte == 0:
            byte = next(words) & 255
        out[place] = byte
    return bytes(out)


@pytest.mark.parametrize("row", vectors("mafile_parse"), ids=lambda row: row["name"])
def test_mafile(row: dict[str, Any]) -> None:
    expected = row["expect"]
    if isinstance(expected, str) and not expected.startswith("accept"):
        if "ignore the id" in expected:
            assert mafile.parse(row["text"]).steam_id is None
            return
        with pytest.raises(BadMaFile):
            mafile.parse(row["text"])
        return
    for data in (row["text"], row["text"].encode()):
        found = mafile.parse(data)
        assert found.account_name == "rent_alpha01"
        assert base64.b64encode(found.shared_secret).decode() == OWN[0]["shared_secret"]
        if isinstance(expected, str):
            assert found.identity_secret is None
            continue
        assert str(found.steam_id) == str(expected["steamid64"])
        if expected.get("device_id", "").startswith("android:"):
            assert found.device_id == expected["device_id"]
        if "serial_number" in expected:
            assert found.serial_number == expected["serial_number"]


@pytest.mark.parametrize("row", vectors("mafile_uri"))
def test_the_uri_of_a_mafile_belongs_to_its_secret(row: dict[str, Any]) -> None:
    uri = f"otpauth://totp/Steam:x?secret={row['base32']}&issuer=Steam"
    text = f'{{"shared_secret":"{row["shared_secret"]}","uri":"{uri}"}}'
    assert mafile.parse(text).shared_secret == base64.b64decode(row["shared_secret"])
    other = row["base32"].translate(str.maketrans("SLB", "ABC"))
    with pytest.raises(BadMaFile):
        mafile.parse(text.replace(row["base32"], other))


@pytest.mark.parametrize("row", vectors("steamid", "rows") if OWN else [])
def test_account_id(row: dict[str, Any]) -> None:
    assert mafile.account_id(int(row["steamid64"])) == row["accountid32"]
    assert mafile.is_steam_id(int(row["steamid64"]))


@pytest.mark.parametrize("row", vectors("protobuf_wire", "messages") if OWN else [])
def test_protobuf(row: dict[str, Any]) -> None:
    request = KINDS[row["message"]](**dict(map(told, row["fields"].items())))
    assert protobuf.encode(request).hex() == row["hex"]
    assert protobuf.decode(type(request), bytes.fromhex(row["hex"])) == request


def told(item: tuple[str, Any]) -> tuple[str, Any]:
    name, value = item
    if name == "device_details":
        return name, messages.DeviceDetails(**value)
    if name == "request_id_hex":
        return "request_id", bytes.fromhex(value)
    if name == "signature":
        return name, bytes.fromhex(OWN[0]["revoke_refresh_token_signature"][0]["signature_hex"])
    return name, int(value) if name in ("client_id", "steamid", "token_id") else value


def test_results_have_steams_names() -> None:
    expected = vectors("eresult_expectations", "map")
    assert {str(int(number)): results.EResult(int(number)).name for number in expected} == expected

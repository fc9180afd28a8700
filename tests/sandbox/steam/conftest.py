"""The cast: Steam at a frozen moment without sockets, an account, and its owner's phone."""

from __future__ import annotations

import pytest
from steam_double_cast import PASSWORD, Client

from sandbox.steam import Account, SteamDouble


@pytest.fixture
def steam() -> SteamDouble:
    return SteamDouble(seed=7)


@pytest.fixture
def account(steam: SteamDouble) -> Account:
    return steam.add_account("rent_alpha01", PASSWORD)


@pytest.fixture
def client(steam: SteamDouble, account: Account) -> Client:
    """A device that is not signed in yet."""
    return Client(steam, account)


@pytest.fixture
def owner(client: Client) -> Client:
    """The same, signed in."""
    return client.sign_in()

"""A stand-in for Steam: logging in, confirmations, the password wizard and signing out.

It is written from the facts of a dossier on Steam's web protocol, which its docstrings cite as
§; letters say how sure a fact is: [A] several sources, [B] one good source, [U] unproven.
"""

from sandbox.steam.accounts import Account
from sandbox.steam.buyer import Buyer, BuyerRefused
from sandbox.steam.double import SteamDouble
from sandbox.steam.proxy import ForwardProxy
from sandbox.steam.state import Endpoints

__all__ = ["Account", "Buyer", "BuyerRefused", "Endpoints", "ForwardProxy", "SteamDouble"]

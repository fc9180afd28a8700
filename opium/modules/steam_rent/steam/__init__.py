"""Steam's client: sign in, change the password, end other people's sessions.

client         the facade, one account at a time
errors         what can go wrong, by what the caller must do
mafile         the secrets of an authenticator, read from a file
crypto         Guard codes, keys, signatures, encrypted passwords
passwords      making and judging new passwords
throttle       cool-downs that accounts of one exit address share
server_time    Steam's clock

login          password, Guard code, tokens;  signing: being and staying signed in
web_login      a web session, where a mobile one is not taken
confirmations  mobile confirmations;  wizard, steps, wizard_pages: the password change
sessions       who else is signed in
api            the Web API;  messages, protobuf, results: its words
http           requests, each put on the wire once;  endpoints, cookies: where and as whom

Sources are named as `protocol N`: chapters of the description of Steam's protocol.
"""

from opium.modules.steam_rent.steam.client import GuardStatus, Options, Probe, Steam, Verdict
from opium.modules.steam_rent.steam.crypto import code_window, guard_code, seconds_left
from opium.modules.steam_rent.steam.endpoints import Endpoints
from opium.modules.steam_rent.steam.login import Windows
from opium.modules.steam_rent.steam.mafile import MaFile
from opium.modules.steam_rent.steam.mafile import parse as parse_mafile
from opium.modules.steam_rent.steam.passwords import generate_password, password_problem
from opium.modules.steam_rent.steam.server_time import ServerTime
from opium.modules.steam_rent.steam.sessions import Session
from opium.modules.steam_rent.steam.throttle import Throttle
from opium.modules.steam_rent.steam.tokens import Tokens

__all__ = [
    "Endpoints",
    "GuardStatus",
    "MaFile",
    "Options",
    "Probe",
    "ServerTime",
    "Session",
    "Steam",
    "Throttle",
    "Tokens",
    "Verdict",
    "Windows",
    "code_window",
    "generate_password",
    "guard_code",
    "parse_mafile",
    "password_problem",
    "seconds_left",
]

"""An account's configuration: members, bounds and the proxy grammar (contract 4.3). Pure."""

from opium.account_config.bodies import (
    AccountConfig,
    AntiDetectGiven,
    CreateBody,
    PatchBody,
    Proxy,
    RateLimitGiven,
    ReconnectGiven,
)
from opium.account_config.objects import AntiDetect, RateLimit, Reconnect
from opium.account_config.proxy import MASK, check_proxy, mask_proxy, proxies

__all__ = [
    "MASK",
    "AccountConfig",
    "AntiDetect",
    "AntiDetectGiven",
    "CreateBody",
    "PatchBody",
    "Proxy",
    "RateLimit",
    "RateLimitGiven",
    "Reconnect",
    "ReconnectGiven",
    "check_proxy",
    "mask_proxy",
    "proxies",
]

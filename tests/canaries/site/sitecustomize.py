"""Runs at the start of every Python process of a canary run: the taps go in."""

import os
from importlib import import_module

if os.environ.get("CANARIES"):
    import_module("tests.canaries.taps").install()

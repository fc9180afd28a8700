from __future__ import annotations

import pytest
from client_cast import Cast, cast


@pytest.fixture
def stage() -> Cast:
    """A shop with a running client; Ann is a buyer."""
    return cast()

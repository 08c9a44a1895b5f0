"""What the tests of wrong adapters share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from coverage import Coverage


@pytest.fixture(scope="module", autouse=True)
def unmeasured() -> Iterator[None]:
    """Let coverage look away: it is asked what tests of the rules meet, and takes as long again."""
    measuring = Coverage.current()
    if measuring is not None:
        measuring.stop()
    yield
    if measuring is not None:
        measuring.start()

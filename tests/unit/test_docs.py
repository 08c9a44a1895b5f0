"""What the documents say of numbers is what the code says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from reviewcore.domain.throttling import BY_ADDRESS, MOST, WINDOWS, Limit

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"


def test_the_table_of_throttles_is_the_one_in_force() -> None:
    [table] = re.findall(r"```toml\n(\[throttles\]\n.*?)```", OPERATING.read_text(), re.DOTALL)
    said = dict(re.findall(r"^(\w+) = \d+\s+# (.*)$", table, re.MULTILINE))

    assert tomllib.loads(table)["throttles"] == {str(limit): MOST[limit] for limit in Limit}
    for limit in Limit:
        assert said[limit].startswith("by address" if limit in BY_ADDRESS else "by account")
        assert ("minute" in said[limit]) == (WINDOWS[limit].total_seconds() == 60)

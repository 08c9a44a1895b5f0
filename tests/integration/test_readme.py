"""The README says what is true."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def test_the_quickstart_runs_as_printed() -> None:
    (quickstart,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)

    exec(compile(quickstart, str(README), "exec"), {})

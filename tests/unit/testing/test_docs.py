"""docs/testing.md says what is true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

GUIDE = Path(__file__).parents[3] / "docs" / "testing.md"


def test_the_examples_run_as_printed() -> None:
    shared: dict[str, Any] = {}

    examples = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)

    assert len(examples) >= 3
    for example in examples:
        exec(compile(example, str(GUIDE), "exec"), shared)

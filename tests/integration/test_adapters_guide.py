"""The guide for adapters says what is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from reviewcore.testing import contracts

GUIDE = Path(__file__).parents[2] / "docs" / "adapters.md"


def test_the_mail_adapter_of_the_guide_keeps_its_contract(tmp_path: Path) -> None:
    for code in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        name = re.match(r"# (\w+\.py)\n", code)
        assert name is not None
        (tmp_path / name[1]).write_text(code)

    # As printed: a folder of its own, and nothing of our settings.
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "reviewcore.testing.plugin"),
            *("-c", "/dev/null", f"--rootdir={tmp_path}", tmp_path),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout
    told = re.search(
        r"^MailContract 1\.\d+: .*TestLetterbox\n +required: \d+ passed\n"
        r" +claimed: outages 1 passed; refusals 1 passed$",
        ran.stdout,
        re.MULTILINE,
    )
    assert told is not None, ran.stdout


def test_the_guide_names_every_contract_and_what_can_be_claimed() -> None:
    rows = dict(
        re.findall(r"^\| `ports\.[\w.]+` \| `(\w+)` \| (.*) \|$", GUIDE.read_text(), re.MULTILINE)
    )

    every = {name for name in contracts.__all__ if name.endswith("Contract")} - {"Contract"}
    assert set(rows) == every
    for name, told in rows.items():
        known = {one.name for one in getattr(contracts, name).known()}
        assert set(re.findall(r"`(\w+)`", told)) == known, name

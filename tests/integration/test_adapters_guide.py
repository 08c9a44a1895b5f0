"""The guide for adapters says what is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from reviewcore.testing import contracts

GUIDE = Path(__file__).parents[2] / "docs" / "adapters.md"


@pytest.fixture
def as_printed(tmp_path: Path) -> Path:
    """Write the code of the guide into a folder of its own."""
    for code in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        name = re.match(r"# (\w+\.py)\n", code)
        assert name is not None
        (tmp_path / name[1]).write_text(code)
    return tmp_path


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run its tests with nothing of our settings."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "reviewcore.testing.plugin"),
            *("-c", "/dev/null", f"--rootdir={folder}", *options),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_mail_adapter_of_the_guide_keeps_its_contract(as_printed: Path) -> None:
    ran = run(as_printed, "test_letterbox.py")

    assert ran.returncode == 0, ran.stdout
    told = re.search(
        r"^MailContract 1\.\d+: .*TestLetterbox\n +required: \d+ passed\n"
        r" +claimed: outages 1 passed; refusals 1 passed$",
        ran.stdout,
        re.MULTILINE,
    )
    assert told is not None, ran.stdout


def test_the_store_of_the_guide_has_users_and_is_told_the_chapters_it_lacks(
    as_printed: Path,
) -> None:
    ran = run(as_printed, "test_docstore.py", "--tb=line", "-k", "[users] or LedgerContract")

    assert ran.returncode == 1, ran.stdout
    told = re.search(
        r"^    required: (\d+) passed, (\d+) failed\n"
        r"    not claimed: parallel\n"
        r"    LedgerContract: (\d+) failed\n=",
        ran.stdout,
        re.MULTILINE,
    )
    assert told is not None, ran.stdout
    passed, failed, of_the_ledger = map(int, told.groups())
    assert passed > 0
    assert failed == of_the_ledger
    # What an AttributeError names comes next.
    assert "no attribute 'ledger'" in ran.stdout


def test_the_guide_names_every_contract_and_what_can_be_claimed() -> None:
    rows = dict(
        re.findall(r"^\| `ports\.[\w.]+` \| `(\w+)` \| (.*) \|$", GUIDE.read_text(), re.MULTILINE)
    )

    every = {name for name in contracts.__all__ if name.endswith("Contract")} - {"Contract"}
    assert set(rows) == every
    for name, told in rows.items():
        known = {one.name for one in getattr(contracts, name).known()}
        assert set(re.findall(r"`(\w+)`", told)) == known, name

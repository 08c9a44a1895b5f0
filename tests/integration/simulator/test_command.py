"""The command as an operator meets it: a real process, files and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SEED, DAYS = "12", "3"


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reviewcore.entrypoints.cli", "simulate", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_json_is_one_object_that_is_the_same_again(tmp_path: Path) -> None:
    first = run("--seed", SEED, "--days", DAYS, "--json", folder=tmp_path)
    again = run("--seed", SEED, "--days", DAYS, "--json", folder=tmp_path)

    assert (first.returncode, first.stdout) == (0, again.stdout)
    told = json.loads(first.stdout)
    assert told["violations"] == []
    assert len(told["history_hash"]) == 64
    assert told["steps"] > 500
    assert 0 <= told["fill_rate"] <= 1
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_in_plain_lines_away_from_a_terminal(tmp_path: Path) -> None:
    done = run("--seed", SEED, "--days", DAYS, folder=tmp_path)

    lines = done.stderr.splitlines()
    assert [line.split(": ")[-1].partition("%")[0] for line in lines] == ["25", "50", "75", "100"]
    assert "\r" not in done.stderr
    assert "fill rate" in done.stdout
    assert "all laws held" in done.stdout


def test_two_sets_of_rules_stand_side_by_side_in_every_form(tmp_path: Path) -> None:
    (tmp_path / "slow.toml").write_text("reviewer_account_age_hours = 72\n")
    asked = ("--seed", SEED, "--days", DAYS, "--compare", "slow.toml")

    told = json.loads(run(*asked, "--json", folder=tmp_path).stdout)
    text = run(*asked, "--html", "page.html", folder=tmp_path).stdout

    assert told["compared"]["rules_version"] != told["rules_version"]
    completed, slower = told["differences"]["reviews completed"]
    assert slower < completed
    assert "difference" in text
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert told["compared"]["rules_version"] in page


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--rules", "none.toml"), "--rules"),
        (("--compare", "wrong.toml"), "wages"),
        (("--days", "1", "--html", "nowhere/page.html"), "--html"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, arguments: tuple[str, ...], named: str) -> None:
    (tmp_path / "wrong.toml").write_text("wages = 1\n")

    done = run(*arguments, folder=tmp_path)

    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr

"""The command `simulate`: a market lived through in a minute, told as text, JSON or a page.

The one place that serves nobody and may know the published test tools.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.util import find_spec
from pathlib import Path

from reviewcore.domain.rules import MarketRules
from reviewcore.settings import WrongSetting, rules_in
from reviewcore.testing.simulator import (
    Report,
    as_comparison,
    as_page,
    as_text,
    compared,
    simulate,
)

LAWS_BROKEN = 1
BAR_WIDTH = 30
LINES_A_RUN = 4


def run(options: argparse.Namespace) -> int:
    """Simulate as asked; returns 1 when a law was broken. Raises WrongSetting."""
    _require("hypothesis", "simulate")
    if options.html is not None:
        _require("vl_convert", "--html")
    rules = [rules_in(options.rules, named="--rules")]
    if options.compare is not None:
        rules.append(rules_in(options.compare, named="--compare"))
    reports = [_live(options, one) for one in rules]
    if options.html is not None:
        _write(options.html, as_page(reports))
    print(_told(reports, is_json=options.json), end="")
    return LAWS_BROKEN if any(report.violations for report in reports) else 0


def _require(module: str, wanted_by: str) -> None:
    if find_spec(module) is None:
        raise WrongSetting(name=wanted_by, reason="needs pip install 'reviewcore[simulate]'")


def _live(options: argparse.Namespace, rules: MarketRules) -> Report:
    progress = Progress(f"simulate: seed {options.seed}, rules {rules.version}")
    report = simulate(seed=options.seed, days=options.days, rules=rules, progress=progress.tell)
    progress.end()
    return report


def _told(reports: list[Report], *, is_json: bool) -> str:
    if is_json:
        told = compared(*reports) if len(reports) > 1 else reports[0].as_json()
        return json.dumps(told, sort_keys=True) + "\n"
    return as_comparison(*reports) if len(reports) > 1 else as_text(reports[0])


def _write(path: str, page: str) -> None:
    try:
        Path(path).write_text(page, encoding="utf-8")
    except OSError as error:
        raise WrongSetting(name="--html", reason=f"{path}: {error.strerror}") from error


class Progress:
    """A bar on a terminal, a few plain lines elsewhere; always on standard error."""

    def __init__(self, told: str) -> None:
        self._told = told
        self._is_terminal = sys.stderr.isatty()
        self._lines = 0

    def tell(self, share: float, steps: int) -> None:
        """Show which share is done."""
        if self._is_terminal:
            done = int(share * BAR_WIDTH)
            bar = "█" * done + "░" * (BAR_WIDTH - done)
            print(f"\r\x1b[K{self._told} {bar} {steps:,}", end="", file=sys.stderr, flush=True)
        elif int(share * LINES_A_RUN) > self._lines:
            self._lines = int(share * LINES_A_RUN)
            print(f"{self._told}: {share:.0%}, {steps:,} use cases", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Give the line back."""
        if self._is_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

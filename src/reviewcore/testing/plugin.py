"""A pytest plugin that ends a run with a report of contracts: who kept which, and what was claimed.

Ask for it with ``pytest_plugins = ["reviewcore.testing.plugin"]`` in the topmost `conftest.py`, or
with ``-p reviewcore.testing.plugin``. It counts what ran: after `-k` that is not all of a contract.
`-k` also knows the chapters of a long contract by their names, such as ``-k LedgerContract``.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import attrs
import pytest

PROPERTY = "reviewcore.contract"
"""The name under which tests tell the contract they belong to, also to pytest-xdist and JUnit."""

REQUIRED = "required"


@attrs.define
class Record:
    """What became of the tests of one contract on one adapter, by capability."""

    contract: str
    adapter: str
    unclaimed: tuple[str, ...]
    outcomes: dict[str, Counter[str]] = attrs.field(factory=dict)
    chapters: dict[str, Counter[str]] = attrs.field(factory=dict)

    def count(self, outcome: str, *, group: str, chapter: str) -> None:
        """Count a test of a capability, or of what is required, and of a chapter."""
        self.outcomes.setdefault(group, Counter())[outcome] += 1
        self.chapters.setdefault(chapter, Counter())[outcome] += 1

    @property
    def is_broken(self) -> bool:
        """Whether a test has failed."""
        return any(told["failed"] for told in self.outcomes.values())

    def lines(self) -> list[str]:
        """Tell it."""
        claimed = [
            f"{name} {_told(outcomes)}"
            for name, outcomes in sorted(self.outcomes.items())
            if name != REQUIRED
        ]
        told = [f"{self.contract}: {self.adapter}"]
        told.append(f"    required: {_told(self.outcomes.get(REQUIRED, Counter()))}")
        if claimed:
            told.append(f"    claimed: {'; '.join(claimed)}")
        if self.unclaimed:
            told.append(f"    not claimed: {', '.join(self.unclaimed)}")
        if self.is_broken and len(self.chapters) > 1:
            told += [
                f"    {name}: {_told(outcomes)}"
                for name, outcomes in sorted(self.chapters.items())
                if outcomes["failed"]
            ]
        return told


def _told(outcomes: Counter[str]) -> str:
    some = [f"{outcomes[one]} {one}" for one in ("passed", "failed", "skipped") if outcomes[one]]
    return ", ".join(some) or "none ran"


class ContractReport:
    """Gathers what the tests of contracts come to."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        # By test, the worst of its phases: setup, call, teardown.
        self._outcomes: dict[str, tuple[dict[str, Any], str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what became of a phase of a test."""
        told = dict(report.user_properties).get(PROPERTY)
        if told is None or (report.when != "call" and report.passed):
            return
        known = self._outcomes.get(report.nodeid)
        if known is None or known[1] != "failed":
            self._outcomes[report.nodeid] = (json.loads(str(told)), report.outcome)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print what was gathered."""
        for told, outcome in self._outcomes.values():
            record = self.records.setdefault(
                f"{told['contract']} {told['adapter']}",
                Record(told["contract"], told["adapter"], tuple(told["unclaimed"])),
            )
            record.count(outcome, group=told["group"], chapter=told["chapter"])
        if not self.records:
            return
        terminalreporter.section("contracts")
        for _, record in sorted(self.records.items()):
            for line in record.lines():
                terminalreporter.write_line(line, red=record.is_broken)


def pytest_configure(config: pytest.Config) -> None:
    """Gather what this run comes to."""
    config.pluginmanager.register(ContractReport(), "reviewcore contracts")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Have every test of a contract say so in its report, and be found by its chapter."""
    adapter: Any = getattr(item, "cls", None)
    # Known by what it has, so that a run without contracts does not import them.
    if not isinstance(item, pytest.Function) or not hasattr(adapter, "CONTRACT_VERSION"):
        return
    contract = adapter.contract()
    chapter = _chapter(adapter, item.originalname)
    item.extra_keyword_matches.add(chapter)
    told = {
        "contract": f"{contract.__name__} {contract.CONTRACT_VERSION}",
        "adapter": item.nodeid.rpartition("::")[0],
        "group": str(adapter.capability(item.originalname) or REQUIRED),
        "chapter": chapter,
        "unclaimed": sorted(adapter.known() - frozenset(adapter.capabilities)),
    }
    item.user_properties.append((PROPERTY, json.dumps(told)))


def _chapter(adapter: type, test: str) -> str:
    """Tell which class has the test first: the contract, one of its chapters, or the adapter's."""
    return next(one.__name__ for one in reversed(adapter.__mro__) if test in vars(one))

"""Runs single promises of contracts on adapters that are wrong, to see that they are caught."""

from __future__ import annotations

import contextlib
import io
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from reviewcore.testing.contracts import Contract


@attrs.frozen
class Wrong:
    """An adapter with one thing wrong: *contract* on it, and the *promise* that must catch it."""

    name: str
    promise: str
    contract: type[Contract]

    @property
    def label(self) -> str:
        """Tell it as the name of a test."""
        return f"{self.name}: {self.promise}"


class Verdicts:
    """What became of every promise that was asked for, by name of the wrong adapter."""

    def __init__(self) -> None:
        self.failed: dict[str, list[str]] = {}
        self.passed: dict[str, list[str]] = {}
        self.broken: dict[str, list[str]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if item.nodeid.split("::")[-2] in self.failed:
            pytest.skip("one failure is enough")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name, test = report.nodeid.split("::")[-2:]
        if report.when == "call":
            (self.failed if report.failed else self.passed).setdefault(name, []).append(test)
        elif report.failed:
            self.broken.setdefault(name, []).append(str(report.longrepr))


def class_of(number: int) -> str:
    """Name the class of a wrong adapter."""
    return f"TestWrong{number}"


def promise_of(wrong: Wrong, *, number: int) -> type[Contract]:
    """Make a class that holds the adapter to its one promise."""
    others = [
        name
        for one in wrong.contract.__mro__
        for name in vars(one)
        if name.startswith("test_") and name != wrong.promise
    ]
    assert callable(getattr(wrong.contract, wrong.promise, None)), f"no promise {wrong.promise}"
    told: dict[str, Any] = dict.fromkeys(others)
    return type(class_of(number), (wrong.contract,), told)


def judged(wrongs: Sequence[Wrong], folder: Path) -> Verdicts:
    """Hold every wrong adapter to its promise, all in one run of pytest within this process."""
    classes = {
        class_of(number): promise_of(one, number=number) for number, one in enumerate(wrongs)
    }
    path = folder / "test_wrong.py"
    path.write_text("")

    class Filled:
        """Puts the classes into the module, which is empty on the disk."""

        @pytest.hookimpl(hookwrapper=True)
        def pytest_pycollect_makemodule(self, parent: Any) -> Any:
            made = yield
            module = types.ModuleType("test_wrong")
            vars(module).update(classes)
            made.get_result().obj = module

    verdicts = Verdicts()
    options = ["-q", "-c", "/dev/null", f"--rootdir={folder}", "--disable-plugin-autoload"]
    options += ["-p", "no:unraisableexception", "-p", "no:threadexception", str(path)]
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(options, plugins=[Filled(), verdicts])
    return verdicts


def require_caught(verdicts: Verdicts, wrongs: Sequence[Wrong], wrong: Wrong) -> None:
    """See that the promise went red, by its own doing and not by a broken fixture."""
    name = class_of(wrongs.index(wrong))
    assert verdicts.broken.get(name, []) == []
    assert verdicts.failed.get(name), f"{wrong.name} keeps {wrong.promise}: {verdicts.passed}"

"""The contract of files catches stores of files that are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reviewcore.adapters.files import MemoryFiles
from reviewcore.ports.files import Files
from tests.integration.files.test_files import ServedContract
from tests.unit.kit.judging import Verdicts, Wrong, judged, require_caught

CENTURY = timedelta(days=36_500)


class Lasting(MemoryFiles):
    """Addresses are good for ever."""

    def _address(self, deed: Any, slip: Any, life: timedelta) -> str:
        return super()._address(deed, slip, CENTURY)


class Unsigned(MemoryFiles):
    """Any signature will do."""

    def admit(self, deed: Any, name: str, query: Mapping[str, str]) -> Any:
        told = {**query, "signature": self._signature(deed, name, query)}
        return super().admit(deed, name, told)


class Deedless(MemoryFiles):
    """Who may write may read."""

    def _signature(self, deed: Any, name: str, told: Mapping[str, str]) -> str:
        return super()._signature("any", name, told)  # type: ignore[arg-type]  # the mistake


class Nameless(MemoryFiles):
    """An address is for every file of its folder."""

    def _signature(self, deed: Any, name: str, told: Mapping[str, str]) -> str:
        return super()._signature(deed, "any", told)


class Sweeping(MemoryFiles):
    """Sweeps what has just come in."""

    def sweep(self, before: datetime) -> int:
        return super().sweep(before + CENTURY)


def files(name: str, promise: str, make: type[MemoryFiles]) -> Wrong:
    class OnIt(ServedContract):
        def make(self, url: str, folder: Path) -> Files:
            return make(base_url=url, clock=self.clock)

        def now(self) -> datetime:
            return self.clock()

    return Wrong(name, promise, OnIt)


WRONG = [
    files("takes old addresses", "test_an_address_is_bad_once_its_time_is_over", Lasting),
    files("gives to old addresses", "test_a_changed_or_old_address_gives_nothing", Lasting),
    files("takes any signature", "test_a_changed_signature_is_refused", Unsigned),
    files("lets writers read", "test_who_may_write_may_not_read", Deedless),
    files("takes a file for another", "test_an_address_is_for_no_other_file", Nameless),
    files("sweeps too much", "test_only_what_came_in_long_ago_is_swept", Sweeping),
]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    return judged(WRONG, tmp_path_factory.mktemp("wrong"))


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.label)
def test_a_wrong_store_of_files_is_caught(verdicts: Verdicts, wrong: Wrong) -> None:
    require_caught(verdicts, WRONG, wrong)

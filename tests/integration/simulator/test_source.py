from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from reviewcore.domain.rules import Tier
from reviewcore.testing.simulator.acts import Act, Perform
from reviewcore.testing.simulator.replaying import Setting
from reviewcore.testing.simulator.rough import ROUGH_FAULTS, ROUGH_RULES
from reviewcore.testing.simulator.source import as_test
from reviewcore.testing.simulator.writing import GOOD
from reviewcore.testing.source import Source
from reviewcore.usecases import Reconcile, SignUp, sign_up

AT = datetime(2026, 1, 5, 12, 0, 1, 250_000, tzinfo=UTC)

VALUES: tuple[Any, ...] = (
    *(None, True, 7, "it's", b"raw", 0.5, Decimal("4.7"), AT, Tier.PRO, GOOD, sign_up),
    ("one",),
    {0: 1, 2: 3},
    Reconcile(),
    SignUp(email="ann@example.com", password="correct horse"),
    Act(number=1, at=AT, who="ann", deed=Perform(usecase=sign_up, command=None, key="k")),
    ROUGH_RULES,
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_reads_back_as_it_was_written(value: Any) -> None:
    source = Source()
    written = source.of(value)
    namespace: dict[str, Any] = {}

    exec(source.imports(), namespace)

    assert eval(written, namespace) == value


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        Source().of(object())


def test_a_written_test_brings_its_rules_and_faults() -> None:
    setting = Setting(seed=1, rules=ROUGH_RULES, faults=ROUGH_FAULTS)
    namespace: dict[str, Any] = {}

    exec(as_test((), setting, laws=("entries_balance",), settles=True), namespace)

    namespace["test_seed_1_keeps_entries_balance"]()

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import attrs
import pytest

from reviewcore.domain.errors import FlagJudged
from reviewcore.domain.flags import NEXT, Flag, FlagReason, FlagStatus
from reviewcore.testing import builders as make
from reviewcore.testing.clock import START

LATER = START + timedelta(days=1)
OPEN, UPHELD, DISMISSED = FlagStatus

VERBS: dict[str, tuple[Callable[[Flag], Flag], FlagStatus]] = {
    "uphold": (lambda flag: flag.uphold(by="admin", reason="yes", at=LATER), UPHELD),
    "dismiss": (lambda flag: flag.dismiss(by="admin", reason="no", at=LATER), DISMISSED),
}


@pytest.mark.parametrize(("verb", "status"), list(product(VERBS, FlagStatus)))
def test_a_flag_is_judged_once(verb: str, status: FlagStatus) -> None:
    act, verdict = VERBS[verb]
    flag = make.a_flag(status=status)

    if status is OPEN:
        judged = act(flag)
        assert judged == attrs.evolve(
            flag,
            status=verdict,
            judged_by="admin",
            judged_at=LATER,
            judge_reason={UPHELD: "yes", DISMISSED: "no"}[verdict],
        )
    else:
        with pytest.raises(FlagJudged) as refusal:
            act(flag)
        assert refusal.value.status == status


def test_every_status_has_its_row() -> None:
    assert set(NEXT) == set(FlagStatus)


def test_the_reasons_are_those_of_the_specification() -> None:
    assert list(FlagReason) == ["low_effort", "spam", "offensive", "irrelevant"]

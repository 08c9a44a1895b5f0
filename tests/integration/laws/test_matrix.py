"""`docs/laws.md` says what is so: each fault is still seen by the laws it names, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewcore.domain.laws import LAWS, violations
from reviewcore.usecases.check_laws import view_of
from tests.integration.laws.faults import FAULTS, Fault, Told, tell
from tests.integration.laws.matrix import DOCUMENT, document
from tests.integration.laws.story import CHAPTERS, RULES, Chapter, QuietWorld


def test_the_page_is_what_the_tables_say() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document()


def test_faults_are_in_chapters_and_break_laws_that_there_are() -> None:
    assert {fault.chapter for fault in FAULTS} <= {chapter.__name__ for chapter in CHAPTERS}
    assert {law for fault in FAULTS for law in fault.laws} <= {law.name for law in LAWS}
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_a_fault_in_the_code_is_seen(fault: Fault, tmp_path: Path) -> None:
    assert tell(fault, tmp_path) == Told(laws=fault.laws, refused=fault.refused)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.__name__)
def test_a_chapter_without_a_fault_breaks_nothing(chapter: Chapter) -> None:
    world = QuietWorld(**RULES)

    chapter(world)

    assert violations(world.look(view_of)) == ()

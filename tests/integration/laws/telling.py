"""Plays one chapter of the story and prints what came of it, as JSON: laws broken, and refusals.

    PYTHONPATH=copy/src:. python -m tests.integration.laws.telling flagging

Runs as a process of its own, on a copy of the source that is wrong in one place.
"""

from __future__ import annotations

import json
import logging
import sys

from reviewcore.domain.laws import violations
from reviewcore.usecases.check_laws import view_of
from tests.integration.laws.story import CHAPTERS, RULES, QuietWorld


def main(name: str) -> None:
    (chapter,) = (one for one in CHAPTERS if one.__name__ == name)
    world = QuietWorld(**RULES)
    refused = None
    try:
        chapter(world)
    except Exception as error:  # noqa: BLE001 - whatever stops a wrong market is told
        refused = type(error).__name__
    broken = {one.law for one in violations(world.look(view_of))}
    print(json.dumps({"laws": sorted(broken), "refused": refused}))


if __name__ == "__main__":
    # What a wrong market logs is no news here.
    logging.disable()
    main(sys.argv[1])

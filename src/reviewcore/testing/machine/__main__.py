"""A long search: ``python -m reviewcore.testing.machine --minutes 10``.

Fails when a market breaks a law, and when the search was too shallow to be worth anything: a use
case that succeeded too rarely, an error that could be raised and never was.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from reviewcore.testing.machine import SANDBOX, Outside, StoreMaker, Tally, differential
from reviewcore.testing.machine.running import fresh_seed, run_for

EXAMPLES_A_ROUND = 20
"""So few because the markets of a round are made of one another, and much alike."""

STORES = ("memory", "sqlite", "postgresql")
PROCESSORS = ("sandbox", "stripe")


def main() -> int:
    """Run the machine until the time is over; return the exit status."""
    asked = _arguments()
    # A refused letter is one of the machine's own ideas, so the worker's log would only be noise.
    logging.disable(logging.WARNING)
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        stores = _beside(asked, Path(folder))
        machine = differential(stores, tally=tally, outside=_outside(asked))
        try:
            run_for(
                machine,
                asked.minutes,
                examples=EXAMPLES_A_ROUND,
                steps=asked.steps,
                seed_number=fresh_seed() if asked.seed is None else asked.seed,
                report=_say,
            )
        finally:
            _say(str(tally))
    gaps = tally.gaps()
    _say("\n".join(gaps) or "every use case and every reachable error was seen often enough")
    return 1 if gaps and not asked.shallow else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m reviewcore.testing.machine")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--steps", type=int, default=60, help="steps in a market (60)")
    parser.add_argument("--seed", type=int, help="of the first round (a fresh one)")
    parser.add_argument("--store", choices=STORES, default="memory", help="runs beside memory")
    parser.add_argument("--processor", choices=PROCESSORS, default="sandbox", help="(sandbox)")
    parser.add_argument("--url", help="an empty PostgreSQL database, for --store postgresql")
    parser.add_argument("--shallow", action="store_true", help="do not fail for what was not seen")
    asked = parser.parse_args()
    if asked.store == "postgresql" and asked.url is None:
        parser.error("--store postgresql needs --url")
    return asked


def _beside(asked: argparse.Namespace, folder: Path) -> dict[str, StoreMaker]:
    if asked.store == "memory":
        return {}
    # Imported here because memory needs no SQLAlchemy.
    from reviewcore.testing.machine import sqlstores  # noqa: PLC0415 - needs SQLAlchemy

    if asked.store == "sqlite":
        return {"sqlite": sqlstores.sqlite(folder)}
    return {"postgresql": sqlstores.postgresql(asked.url)}


def _outside(asked: argparse.Namespace) -> Outside:
    if asked.processor == "sandbox":
        return SANDBOX
    # Imported here because the sandbox needs no library of Stripe's.
    from reviewcore.testing.machine.stripe import stripe  # noqa: PLC0415 - needs the library

    return Outside(processor=stripe)


def _say(told: str) -> None:
    sys.stdout.write(f"{told}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

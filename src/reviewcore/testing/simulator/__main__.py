"""Many markets, one after the other: ``python -m reviewcore.testing.simulator --seeds 50``.

Those of odd seeds are rough (`rough`). Prints each seed with what came of it, so that a run that
fails can be run again. Exits with 1 when a law was broken.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

from reviewcore.testing.simulator import simulate, simulate_rough

SEEDS = 50
STEPS = 20_000
DAYS_MAX = 3_650
FIRST_BITS = 32
KIB = 1024


def main() -> int:
    """Simulate the markets asked for; return the exit status."""
    asked = _arguments()
    # Fresh seeds come of the clock: they are printed, so nothing else needs to be random.
    first = time.time_ns() % (1 << FIRST_BITS) if asked.first_seed is None else asked.first_seed
    steps, broken, began = 0, 0, time.process_time()
    for seed in range(first, first + asked.seeds):
        live = simulate_rough if seed % 2 else simulate
        report = live(seed=seed, days=DAYS_MAX, steps_max=asked.steps)
        steps += report.steps
        broken += bool(report.violations)
        _say(
            f"seed {seed}: {report.steps} steps, {report.crashes} crashes, "
            f"{len(report.violations)} violations, history {report.history_hash[:12]}"
        )
        if report.failure is not None:
            _say("\n".join((*report.violations, report.failure.test)))
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIB
    _say(
        f"{asked.seeds} seeds from {first}: {steps} steps in {seconds:.0f} s of CPU "
        f"({steps / seconds:.0f} a second), {broken} broken, {peak} MiB at most"
    )
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m reviewcore.testing.simulator")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many markets (%(default)s)")
    parser.add_argument("--steps", type=int, default=STEPS, help="use cases in each (%(default)s)")
    parser.add_argument("--first-seed", type=int, help="of the first market (a fresh one)")
    return parser.parse_args()


def _say(told: str) -> None:
    sys.stdout.write(f"{told}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

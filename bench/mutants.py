"""What became of the mutants: a score for each module, and the names of those that live.

`make mutants MODULE=domain.money` changes the rules in one small way at a time (mutmut) and runs
the unit tests that meet the change: a mutant that no test kills is a rule that no test knows. Runs
go on where they stopped; this table tells how far they are. The scores and what was said of each
survivor stand in docs/mutants.md.

What runs when a module is imported ran before mutmut chose a mutant, so mutmut calls it untested:
with ``--apart`` each of these is tried here, by the same tests in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

KEPT = Path("mutants/src")

KILLED = frozenset({1, 3})
"""How a run of the tests ends that fail, or break, under a mutant."""
TIMED_OUT = frozenset({24, 36, 152, 255, -24})
LIVES = frozenset({0})
UNTESTED = frozenset({5, 33})
"""No test meets what was changed."""


def outcomes() -> Iterator[tuple[str, str, int | None]]:
    """Tell of each mutant its module, its name, and how its run ended (None: not yet)."""
    for kept in sorted(KEPT.rglob("*.meta")):
        told: Mapping[str, int | None] = json.loads(kept.read_text())["exit_code_by_key"]
        module = ".".join(kept.relative_to(KEPT).with_suffix("").with_suffix("").parts)
        for name, code in told.items():
            yield module.removeprefix("reviewcore."), name, code


def verdict(code: int | None) -> str:
    """Tell how a mutant fared."""
    if code is None:
        return "waiting"
    if code in KILLED or code in TIMED_OUT:
        return "killed"
    if code in LIVES:
        return "lives"
    return "untested" if code in UNTESTED else "unclear"


def try_apart() -> None:
    """Try each untested mutant from before its module is imported, and keep how that ended."""
    untested = [name for _, name, code in outcomes() if code in UNTESTED]
    # Where they fail without a mutant as well, they would tell nothing.
    if untested and not passes_with(""):
        sys.exit("the tests fail without a mutant")
    for kept in sorted(KEPT.rglob("*.meta")):
        content = json.loads(kept.read_text())
        codes = content["exit_code_by_key"]
        for name in [name for name, code in codes.items() if code in UNTESTED]:
            codes[name] = 0 if passes_with(name) else 1
            print(f"{verdict(codes[name]):9} {name}", flush=True)
            kept.write_text(json.dumps(content, indent=4))


def passes_with(mutant: str) -> bool:
    """Tell whether the tests pass when *mutant* is there from the first import on."""
    told = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["mutmut"]
    tests = [*told["pytest_add_cli_args"], *told["pytest_add_cli_args_test_selection"]]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", *tests],
        cwd=KEPT.parent,
        env=os.environ | {"PYTHONPATH": str(KEPT.resolve()), "MUTANT_UNDER_TEST": mutant},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return ran.returncode == 0


def main() -> int:
    """Print the table and the survivors; 1 when there is nothing to tell."""
    parser = argparse.ArgumentParser(prog="python -m bench.mutants", description=__doc__)
    parser.add_argument("--apart", action="store_true")
    if parser.parse_args().apart:
        try_apart()
    counts: dict[str, Counter[str]] = {}
    survivors = []
    for module, name, code in outcomes():
        fate = verdict(code)
        counts.setdefault(module, Counter())[fate] += 1
        if fate not in {"killed", "waiting"}:
            survivors.append(f"{fate:9} {name}")
    tried = {module: count for module, count in counts.items() if count.total() > count["waiting"]}
    if not tried:
        print("no mutant was tried yet: make mutants MODULE=domain.money")
        return 1
    print("\n".join(survivors))
    print(f"{'module':40} {'mutants':>8} {'killed':>7} {'waiting':>8} {'score':>7}")
    for module, count in [*tried.items(), ("all of them", sum(tried.values(), Counter()))]:
        ended = count.total() - count["waiting"]
        score = 100 * count["killed"] / ended
        print(
            f"{module:40} {count.total():8} {count['killed']:7} {count['waiting']:8} {score:6.1f}%"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

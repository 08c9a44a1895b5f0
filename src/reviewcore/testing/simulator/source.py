"""A simulated history as Python source, for a test that can be pasted."""

from __future__ import annotations

from collections.abc import Sequence

from reviewcore.testing.simulator.acts import Act
from reviewcore.testing.simulator.replaying import Setting, replay
from reviewcore.testing.simulator.world import SimulatedStore
from reviewcore.testing.source import Source


def as_test(acts: Sequence[Act], setting: Setting, *, laws: Sequence[str], settles: bool) -> str:
    """Write a test that replays *acts* and demands that no law is broken."""
    source = Source()
    replayed = source.name(replay)
    lines = "".join(f"        {source.of(act)},\n" for act in acts)
    arguments = [f"seed={setting.seed}", f"rules={source.of(setting.rules)}"]
    arguments.append(f"faults={source.of(setting.faults)}")
    if setting.make_store is not SimulatedStore:
        arguments.append(f"make_store={source.name(setting.make_store)}")
    if settles:
        arguments.append("settles=True")
    told = "".join(f"        {argument},\n" for argument in arguments)
    name = "_and_".join(sorted(laws)).replace("-", "_") or "all_laws"
    return (
        f"{source.imports()}\n\n\n"
        f"def test_seed_{setting.seed}_keeps_{name}() -> None:\n"
        f"    acts = (\n{lines}    )\n\n"
        f"    assert {replayed}(\n        acts,\n{told}    ) == ()\n"
    )

"""What recovery tells at its end."""

from __future__ import annotations

import pytest

from tests.integration.stripe.recovery.weather import TOLD


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TOLD:
        terminalreporter.section("recovery")
        for told, count in sorted(TOLD.items()):
            terminalreporter.write_line(f"{told}: {count}")
        TOLD.clear()

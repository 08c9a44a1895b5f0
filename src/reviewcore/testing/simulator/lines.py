"""The numbers of a report in words: what the text, the page and a comparison show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from reviewcore.testing.simulator.measures import Measures, PersonaMeasures
from reviewcore.testing.simulator.report import Report

HOURS_A_DAY = 24
CENTS = 100

Number = float | int


@attrs.frozen
class Line:
    """One number of a report: what it is called, how it is read, and how it is written."""

    name: str
    of: Callable[[Measures], Number]
    written: Callable[[Number], str]


def count(number: Number) -> str:
    """Write a count."""
    return f"{number:,.0f}"


def percent(number: Number) -> str:
    """Write a share as a percentage."""
    return f"{number * 100:.1f} %"


def hours(number: Number) -> str:
    """Write hours, as days once there are two of them."""
    if number >= 2 * HOURS_A_DAY:
        return f"{number / HOURS_A_DAY:.1f} d"
    return f"{number:.1f} h"


def money(number: Number) -> str:
    """Write cents as units of the currency."""
    return f"{number / CENTS:,.2f}"


def plain(number: Number) -> str:
    """Write a number that has no unit."""
    return f"{number:.2f}"


LINES: tuple[Line, ...] = (
    Line("tracks queued", lambda m: m.tracks_queued, count),
    Line("tracks completed", lambda m: m.tracks_completed, count),
    Line("tracks cancelled", lambda m: m.tracks_cancelled, count),
    Line("fill rate", lambda m: m.fill_rate, percent),
    Line("time to fill, median", lambda m: m.hours_to_fill.median, hours),
    Line("time to fill, 90 %", lambda m: m.hours_to_fill.nine_tenths, hours),
    Line("waiting for a reviewer, median", lambda m: m.hours_waiting.median, hours),
    Line("waiting for a reviewer, 90 %", lambda m: m.hours_waiting.nine_tenths, hours),
    Line("assignment to delivery, median", lambda m: m.hours_reviewing.median, hours),
    Line("reviews completed", lambda m: m.reviews_completed, count),
    Line("assignments expired", lambda m: m.reviews_expired, count),
    Line("assignments skipped", lambda m: m.reviews_skipped, count),
    Line("reported unplayable", lambda m: m.reviews_unplayable, count),
    Line("income, Gini coefficient", lambda m: m.gini, plain),
    Line("pay an hour listened, median", lambda m: m.cents_an_hour.median, money),
    Line("payouts", lambda m: m.payouts, count),
    Line("payout latency, median", lambda m: m.hours_to_payout.median, hours),
    Line("payout latency, 90 %", lambda m: m.hours_to_payout.nine_tenths, hours),
    Line("paid by artists", lambda m: m.paid_in_cents, money),
    Line("revenue", lambda m: m.revenue_cents, money),
    Line("processor's fees", lambda m: m.fees_cents, money),
    Line("losses", lambda m: m.losses_cents, money),
    Line("promotion", lambda m: m.promotion_cents, money),
    Line("margin", lambda m: m.margin, percent),
    Line("flags", lambda m: m.flags, count),
    Line("flags upheld", lambda m: m.flags_upheld, count),
    Line("flags dismissed", lambda m: m.flags_dismissed, count),
    Line("reviewers restricted", lambda m: m.restricted, count),
    Line("moved up to PRO", lambda m: m.promoted, count),
    Line("moved down to NORMAL", lambda m: m.demoted, count),
    Line("PRO reviewers", lambda m: m.pro_reviewers, count),
    Line("disputes", lambda m: m.disputes, count),
    Line("disputes won", lambda m: m.disputes_won, count),
    Line("disputes lost", lambda m: m.disputes_lost, count),
)
"""What a report tells, in order."""

PERSONA_HEADS = (
    "persona",
    "side",
    "people",
    "reviews",
    "counted",
    "money",
    "rating",
    "flagged",
    "expired",
    "skipped",
)


def persona_cells(one: PersonaMeasures) -> tuple[str, ...]:
    """Write the row of a persona under `PERSONA_HEADS`."""
    return (
        one.name,
        one.kind,
        count(one.people),
        count(one.reviews),
        count(one.counted),
        money(one.money_cents),
        plain(one.mean_rating),
        count(one.flags),
        count(one.expired),
        count(one.skipped),
    )


def headline(report: Report) -> str:
    """Tell in a sentence what was simulated."""
    return (
        f"seed {report.seed}, {report.days} days, rules {report.rules_version}: "
        f"{report.steps:,} use cases, {report.refusals:,} refusals, {report.crashes:,} crashes"
    )


def as_text(report: Report) -> str:
    """Write a report for a terminal."""
    rows = [(line.name, line.written(line.of(report.measures))) for line in LINES]
    people = [persona_cells(one) for one in report.measures.personas]
    parts = [headline(report), _table(rows), _table([PERSONA_HEADS, *people])]
    return "\n\n".join((*parts, _verdict(report))) + "\n"


def as_comparison(one: Report, other: Report) -> str:
    """Write two reports side by side for a terminal, with what the second has more."""
    rows = [("", one.rules_version, other.rules_version, "difference")]
    for line in LINES:
        here, there = line.of(one.measures), line.of(other.measures)
        rows.append(
            (line.name, line.written(here), line.written(there), difference(line, here, there))
        )
    parts = [headline(one), headline(other), _table(rows), _verdict(one), _verdict(other)]
    return "\n\n".join(parts) + "\n"


def difference(line: Line, here: Number, there: Number) -> str:
    """Write how much more *there* is than *here*; nothing when they are the same."""
    if here == there:
        return ""
    # The unit is that of the larger number, so that hours and days do not mix.
    told = line.written(abs(there - here))
    return f"+{told}" if there > here else f"-{told}"


def _verdict(report: Report) -> str:
    lines = [f"history {report.history_hash}"]
    if report.failure is None:
        return "\n".join((*lines, "all laws held"))
    short = f"{report.failure.recorded} acts, of which {len(report.failure.acts)} suffice"
    return "\n".join((*lines, *report.violations, short, "", report.failure.test))


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Set rows in columns: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )

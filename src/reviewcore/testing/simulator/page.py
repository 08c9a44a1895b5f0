"""A report as one HTML page that needs nothing else, the network least of all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from reviewcore.testing.simulator.charts import charts_of, labels
from reviewcore.testing.simulator.lines import (
    LINES,
    PERSONA_HEADS,
    difference,
    headline,
    persona_cells,
)
from reviewcore.testing.simulator.report import Report

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem;
  color: #1d2b33; background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .9rem .2rem 0; border-bottom: 1px solid #e3e8eb; text-align: right }
th:first-child, td:first-child { text-align: left }
figure { margin: 0 } figcaption { font-weight: 600; margin-bottom: .4rem }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(28rem, 1fr)); gap: 2rem }
.charts svg { max-width: 100%; height: auto }
.good { color: #1c7a3f } .bad { color: #b3261e } pre { overflow-x: auto; font-size: .8rem }
"""


def as_page(reports: Sequence[Report]) -> str:
    """Write one report, or two to be compared, as a page. Needs vl-convert."""
    heads = "".join(f"<p>{escape(headline(report))}</p>" for report in reports)
    figures = "".join(
        f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>"
        for title, svg in charts_of(reports)
    )
    verdicts = "".join(map(_verdict, reports))
    people = "".join(
        f"<h2>People, {escape(label)}</h2>{_people(report)}"
        for label, report in zip(labels(reports), reports, strict=True)
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>A simulated market</title><style>{STYLE}</style></head><body>"
        f"<h1>A simulated market</h1>{heads}{verdicts}"
        f"<h2>Numbers</h2>{_numbers(reports)}"
        f'<h2>Charts</h2><div class="charts">{figures}</div>{people}</body></html>\n'
    )


def _verdict(report: Report) -> str:
    history = f"history <code>{escape(report.history_hash)}</code>"
    if report.failure is None:
        return f'<p class="good">All laws held; {history}.</p>'
    found = "".join(f"<li>{escape(one)}</li>" for one in report.violations)
    test = escape(report.failure.test)
    return f'<p class="bad">Laws were broken; {history}.</p><ul>{found}</ul><pre>{test}</pre>'


def _numbers(reports: Sequence[Report]) -> str:
    first, *others = reports
    rows = [["", *labels(reports), *(["difference"] if others else [])]]
    for line in LINES:
        numbers = [line.of(report.measures) for report in reports]
        cells = [line.name, *map(line.written, numbers)]
        if others:
            cells.append(difference(line, line.of(first.measures), numbers[-1]))
        rows.append(cells)
    return _table(rows)


def _people(report: Report) -> str:
    return _table([PERSONA_HEADS, *map(persona_cells, report.measures.personas)])


def _table(rows: Iterable[Sequence[str]]) -> str:
    head, *body = rows
    told = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in body
    )
    return f"<table><thead><tr>{told}</tr></thead><tbody>{lines}</tbody></table>"

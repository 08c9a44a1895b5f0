"""Charts of reports, as SVG: Vega-Lite descriptions, drawn here and now by vl-convert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reviewcore.testing.simulator.lines import CENTS
from reviewcore.testing.simulator.report import Report

WIDTH, HEIGHT = 380, 220
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
"""Names the language; nothing is fetched from there."""

Spec = dict[str, Any]
Rows = list[dict[str, Any]]


def charts_of(reports: Sequence[Report]) -> tuple[tuple[str, str], ...]:
    """Draw what can be seen better than read: title and SVG of each chart.

    Needs vl-convert.
    """
    # Imported here because only a page needs it, and it takes seconds and many megabytes.
    import vl_convert  # noqa: PLC0415 - see above

    return tuple(
        (title, str(vl_convert.vegalite_to_svg(spec))) for title, spec in descriptions(reports)
    )


def descriptions(reports: Sequence[Report]) -> tuple[tuple[str, Spec], ...]:
    """Describe the charts: title and Vega-Lite specification of each."""
    return (
        ("Tracks filled within so many hours", _filling(reports)),
        ("Income by reviewer, poorest first", _income(reports)),
        ("What happened to assignments", _ends(reports)),
        ("Where the artists' money went", _money(reports)),
        ("Reviews by kind of reviewer", _personas(reports, "reviewer", "reviews")),
        ("Mean rating by kind of reviewer", _personas(reports, "reviewer", "mean_rating")),
        ("Flags by kind of artist", _personas(reports, "artist", "flags")),
    )


def labels(reports: Sequence[Report]) -> list[str]:
    """Name the rules of each report, shortly."""
    if len(reports) == 1:
        return ["these rules"]
    return [f"{letter}: {one.rules_version}" for letter, one in zip("AB", reports, strict=True)]


def _spec(values: Rows, mark: Any, **encoding: Any) -> Spec:
    return {
        "$schema": SCHEMA,
        "width": WIDTH,
        "height": HEIGHT,
        "background": None,
        "data": {"values": values},
        "mark": mark,
        "encoding": encoding,
        "config": {"view": {"stroke": None}, "range": {"category": ["#2f6f8f", "#d9822b"]}},
    }


def _axis(field: str, title: str | None, kind: str = "quantitative", **more: Any) -> Spec:
    return {"field": field, "type": kind, "title": title, **more}


def _color(reports: Sequence[Report]) -> Spec:
    legend = {} if len(reports) > 1 else {"legend": None}
    return {"field": "rules", "type": "nominal", "title": "rules", **legend}


def _filling(reports: Sequence[Report]) -> Spec:
    values = [
        {"rules": label, "hours": hours, "share": rank / len(report.measures.fill_hours)}
        for label, report in zip(labels(reports), reports, strict=True)
        for rank, hours in enumerate(report.measures.fill_hours, 1)
    ]
    return _spec(
        values,
        {"type": "line", "interpolate": "step-after"},
        x=_axis("hours", "hours since payment"),
        y=_axis("share", "of completed tracks", axis={"format": "%"}),
        color=_color(reports),
    )


def _income(reports: Sequence[Report]) -> Spec:
    values = [
        {"rules": label, "rank": rank, "income": cents / CENTS}
        for label, report in zip(labels(reports), reports, strict=True)
        for rank, cents in enumerate(report.measures.income_cents, 1)
    ]
    return _spec(
        values,
        {"type": "line", "point": True},
        x=_axis("rank", "reviewers"),
        y=_axis("income", "earned"),
        color=_color(reports),
    )


def _ends(reports: Sequence[Report]) -> Spec:
    values = [
        {"rules": label, "end": end, "reviews": number}
        for label, report in zip(labels(reports), reports, strict=True)
        for end, number in (
            ("completed", report.measures.reviews_completed),
            ("expired", report.measures.reviews_expired),
            ("skipped", report.measures.reviews_skipped),
            ("unplayable", report.measures.reviews_unplayable),
        )
    ]
    return _bars(values, "end", "reviews", "assignments", reports)


def _money(reports: Sequence[Report]) -> Spec:
    values = []
    for label, report in zip(labels(reports), reports, strict=True):
        measures = report.measures
        kept = measures.revenue_cents - measures.fees_cents - measures.losses_cents
        values += [
            {"rules": label, "to": to, "amount": cents / CENTS}
            for to, cents in (
                ("reviewers", sum(measures.income_cents)),
                ("processor", measures.fees_cents),
                ("losses", measures.losses_cents),
                ("promotion", measures.promotion_cents),
                ("kept", kept - measures.promotion_cents),
            )
        ]
    return _bars(values, "to", "amount", None, reports)


def _personas(reports: Sequence[Report], kind: str, field: str) -> Spec:
    values = [
        {"rules": label, "persona": one.name, field: getattr(one, field)}
        for label, report in zip(labels(reports), reports, strict=True)
        for one in report.measures.personas
        if one.kind == kind
    ]
    return _bars(values, "persona", field, field.replace("_", " "), reports)


def _bars(
    values: Rows, name: str, field: str, title: str | None, reports: Sequence[Report]
) -> Spec:
    return _spec(
        values,
        {"type": "bar"},
        y=_axis(name, None, "nominal", sort=None),
        x=_axis(field, title),
        yOffset={"field": "rules"},
        color=_color(reports),
    )

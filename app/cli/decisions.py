"""`eclaims decisions`: the figures of a period that payers publish."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.options import (
    Refusal,
    administration_of,
    instance_option,
    json_option,
    open_installation,
    payer_of,
    payer_option,
    table,
    told,
)

if TYPE_CHECKING:
    from app.domain.decision_metrics import Metric
    from app.gateway.deciding.decision_report import Item, Report

_COLUMNS = (
    "payer",
    "from",
    "to",
    "population",
    "metric",
    "item",
    "numerator",
    "denominator",
    "percent",
    "seconds",
)
_ITEM = "requires-authorization"
_DAY = click.DateTime(["%Y-%m-%d"])
_LAST_YEAR = 9998


@click.command()
@click.option("--from", "first", type=_DAY, required=True, help="The first day of the period.")
@click.option("--to", "last", type=_DAY, required=True, help="The last day of the period.")
@payer_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, a line for each figure.")
@instance_option
@json_option
def decisions(
    first: datetime,
    last: datetime,
    payer_name: str | None,
    instance: Path,
    *,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Show what was decided in a period: shares by outcome, average and median times.

    The figures on prior authorization are those that 42 CFR 422.122(c) asks to publish. Of all
    payers, or of the named one; days are those of the payer's zone, both inclusive.
    """
    from app.gateway.deciding.decision_report import decisions as report_of

    if as_csv and as_json:
        raise click.UsageError("Either --csv or --json.")
    if first > last or last.year > _LAST_YEAR:
        raise Refusal(f"A period begins before it ends, and ends before {_LAST_YEAR + 1}.")
    installation = open_installation(instance)
    administration = administration_of(installation)
    payers = [payer_of(administration, payer_name)] if payer_name else administration.payers()
    reports = (
        (payer.name, report_of(installation, payer, first.date(), last.date())) for payer in payers
    )
    if as_csv:
        _print_csv(reports)
    elif as_json:
        told([_document(name, report) for name, report in reports])
    else:
        for name, report in reports:
            _show(name, report)


def _print_csv(reports: Iterator[tuple[str, Report]]) -> None:
    from app.gateway.payments.formula_free_csv import write_csv

    lines = (line for name, report in reports for line in _lines(name, report))
    rows = ([line.get(column) for column in _COLUMNS] for line in lines)
    write_csv(sys.stdout, chain([_COLUMNS], rows), line_end="\n")


def _lines(name: str, report: Report) -> Iterator[dict[str, Any]]:
    told = {"payer": name, "from": report.first, "to": report.last}
    for item in report.items:
        where = {"population": "prior-authorization", "metric": _ITEM}
        yield told | where | {"item": _name(item)}
    for metric in report.metrics:
        yield told | _figure(metric)


def _document(name: str, report: Report) -> dict[str, Any]:
    return {
        "payer": name,
        "from": report.first,
        "to": report.last,
        "requires_authorization": [
            {"plan": item.plan, **asdict(item.category)} for item in report.items
        ],
        "metrics": [_figure(metric) for metric in report.metrics],
    }


def _figure(metric: Metric) -> dict[str, Any]:
    return {
        "population": metric.population,
        "metric": metric.name,
        "numerator": metric.numerator,
        "denominator": metric.denominator,
        "percent": metric.percent,
        "seconds": metric.seconds,
    }


def _show(name: str, report: Report) -> None:
    period = f"{name}, {report.first} to {report.last}"
    if report.items:
        items = [(one.plan, one.category.key, one.category.display or "") for one in report.items]
        table(f"{period}: needs a preauthorization", "plan", "category", "name", rows=items)
    rows = [
        (metric.population, metric.name, _share(metric), _percent(metric.percent), _time(metric))
        for metric in report.metrics
        if metric.denominator
    ]
    if rows:
        table(period, "population", "metric", "of", "percent", "seconds", rows=rows)
    else:
        click.echo(f"{period}: nothing was decided.")


def _share(metric: Metric) -> str:
    if metric.numerator is None:
        return str(metric.denominator)
    return f"{metric.numerator} of {metric.denominator}"


def _percent(share: Decimal | None) -> str:
    return "" if share is None else f"{share} %"


def _time(metric: Metric) -> str:
    return "" if metric.seconds is None else f"{metric.seconds}"


def _name(item: Item) -> str:
    return f"{item.plan} {item.category.key}"

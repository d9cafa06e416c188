"""What a payer decided in a period: the figures that it publishes. Docs: docs/decisions.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.domain.codes import Coding
from app.domain.decision_metrics import Metric, Population, metrics
from app.domain.parties import Payer, Scope
from app.domain.plan import Plan
from app.domain.search.query import Search
from app.fhir import json_text
from app.fhir.plans import read_plan
from app.gateway.installation import Installation
from app.store.unit_of_work import UnitOfWork

_PLANS = Search("InsurancePlan")
_MOST_PLANS = 10_000


@dataclass(frozen=True, slots=True)
class Item:
    """A benefit category of a plan that wants a preauthorization."""

    plan: str
    category: Coding


@dataclass(frozen=True, slots=True)
class Report:
    """What wants a preauthorization, and the figures; both days are inclusive."""

    first: date
    last: date
    items: list[Item]
    metrics: list[Metric]


def decisions(installation: Installation, payer: Payer, first: date, last: date) -> Report:
    """What was decided on the days from `first` to `last` in the payer's zone.

    `last` is before 9999-12-31.
    """
    return installation.read(Scope(payer.id), lambda work: _report(payer, first, last, work))


def _report(payer: Payer, first: date, last: date, work: UnitOfWork) -> Report:
    since, until = (
        datetime.combine(day, time(), payer.settings.zone)
        for day in (first, last + timedelta(days=1))
    )

    def median(
        population: Population, is_expedited: bool, count: int, has_pauses: bool
    ) -> timedelta:
        return work.ended.median(
            since,
            until,
            population,
            is_expedited=is_expedited,
            count=count,
            has_pauses=has_pauses,
        )

    found = metrics(work.ended.tallies(since, until), median)
    return Report(first, last, list(_items(first, last, work)), list(found))


def _items(first: date, last: date, work: UnitOfWork) -> Iterator[Item]:
    """Of the payer's plans that are in force on a day of the period, in the order of their ids."""
    ids = work.search.ids(_PLANS, _MOST_PLANS, is_own=True)
    for stored in work.search.find_each((_PLANS.type, id) for id in ids):
        plan = read_plan(json_text.parsed(stored.text)) if stored.text else None
        if plan is None or not _is_in_force(plan, first, last):
            continue
        for benefit in plan.benefits:
            if benefit.authorization_required:
                yield Item(plan.identifier, benefit.category)


def _is_in_force(plan: Plan, first: date, last: date) -> bool:
    return (plan.starts_on or first) <= last and (plan.ends_on or last) >= first

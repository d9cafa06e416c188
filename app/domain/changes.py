"""Why a decision made again differs: what of its inputs is not as it was.

Found by comparing the two requests and nothing else, so it names what may have made the
difference. No figure and no other Claim is told: who reads it need not be whose they are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from app.domain.claims import Line
from app.domain.codes import Cause
from app.domain.consulted import consulted
from app.domain.measures import KINDS, is_measured, is_measuring
from app.domain.plan import Plan, Price

if TYPE_CHECKING:
    from app.domain.adjudication import AdjudicationRequest

Path = tuple[int, ...]

# Of a counter its kind is told and no more: its day, its category and the names that an
# adjudicator gives its own are of whom the service was for.
_NAMED = frozenset({*KINDS, "frequency"})
_UNNAMED = "other counters"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed, in words, and the lines it can matter to; none are all of them."""

    cause: Cause
    text: str
    paths: tuple[Path, ...] = ()

    def matters_to(self, path: Path) -> bool:
        """Whether a line can differ because of it."""
        return not self.paths or path in self.paths


NOT_KEPT = Change(Cause.NOT_KEPT, "what the earlier decision was made from is not kept")


def rules_changed(before: str | None, after: str | None) -> tuple[Change, ...]:
    """The change of the rule set by the names it has; none where one of them is not known."""
    if before is None or after is None or before == after:
        return ()
    return (Change(Cause.RULES, f"the rules are {after}, were {before}"),)


def changes(before: "AdjudicationRequest", after: "AdjudicationRequest") -> tuple[Change, ...]:
    """What differs between the requests of two decisions on one Claim, in the order of `Cause`."""
    found: list[Change] = []
    for name in (field.name for field in fields(after)):
        if name in _COMPARED:
            found += _COMPARED[name](before, after)
        elif getattr(before, name) != getattr(after, name):
            found.append(_PLAIN.get(name) or Change(Cause.OTHER, name.replace("_", " ")))
    return tuple(sorted(found, key=lambda change: list(Cause).index(change.cause)))


def _coverage(before: "AdjudicationRequest", after: "AdjudicationRequest") -> Iterator[Change]:
    was, now = before.coverage, after.coverage
    if was == now:
        return
    if was is None or now is None:
        text = "no Coverage of the payer matches any more" if was else "a Coverage matches now"
    elif (was.member, was.family) != (now.member, now.family):
        text = "another Coverage matches"
    else:
        text = "the days of the Coverage are others"
    yield Change(Cause.COVERAGE, text)


def _plan(before: "AdjudicationRequest", after: "AdjudicationRequest") -> Iterator[Change]:
    was, now = before.plan, after.plan
    if was == now:
        return
    if was is not None and now is not None and _named(was) == _named(now):
        yield Change(Cause.PLAN, f"plan {_named(now)} is read otherwise")
    else:
        yield Change(Cause.PLAN, f"the plan is {_named(now)}, was {_named(was)}")


def _named(plan: Plan | None) -> str:
    return "none" if plan is None else f"{plan.identifier} version {plan.version}"


def _prices(before: "AdjudicationRequest", after: "AdjudicationRequest") -> Iterator[Change]:
    was, now = _by_service(before.prices), _by_service(after.prices)
    for service in sorted(was.keys() | now.keys()):
        old, new = was.get(service, []), now.get(service, [])
        if set(old) == set(new):
            continue
        word = "is another" if old and new else "is gone" if old else "is new"
        code = (old or new)[0].service.code
        yield Change(
            Cause.PRICE,
            f"the price of {code} {word}",
            tuple(_asking_for(service, after.claim.lines)),
        )


def _by_service(prices: tuple[Price, ...]) -> dict[str, list[Price]]:
    found: dict[str, list[Price]] = {}
    for price in prices:
        found.setdefault(price.service.key, []).append(price)
    return found


def _asking_for(service: str, lines: tuple[Line, ...]) -> Iterator[Path]:
    """The lines of a service, and the groups that they are summed up in."""
    for line in lines:
        below = list(_asking_for(service, line.lines))
        if below or any(each.key == service for each in line.services):
            yield line.path
        yield from below


def _counters(before: "AdjudicationRequest", after: "AdjudicationRequest") -> Iterator[Change]:
    was, now = before.counters or {}, after.counters or {}
    plans = [plan for plan in (before.plan, after.plan) if plan is not None]
    # What one of them could not look at is no change of what was used.
    looked_at = (consulted(before), consulted(after))
    kinds = {
        counter.kind if counter.kind in _NAMED else _UNNAMED
        for counter in was.keys() | now.keys()
        if was.get(counter, 0) != now.get(counter, 0)
        and any(is_measured(counter, plan) for plan in plans)
        and all(each.holds(counter) for each in looked_at)
    }
    if kinds:
        yield Change(Cause.COUNTERS, f"what was used before of {', '.join(sorted(kinds))}")


def _attachments(before: "AdjudicationRequest", after: "AdjudicationRequest") -> Iterator[Change]:
    more = after.attachments - before.attachments
    if more:
        text = f"attachments that came: {more}" if more > 0 else "attachments that were cancelled"
        yield Change(Cause.ATTACHMENTS, text)


def _last_call(before: "AdjudicationRequest", after: "AdjudicationRequest") -> Iterator[Change]:
    if before.is_last_call != after.is_last_call:
        text = "what was waited for did not come" if after.is_last_call else "it can wait again"
        yield Change(Cause.LAST_CALL, text)


def _lines(before: "AdjudicationRequest", after: "AdjudicationRequest") -> Iterator[Change]:
    """Lines that are carried over come first, and use counters and limits before the others."""
    is_measured_at_all = after.plan is None or is_measuring(after.plan)
    if is_measured_at_all and _overtaking(before) != _overtaking(after):
        yield Change(Cause.LINES, "lines that are carried over come before the others")


def _overtaking(request: "AdjudicationRequest") -> set[Path]:
    """The lines that are carried over and so come before one of a lower sequence."""
    if request.reissue is None:
        return set()
    first = min(request.reissue.paths, default=())
    return {path for path in request.reissue.carried() if path > first}


Compare = Callable[["AdjudicationRequest", "AdjudicationRequest"], Iterator[Change]]
_COMPARED: dict[str, Compare] = {
    "coverage": _coverage,
    "plan": _plan,
    "prices": _prices,
    "counters": _counters,
    "attachments": _attachments,
    "is_last_call": _last_call,
    "reissue": _lines,
}
# What is told of an input without looking into it.
_PLAIN = {
    "claim": Change(Cause.REQUEST, "the request is read otherwise"),
    "received_on": Change(Cause.RECEIVED, "the day of receipt is another"),
    "patient": Change(Cause.PATIENT, "what is known of the patient"),
    "review": Change(Cause.REVIEW, "what a person of the payer said of it"),
    "is_beneficiary": Change(Cause.COVERAGE, "whose the Coverage is"),
    "affiliations": Change(Cause.NETWORK, "the provider's days in the network are others"),
    "earlier": Change(Cause.OTHER_CLAIMS, "other requests for the same services"),
    "has_more_earlier": Change(Cause.OTHER_CLAIMS, "whether all such requests were looked at"),
    "authorizations": Change(Cause.AUTHORIZATION, "what the quoted preauthorizations grant"),
    "earlier_payers": Change(Cause.OTHER_PAYER, "what earlier payers answered"),
}

# The inputs that are told by a cause of their own.
TOLD = frozenset({*_COMPARED, *_PLAIN})

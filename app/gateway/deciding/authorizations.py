"""What preauthorizations reserve, and what Claims that quote them use of it.

Docs: docs/preauthorizations.md.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from app.domain.adjudication import Category, Coverage, Decided, DecidedLine
from app.domain.arithmetic import currency_of, quantity_of
from app.domain.authorizations import QUANTITY_UNIT, Authorization, HeldLine, Path, Use, counted
from app.domain.claims import Claim, Days, Line
from app.domain.codes import ClaimUse
from app.domain.lifecycle import LIVE
from app.domain.money import NO_CURRENCY, Money
from app.domain.parties import Client
from app.fhir import documents, json_text
from app.store.ledgers.reserved import Grant, Part, Reservation, Terms
from app.store.submissions import Submission
from app.store.tables import Measure
from app.store.unit_of_work import UnitOfWork

_PREFIX = "PA-"
MOST_QUOTED = 100


def reference_of(claim_id: str) -> str:
    """The preAuthRef of a preauthorization; it stays the same however often it is decided."""
    return f"{_PREFIX}{claim_id}"


def provider_names(
    document: Mapping[str, Any], client: Client, base: str, work: UnitOfWork
) -> frozenset[str]:
    """What a Claim's provider goes by and this client may speak for, as keyed hashes.

    To be kept as the Claim comes in: later, what the client refers to may name somebody else.
    """
    reference = documents.reference_of(document["provider"], base)
    behind, is_own = documents.contained(document, document["provider"]), False
    if reference.type is not None and reference.id is not None:
        stored = work.resources.find(reference.type, reference.id)
        if stored is not None and stored.text is not None:
            behind = json_text.parsed(stored.text)
            is_own = stored.submitter_id == client.scope.submitter_id
    told = [one for one in documents.identifiers_of(behind or {}) if client.may_send_for((one,))]
    names = {one.key for one in told}
    if reference.identifier is not None and client.may_send_for((reference.identifier,)):
        names.add(reference.identifier.key)
    # Whoever acts for anybody may refer to anybody.
    if reference.id is not None and (is_own or told or client.may_send_for(())):
        names.add(f"{reference.type}/{reference.id}")
    return frozenset(work.hasher("reserved-provider", name) for name in names)


def reserve(
    preauthorization: Submission,
    claim: Claim,
    coverage: Coverage | None,
    valid: Days,
    decided: Decided,
    benefit: Money,
    work: UnitOfWork,
) -> None:
    """Hold quantity and benefit of each line that was granted, for its services on these days."""
    granted = dict(_granted(decided.lines))
    lines = {line.path: line for line in _leaves(claim.lines) if line.path in granted}
    grants = {
        path: Grant(granted[path].minor_units, _units(counted(quantity_of(line))))
        for path, line in lines.items()
    }
    services = {
        path: frozenset(_service(coding.key, work) for coding in line.services)
        for path, line in lines.items()
    }
    terms = Terms(
        currency=benefit.currency,
        member=coverage.member if coverage else None,
        providers=preauthorization.providers or frozenset(),
        services=services,
        starts_on=valid.first,
        ends_on=valid.last,
    )
    work.reservations.reserve(preauthorization.id, grants, terms)


def held_for(
    submission: Submission,
    claim: Claim,
    coverage: Coverage | None,
    work: UnitOfWork,
    *,
    over_before: date = date.min,
    lock: bool = False,
) -> tuple[Authorization, ...]:
    """The live preauthorizations that a Claim quotes and that are of its member and provider.

    What it used itself counts as left; what else is open of one that ended before `over_before`
    does not, closed already or not. `lock`: nobody moves them until the transaction ends.
    """
    quoted = _quoted(claim) if claim.use is ClaimUse.CLAIM and coverage is not None else []
    if coverage is None or not quoted:
        return ()
    found = work.reservations.find_all(quoted, lock=lock)
    theirs = {
        id: reservation
        for id, reservation in found.items()
        if reservation.terms.member == coverage.member
        and reservation.terms.providers & (submission.providers or frozenset())
    }
    asked = work.on_the_payers_side().submissions.claims(theirs) if theirs else {}
    own = _own(submission, work) if theirs else {}
    keys = {coding.key for line in _leaves(claim.lines) for coding in line.services}
    services = {_service(key, work): key for key in keys} if theirs else {}
    return tuple(
        _authorization(id, reservation, services, own, over_before)
        for id, reservation in theirs.items()
        if id in asked and asked[id].state in LIVE
    )


def _own(submission: Submission, work: UnitOfWork) -> dict[Part, int]:
    """What a Claim that is decided again uses already."""
    sums: dict[Part, int] = {}
    if submission.decided_at is not None:
        for (part, _), units in work.reservations.used_by(submission.id).items():
            sums[part] = sums.get(part, 0) + units
    return sums


def _authorization(
    id: str,
    reservation: Reservation,
    services: Mapping[str, str],
    own: Mapping[Part, int],
    over_before: date,
) -> Authorization:
    terms = reservation.terms
    is_over = terms.is_over(over_before)

    def left(path: Path, measure: Measure) -> int | None:
        part = Part(id, path, measure)
        sums = reservation.parts.get(part)
        return None if sums is None else (0 if is_over else sums.open) + own.get(part, 0)

    lines = []
    for path, hashes in sorted(terms.services.items()):
        granted = frozenset(services[each] for each in hashes & services.keys())
        amount, quantity = left(path, Measure.AMOUNT), left(path, Measure.QUANTITY)
        if granted and amount is not None:
            money = Money.of_minor_units(amount, terms.currency).amount
            units = None if quantity is None else quantity * QUANTITY_UNIT
            lines.append(HeldLine(path, granted, money, units))
    days = (terms.starts_on, terms.ends_on)
    return Authorization(id, terms.currency, tuple(lines), *days)


def uses_of(submission: Submission, work: UnitOfWork) -> tuple[Use, ...]:
    """What the lines of a Claim use of preauthorizations, each line by itself."""
    currency = submission.currency or NO_CURRENCY
    measured: dict[tuple[str, Path, Path], dict[Measure, int]] = {}
    for (part, path), units in work.reservations.used_by(submission.id).items():
        key = (part.submission_id, part.line, path)
        measured.setdefault(key, {})[part.measure] = units
    return tuple(
        Use(
            *key,
            Money.of_minor_units(units.get(Measure.AMOUNT, 0), currency).amount,
            units.get(Measure.QUANTITY, 0) * QUANTITY_UNIT,
        )
        for key, units in sorted(measured.items())
    )


def consume(
    submission: Submission,
    claim: Claim,
    coverage: Coverage | None,
    known: tuple[Authorization, ...],
    decided: Decided,
    work: UnitOfWork,
    over_before: date,
) -> bool:
    """Let a Claim use what its decision says, and nothing else of what it used before.

    False, with nothing changed, where `known`, which the decision stands on, has moved meanwhile.
    Raises Overdrawn where the decision uses more than is there.
    """
    held = held_for(submission, claim, coverage, work, over_before=over_before, lock=True)
    if held != known:
        return False
    if decided.uses or submission.decided_at is not None:
        currency = currency_of(claim) or NO_CURRENCY
        work.reservations.use(submission.id, _parts(decided.uses, currency))
    return True


def _parts(uses: tuple[Use, ...], currency: str) -> dict[tuple[Part, Path], int]:
    wanted: dict[tuple[Part, Path], int] = {}
    for use in uses:
        money = Money(use.amount, currency)
        units = {Measure.AMOUNT: money.minor_units, Measure.QUANTITY: _units(use.quantity)}
        for measure, taken in units.items():
            if taken:
                wanted[Part(use.authorization, use.held, measure), use.path] = taken
    return wanted


def _units(quantity: Decimal) -> int:
    return int(quantity / QUANTITY_UNIT)


def _quoted(claim: Claim) -> list[str]:
    """The preauthorizations of ours that the focal insurance quotes, each once.

    More than a decision can look at in its time are not looked at: docs/preauthorizations.md.
    """
    quoted = {
        value.removeprefix(_PREFIX)
        for insurance in claim.insurance
        if insurance.focal
        for value in insurance.preauthorizations
        if value.startswith(_PREFIX)
    }
    return sorted(quoted)[:MOST_QUOTED]


def _granted(lines: tuple[DecidedLine, ...]) -> Iterator[tuple[Path, Money]]:
    """The leaves of which something was eligible, each with its benefit."""
    for line in lines:
        rows = {row.category: row.money for row in line.amounts}
        if line.lines:
            yield from _granted(line.lines)
        elif Category.ELIGIBLE in rows:
            yield line.path, rows[Category.BENEFIT]


def _leaves(lines: tuple[Line, ...]) -> Iterator[Line]:
    for line in lines:
        if line.lines:
            yield from _leaves(line.lines)
        else:
            yield line


def _service(key: str, work: UnitOfWork) -> str:
    return work.hasher("reserved-service", key)

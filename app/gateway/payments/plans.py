"""What a payment would be made of: Claims are examined, and those in doubt are left out.

Docs: docs/payments.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from decimal import Decimal

from app.domain.lifecycle import UNDECIDED, State
from app.domain.money import Money
from app.domain.proofs import LeftOut
from app.domain.settlement import Fault, Owed, Settlement, portion, settlement
from app.fhir import json_text
from app.store.ledgers.payables import PayeeLedger
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

# So many Claims are in one payment, and in one transaction; what is left is in the next one.
MOST_CLAIMS = 1_000


@dataclass(frozen=True, slots=True)
class Run:
    """What a run knows of a ledger from one transaction to the next.

    `left_out` it has found to be in doubt, `sound` not to be; `done` a run that is only tried would
    have paid.
    """

    most: int = MOST_CLAIMS
    left_out: Mapping[str, LeftOut] = field(default_factory=dict)
    sound: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """The next payment of a ledger, and what was found in doubt on the way to it.

    `units` is what everything comes to that is owed and not in doubt; `seen` are the Claims that
    were looked at; `run` is what the run knows from then on, `has_more` that it is not over.
    """

    ledger: PayeeLedger
    settlement: Settlement
    left_out: tuple[LeftOut, ...]
    seen: frozenset[str]
    units: int
    is_issued: bool
    has_more: bool
    run: Run


def plan(ledger: PayeeLedger, run: Run, work: UnitOfWork, zone: tzinfo, *, lock: bool) -> Plan:
    """Choose and examine Claims of a ledger; their rows are locked until the end if asked.

    Days are those of the zone.
    """
    away = run.left_out.keys() | run.done
    owed = [each for each in work.payables.owed(ledger.id) if each[0] not in away]
    total = sum(units for _, units in owed)
    chosen = portion(owed, run.most) if total >= 0 else _unseen(owed, run)
    claims = work.submissions.claims(chosen, lock=lock)
    ready = {id: claim for id, claim in claims.items() if claim.state not in UNDECIDED}
    # Read after the lock: a cancel may have entered more.
    entries = work.payables.unsettled(ledger.id, ready, zone)
    left_out = _in_doubt(entries, ready, ledger, work)
    good = [entry for entry in entries if entry.claim_id not in left_out]
    paid = work.payments.newest_details(ledger.id, {entry.claim_id for entry in good})
    settled = settlement(good, paid)
    left = sum(units for claim_id, units in owed if claim_id not in left_out)
    is_issued = settled.is_issued and settled.units <= left
    known = replace(
        run,
        left_out={**run.left_out, **left_out},
        sound=run.sound | (ready.keys() - left_out.keys()),
    )
    if is_issued or (total >= 0 and not settled.details):
        has_more = len(chosen) < len(owed)
    else:
        # Below zero it is over once every Claim that is not in doubt was looked at.
        unseen = {claim_id for claim_id, _ in owed} - known.sound - known.left_out.keys()
        has_more = total >= 0 or left >= 0 or bool(unseen)
    return Plan(
        ledger=ledger,
        settlement=settled,
        left_out=tuple(left_out.values()),
        seen=frozenset(ready),
        units=left,
        is_issued=is_issued,
        has_more=has_more,
        run=known,
    )


def _unseen(owed: list[tuple[str, int]], run: Run) -> list[str]:
    """Less than nothing is owed: every Claim is looked at, for one in doubt may be why."""
    unseen = [each for each in owed if each[0] not in run.sound]
    taken_back_first = sorted(unseen, key=lambda each: each[1] >= 0)
    return [claim_id for claim_id, _ in taken_back_first[: run.most]]


def _in_doubt(
    entries: list[Owed], claims: Mapping[str, Submission], ledger: PayeeLedger, work: UnitOfWork
) -> dict[str, LeftOut]:
    """The Claims of which nothing is paid now."""
    units: dict[str, int] = {}
    for entry in entries:
        units[entry.claim_id] = units.get(entry.claim_id, 0) + entry.units
    sums = work.payables.sums(ledger.id, units)
    responses = _responses([claims[id] for id in units], work)
    found = {}
    for claim_id, open_units in units.items():
        claim = claims[claim_id]
        fault = _fault(claim, sums[claim_id], ledger, responses.get(claim.response_id or ""))
        if fault is not None:
            found[claim_id] = LeftOut(claim_id, fault, open_units)
    return found


def _responses(claims: list[Submission], work: UnitOfWork) -> dict[str, Stored]:
    """The ClaimResponses in force of those that wait for their payment, by id."""
    ids = [claim.response_id for claim in claims if claim.state is State.PAYABLE]
    wanted = [id for id in ids if id is not None]
    return {each.id: each for each in _readable(wanted, work)}


def _readable(ids: list[str], work: UnitOfWork) -> list[Stored]:
    """These ClaimResponses but for those whose bytes are no text, found one by one if need be."""
    try:
        return work.resources.find_all("ClaimResponse", ids)
    except ValueError:
        half = len(ids) // 2
        if not half:
            return []
        return [*_readable(ids[:half], work), *_readable(ids[half:], work)]


def _fault(
    claim: Submission, units: int, ledger: PayeeLedger, response: Stored | None
) -> Fault | None:
    """Why a Claim is not paid now; None where it is. `units` is all that was ever entered."""
    if ledger.reference is None:
        return Fault.PAYEE
    if units != _decided(claim, ledger):
        return Fault.SUM
    if claim.state is State.PAYABLE and not _promises(response, claim, ledger, units):
        return Fault.RESPONSE
    return None


def _decided(claim: Submission, ledger: PayeeLedger) -> int:
    """What the Claim's row says that is owed, in minor units; of an ended Claim nothing is."""
    is_owed = claim.state in {State.PAYABLE, State.PAID} and claim.currency == ledger.currency
    if not is_owed or claim.total is None:
        return 0
    return Money(claim.total, ledger.currency).minor_units


def _promises(response: Stored | None, claim: Submission, ledger: PayeeLedger, units: int) -> bool:
    """Whether the ClaimResponse in force can be read and promises this payment."""
    if claim.currency != ledger.currency:
        # Decided again in another currency: this ledger is only to take its own back.
        return True
    try:
        document = json_text.parsed(response.text) if response and response.text else {}
        promised = document["payment"]["amount"]
        amount, currency = Decimal(promised["value"]), promised["currency"]
    except (ArithmeticError, LookupError, TypeError, ValueError):
        # Whatever is wrong with it, it is this Claim's alone, and its quarantine tells of it.
        return False
    return Money(amount, currency) == Money.of_minor_units(units, ledger.currency)

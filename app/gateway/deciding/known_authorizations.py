"""Which of a submitter's own preauthorizations hold for what it asks about.

Docs: docs/eligibility.md, "Authorization".
"""

from collections.abc import Iterable, Mapping
from datetime import date

from app.domain.adjudication import Coverage
from app.domain.authorizations import HeldLine
from app.domain.claims import Claim, Days, Insurance, Line
from app.domain.codes import ClaimUse
from app.domain.lifecycle import State
from app.domain.references import Reference
from app.gateway.deciding.authorizations import held_for, reference_of
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

# A member seldom has more that hold on one day.
MOST_HELD = 10


def holding(
    lines: Iterable[Line],
    providers: frozenset[str],
    coverage: Coverage,
    day: date,
    work: UnitOfWork,
) -> Mapping[tuple[int, ...], str]:
    """The preAuthRef that holds for each line, by the rules by which a Claim that quotes it has it.

    Lines that no preauthorization holds for are left out; of several the one that lasts longest.
    """
    asked = tuple(line for line in lines if line.services)
    held: dict[tuple[int, ...], str] = {}
    if not asked or not providers:
        return held
    for id in work.member_reservations.on(coverage.member, day, MOST_HELD):
        quoted = reference_of(id)
        claim = _claim(asked, quoted, day)
        for authorization in held_for(_submission(providers, work), claim, coverage, work):
            services = {key for each in authorization.lines for key in _left(each)}
            for line in asked:
                if services & {service.key for service in line.services}:
                    held.setdefault(line.path, quoted)
    return held


def _left(line: HeldLine) -> frozenset[str]:
    """What a line of a preauthorization holds for; one that is used up for nothing."""
    return frozenset() if line.is_used_up else line.services


def _claim(lines: tuple[Line, ...], quoted: str, day: date) -> Claim:
    """The Claim that would quote it."""
    return Claim(
        use=ClaimUse.CLAIM,
        type=None,
        created=Days(day, day),
        patient=Reference(),
        provider=Reference(),
        insurance=(Insurance(1, True, Reference(), (quoted,)),),
        lines=lines,
    )


def _submission(providers: frozenset[str], work: UnitOfWork) -> Submission:
    return Submission(
        type="Claim",
        id="",
        submitter_id=work.scope.submitter_id or "",
        state=State.QUEUED,
        epoch=1,
        created_at=work.now,
        providers=providers,
    )

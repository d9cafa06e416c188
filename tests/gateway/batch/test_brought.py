"""Which of a transaction's own resources meet a condition, and at what cost."""

import pytest

from app.domain.issues import ErrorCode, Unacceptable
from app.domain.search.query import Has, Missing, TextMatch, TokenMatch
from app.gateway.batch.brought import Brought
from app.gateway.batch.reading import Step
from tests.bundles import PATIENT_SYSTEM, a_patient

BASE = "http://gateway.test/fhir/r4"


def brought(*patients):
    return Brought(
        [Step(place, "POST", "Patient", document=each) for place, each in enumerate(patients)], BASE
    )


def coded(*codes, **options):
    matches = tuple(TokenMatch(each, PATIENT_SYSTEM) for each in codes)
    return Has(("identifier",), matches, **options)


def named(text):
    return Has(("name",), (TextMatch(text),))


@pytest.mark.parametrize(
    ("asked", "positions"),
    [
        ([coded("A")], [0]),
        ([coded("A", "B")], [0, 1]),
        ([coded("A"), coded("B")], []),
        ([coded("A", is_negated=True)], [1, 2]),
        ([coded(None)], [0, 1]),
        ([Has(("identifier",), (TokenMatch("A", "elsewhere"),))], []),
        ([Has(("gender", "identifier"), (TokenMatch("female"),))], [1, 2]),
        ([coded("B"), named("alex")], [1]),
        ([coded("B"), named("zoe")], []),
        ([named("zoe")], [2]),
        ([Missing("gender", is_missing=True)], [0]),
        ([coded("A"), None], []),
    ],
)
def test_what_meets_all_conditions_is_found(asked, positions):
    every = brought(
        a_patient("A"),
        a_patient("B", gender="female"),
        a_patient(name=[{"text": "Zoe"}], gender="female"),
    )

    assert every.meeting("Patient", asked) == positions
    assert every.meeting("Coverage", asked) == []


def test_comparing_ends_where_conditions_ask_for_no_code():
    many = brought(a_patient(name=[{"text": f"N{each}"} for each in range(500)]))

    def ask(times):
        return [many.meeting("Patient", [named(f"N{each}x")]) for each in range(times)]

    assert ask(1_000) == [[]] * 1_000
    with pytest.raises(Unacceptable) as refusal:
        ask(4_000)

    assert [issue.error for issue in refusal.value.issues] == [ErrorCode.TOO_COMPLEX]


def test_codes_are_looked_up_and_not_compared():
    many = brought(*(a_patient(str(each)) for each in range(200)))

    found = [many.meeting("Patient", [coded(str(each % 200))]) for each in range(6_000)]

    assert found == [[each % 200] for each in range(6_000)]

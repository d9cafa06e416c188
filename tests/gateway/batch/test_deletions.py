"""What is referred to is deleted last, and everything is asked once."""

import pytest

from app.gateway.batch.deletions import in_turn
from app.gateway.batch.identities import Prepared
from app.gateway.batch.reading import Step
from app.gateway.changes.target import Target
from tests.gateway.desk import received


def an_organization(number, part_of=None):
    """One of the payer's, under an id that tells its number."""
    parent = {} if part_of is None else {"partOf": {"reference": f"Organization/o{part_of}"}}
    return {"resourceType": "Organization", "id": f"o{number}", "name": "One", **parent}


def keep(core, *organizations):
    for each in organizations:
        target = Target("Organization", each["id"])
        core.gateway.update(core.client, received(each), target)


def deletions(*numbers):
    return [
        Prepared(Step(place, "DELETE", f"Organization/o{number}"), f"o{number}", f"o{number}")
        for place, number in enumerate(numbers)
    ]


def turns(core, steps):
    return core.do(lambda work: [one.id for one in in_turn(steps, work)])


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)], ids=str)
def test_each_is_deleted_after_what_refers_to_it(core, order):
    keep(core, *(an_organization(each, each - 1 if each else None) for each in range(4)))

    assert turns(core, deletions(*order)) == ["o3", "o2", "o1", "o0"]


def test_what_does_not_refer_to_each_other_goes_by_its_key(core):
    keep(core, *(an_organization(each) for each in range(3)))

    assert turns(core, deletions(2, 0, 1)) == ["o0", "o1", "o2"]


def test_a_circle_comes_last(core):
    keep(core, *(an_organization(each) for each in range(4)))
    keep(core, an_organization(0, part_of=1), an_organization(1, part_of=0))
    keep(core, an_organization(3, part_of=2))

    assert turns(core, deletions(0, 1, 2, 3)) == ["o3", "o2", "o0", "o1"]


def test_what_is_not_there_is_no_hindrance(core):
    keep(core, an_organization(1))

    nothing = Prepared(Step(9, "DELETE", "Organization", "identifier=a|b"), "a", None)

    assert turns(core, [*deletions(0, 1), nothing]) == [None, "o0", "o1"]

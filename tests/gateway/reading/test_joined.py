"""Verbs that are parts of one transaction."""

import pytest

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.gateway.gateway import Gateway
from app.gateway.once import TakenMeanwhile
from app.gateway.reading.joined import Joined, Unwound
from app.gateway.real_time import AfterCommit
from app.store import tables
from tests.builders import a_claim
from tests.gateway.desk import received


class Over(Exception):
    """The transaction is not to be committed."""


@pytest.fixture
def joined(installation):
    """Run something with an installation that is a part of a transaction, which is then over."""

    def run(act, *, is_kept=False):
        def effect(connection):
            result = act(Joined.to(installation, connection))
            if not is_kept:
                raise Over
            return result

        if is_kept:
            return installation.store.write(effect)
        with pytest.raises(Over):
            installation.store.write(effect)
        return None

    return run


def raising(fault):
    def effect(_work):
        raise fault

    return effect


def test_nothing_of_a_verb_is_kept_where_the_whole_is_not(joined, submitter, installation, rows):
    def create(part):
        return Gateway(part, AfterCommit()).create(submitter, received(a_claim()))

    before = rows.counts()
    joined(create)
    assert rows.counts() == before

    taken = joined(create, is_kept=True)
    assert rows.of(tables.resource, id=taken.stored.id) != []


def test_a_part_sees_what_was_written_before_it(joined, submitter):
    def twice(part):
        gateway = Gateway(part, AfterCommit())
        document = a_claim()
        return [gateway.create(submitter, received(document)).is_new for _ in range(2)]

    assert joined(twice, is_kept=True) == [True, False]


def test_what_is_unacceptable_undoes_its_part_alone(joined, submitter, rows):
    def act(part):
        Gateway(part, AfterCommit()).create(submitter, received(a_claim()))

        def spoiled(work):
            Gateway(part, AfterCommit()).create(submitter, received(a_claim()))
            raise Unacceptable(Issue(ErrorCode.PARAMETER, "No."))

        with pytest.raises(Unacceptable):
            part.write(submitter.scope, spoiled)

    joined(act, is_kept=True)

    assert len(rows.of(tables.submission)) == 1


@pytest.mark.parametrize("fault", [TakenMeanwhile(), LookupError("x")], ids=["race", "defect"])
@pytest.mark.parametrize("verb", ["write", "read"])
def test_anything_else_is_the_end_of_the_whole(joined, submitter, fault, verb):
    def act(part):
        with pytest.raises(Unwound) as over:
            getattr(part, verb)(submitter.scope, raising(fault))
        assert over.value.fault is fault

    joined(act)


def test_all_parts_are_of_one_instant(joined, clock):
    def act(part):
        first = part.clock()
        clock.forward(hours=1)
        return first == part.clock()

    assert joined(act, is_kept=True)

"""What a step was about, told by whoever carries it out."""

import pytest

from app.domain.issues import ErrorCode, Unacceptable
from app.fhir.bundle import Answered
from app.gateway.batch.reading import Step
from app.gateway.batch.transaction import carried_out
from app.gateway.real_time import AfterCommit
from tests.bundles import a_patient


class Performing:
    """Answers with another resource than the step was prepared for, so many times."""

    def __init__(self, wrong):
        self.wrong, self.asked = wrong, 0

    def __call__(self, _part, step):
        self.asked += 1
        id = "another" if self.asked <= self.wrong else step.id
        return Answered(201, stored=f"{step.type}/{id}")


@pytest.fixture
def carry_out(installation, submitter):
    steps = [Step(0, "POST", "Patient", document=a_patient())]
    return lambda perform: carried_out(installation, submitter, steps, perform, AfterCommit())


def test_a_step_that_finds_another_resource_every_time_ends_the_transaction(carry_out):
    performing = Performing(wrong=2)

    with pytest.raises(Unacceptable) as refusal:
        carry_out(performing)

    [issue] = refusal.value.issues
    assert (issue.error, issue.expression) == (ErrorCode.BUNDLE_TWICE, "Bundle.entry[0]")
    assert performing.asked == 2


def test_where_somebody_else_was_just_ahead_all_of_it_is_done_anew(carry_out):
    performing = Performing(wrong=1)

    [answer] = carry_out(performing)

    assert (answer.status, performing.asked) == (201, 2)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_only_reads_waits_for_no_writer(installation, submitter, method):
    steps = [Step(0, method, "Patient/1")]

    def read(_connection):
        answer = Answered(200)
        return carried_out(installation, submitter, steps, lambda *_: answer, AfterCommit())

    assert installation.store.write(read) == [Answered(200)]

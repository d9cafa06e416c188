"""Deliveries by a client at the gateway, and what is then kept."""

import pytest

from app.domain.codes import InputType, OutputType, TaskCode
from app.domain.issues import Refused
from app.domain.lifecycle import State
from app.domain.references import Reference
from app.domain.tasks import Output, TaskInput, completed
from app.gateway.handlers.deliver import Deliver, deliver
from app.store import tables
from tests.builders import a_communication, a_delivery

WAIT_SECONDS = 60
CONTAINED = Reference(foreign="#delivered")


def delivers(desk, named=CONTAINED, document=None, *, by="resource"):
    """Deliver by a Task of its own; the outcome, committed."""
    kind = InputType(by)
    inputs = [] if named is None else [TaskInput(kind, "Reference", named, "Task.input[0]")]
    asked = Deliver(**{by: named})
    contained = a_delivery(document) if document else {}
    request = desk.request(TaskCode.DELIVER, asked, None, inputs, document=contained)
    return desk.do(lambda work: deliver(request, work))


def refusal(desk, *what, error=Refused, **options):
    with pytest.raises(error) as refused:
        delivers(desk, *what, **options)
    (issue,) = refused.value.issues
    return issue.error


def about(taken):
    return a_communication(about=[{"reference": taken.stored.reference}])


def kept(desk, type="Communication"):
    """Every resource of a type that is kept."""
    column = tables.resource.c
    query = tables.resource.select().where(column.type == type).order_by(column.id)
    return desk.installation.store.read(lambda c: [row.id for row in c.execute(query)])


def assert_belongs(desk, outcome, taken):
    """The outcome names a stored Communication that belongs to this Claim."""
    [output] = outcome.outputs
    assert outcome == completed(
        Output(OutputType.RESPONSE, output.value), focus=("Claim", taken.stored.id)
    )
    found = desk.see(lambda work: work.submissions.find("Communication", output.value.id))
    assert (found.state, found.about_id) == (State.STORED, taken.stored.id)
    return output.value

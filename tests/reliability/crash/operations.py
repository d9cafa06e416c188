"""What may be in progress when a process ends: each prepared, and then done by one call."""

from collections.abc import Callable
from functools import partial
from typing import Any

from app.domain.codes import HandOver
from app.gateway.jobs.reconcile_payments import reconciled, unsettled
from tests.builders import (
    COVERAGE_SYSTEM,
    a_claim,
    a_communication,
    a_coverage,
    a_delivery,
    a_payment_notice,
    a_task,
    an_eligibility_request,
    an_enrollment_request,
    an_input,
    identifier,
)
from tests.bundles import PATIENT_SYSTEM, URN, a_patient, bundle, posted, references
from tests.reliability.crash.scene import Act, Scene
from tests.wire import Wire

_ONE, _TWO = URN.format(1), URN.format(2)
_OF_THREE_LINES = ("100.00", "40.50", "7.25")


def _decided(scene: Scene, use: str = "claim") -> str:
    period = {"billablePeriod": {"start": "2026-03-01", "end": "2026-04-30"}}
    elements = period if use == "preauthorization" else {}
    sent = scene.wire.post("Claim", a_claim(use, prices=_OF_THREE_LINES, **elements))
    assert sent.status == 201, sent.text
    assert scene.worker().drain() == 1
    return sent.reference


def _asks(wire: Wire, path: str, document: Any) -> Act:
    def act() -> str:
        reply = wire.post(path, document)
        assert reply.status in {200, 201}, reply.text
        return reply.text

    return act


def _task(scene: Scene, code: str, focus: str | None, *inputs: Any) -> Act:
    return _asks(scene.wire, "Task", a_task(code, number="T", focus=focus, inputs=inputs))


def _submit(scene: Scene) -> Act:
    return _asks(scene.wire, "Claim", a_claim(number="S", prices=_OF_THREE_LINES))


def _of_a_claim(code: str, scene: Scene) -> Act:
    return _task(scene, code, _decided(scene))


def _release(scene: Scene) -> Act:
    return _task(scene, "release", _decided(scene, "preauthorization"))


def _poll(scene: Scene) -> Act:
    _decided(scene)
    return _task(scene, "poll", None, an_input("count", valuePositiveInt=10))


def _acknowledge(scene: Scene) -> Act:
    careful = Wire(
        scene.wire.http, scene.registry.submitter("Careful", hand_over=HandOver.ACKNOWLEDGED).token
    )
    claim = a_claim(provider={"identifier": {"system": "sid", "value": "Careful"}})
    assert careful.post("Claim", claim).status == 201
    scene.worker().drain()
    poll = careful.task(a_task("poll", inputs=[an_input("count", valuePositiveInt=10)]))
    assert poll.output("response") is not None

    def act() -> str:
        # It tells how many answers it ended, and the second time that is none.
        done = careful.post(f"{poll.reference}/$acknowledge", {"resourceType": "Parameters"})
        assert done.status == 200, done.text
        return ""

    return act


def _deliver(scene: Scene) -> Act:
    about = [{"reference": _decided(scene)}]
    return _asks(scene.wire, "Task", a_delivery(a_communication(about=about), number="T"))


def _drains(scene: Scene) -> Act:
    def act() -> str:
        scene.worker().drain()
        return ""

    return act


def _adjudicate(claims: int, scene: Scene) -> Act:
    """Claims of members who have nothing in common, so that they are decided together."""
    scene.worker().drain()
    for number in range(claims):
        member = f"B{number}"
        assert scene.core.post("Coverage", a_coverage(member)).status == 201
        claim = a_claim(
            prices=_OF_THREE_LINES,
            coverage={"identifier": identifier(COVERAGE_SYSTEM, member)},
            patient={"reference": f"Patient/{member}"},
        )
        assert scene.wire.post("Claim", claim).status == 201
    return _drains(scene)


def _adjudicate_again(scene: Scene) -> Act:
    assert scene.wire.task(a_task("reprocess", focus=_decided(scene))).status == 201
    return _drains(scene)


def _pays(scene: Scene) -> Act:
    def act() -> str:
        for ledger in unsettled(scene.installation, scene.payer):
            reconciled(scene.installation, scene.payer, ledger.submitter_id, ledger.id)
        return ""

    return act


def _payment_run(scene: Scene) -> Act:
    for _ in range(2):
        _decided(scene)
    return _pays(scene)


def _payment_notice(scene: Scene) -> Act:
    _payment_run(scene)()
    poll = scene.wire.task(
        a_task("poll", inputs=[an_input("include", valueCode="PaymentReconciliation")])
    )
    payment = scene.wire.get(poll.output("response")).document
    amount = str(payment["paymentAmount"]["value"])
    notice = a_payment_notice(poll.output("response").partition("/_history")[0], amount=amount)
    return _asks(scene.wire, "Task", a_delivery(notice, number="T"))


def _transaction(scene: Scene) -> Act:
    claim = a_claim(patient={"reference": _ONE}, number="B")
    condition = f"identifier={PATIENT_SYSTEM}|new"
    patient = posted(a_patient("new"), _ONE, ifNoneExist=condition)
    document = bundle("transaction", posted(claim, _TWO), patient)

    def act() -> str:
        # What was created is there the second time: only the resources are the same.
        return str(references(scene.wire.post("", document)))

    return act


def _eligibility(scene: Scene) -> Act:
    return _asks(scene.wire, "CoverageEligibilityRequest", an_eligibility_request())


def _enrolment(scene: Scene) -> Act:
    return _asks(scene.wire, "EnrollmentRequest", an_enrollment_request(a_coverage("M7")))


OPERATIONS: dict[str, Callable[[Scene], Act]] = {
    "submit": _submit,
    "cancel": partial(_of_a_claim, "cancel"),
    "release": _release,
    "reprocess": partial(_of_a_claim, "reprocess"),
    "nullify": partial(_of_a_claim, "nullify"),
    "poll": _poll,
    "acknowledge": _acknowledge,
    "deliver": _deliver,
    "adjudicate one": partial(_adjudicate, 1),
    "adjudicate a batch": partial(_adjudicate, 3),
    "adjudicate again": _adjudicate_again,
    "payment run": _payment_run,
    "payment notice": _payment_notice,
    "transaction": _transaction,
    "eligibility": _eligibility,
    "enrolment": _enrolment,
}

"""The same Task again: the stored answer where it had an effect, asked anew where it had none.

http://hl7.org/fhir/R4/task.html
"""

import pytest

from tests.builders import CLAIM_SYSTEM, TASK_SYSTEM, a_claim, a_task, identifier


def claim_number(value):
    return {"identifier": identifier(CLAIM_SYSTEM, value)}


def test_the_same_task_again_is_the_stored_answer(wire, rows):
    claim = wire.post("Claim", a_claim()).reference
    asked = a_task("cancel", focus=claim, number="1")
    first = wire.task(asked)
    before = rows.counts()

    changes = {"id": "mine", "lastModified": "2026-03-02T09:31:00Z"}
    again = [wire.task(asked), wire.task({**asked, **changes})]

    assert (first.status, [one.status for one in again]) == (201, [200, 200])
    assert {one.text for one in again} == {first.text}
    assert again[0].headers["Location"] == first.headers["Location"]
    assert rows.counts() == before


def test_the_same_identifier_with_other_content_is_another_task(wire):
    claim = wire.post("Claim", a_claim()).reference
    first = wire.task(a_task("cancel", focus=claim, number="1"))

    other = wire.task(a_task("cancel", focus=claim, number="1", description="Really"))

    assert other.status == 201
    assert other.reference != first.reference
    assert other.outputs == [("error", "ECG-CANCEL-ALREADY-CANCELLED")]


def test_a_task_without_an_identifier_is_asked_anew(wire):
    claim = wire.post("Claim", a_claim()).reference
    asked = a_task("cancel", focus=claim)

    assert wire.task(asked).document["status"] == "completed"
    assert wire.task(asked).document["status"] == "rejected"


@pytest.mark.parametrize(
    ("code", "focus"), [("cancel", "Claim/none"), ("status", None), ("poll", None)]
)
def test_what_had_no_effect_is_asked_anew(wire, code, focus):
    focus = focus or (wire.post("Claim", a_claim()).reference if code == "status" else None)
    asked = a_task(code, focus=focus, number="1")

    first, second = wire.task(asked), wire.task(asked)

    assert (first.status, second.status) == (201, 201)
    assert first.reference != second.reference


def test_a_task_that_failed_is_done_once_it_can_be(wire):
    asked = a_task("cancel", focus=claim_number("late"), number="1")
    assert wire.task(asked).document["status"] == "failed"
    wire.post("Claim", a_claim(number="late"))

    done = wire.task(asked)

    assert (done.status, done.document["status"]) == (201, "completed")
    assert wire.task(asked).text == done.text


def test_an_idempotency_key_is_the_same_task_and_never_another(wire, rows):
    claim = wire.post("Claim", a_claim()).reference
    asked = a_task("cancel", focus=claim)
    first = wire.task(asked, Idempotency_Key="k1")
    before = rows.counts()

    again = wire.task(asked, Idempotency_Key="k1")
    misused = wire.task({**asked, "description": "Really"}, Idempotency_Key="k1")

    assert (first.status, again.status, again.text) == (201, 200, first.text)
    assert (misused.status, misused.errors) == (422, ["ECG-IDEMPOTENCY"])
    assert rows.counts() == before
    assert wire.task(asked, Idempotency_Key="k2").document["status"] == "rejected"


def test_if_none_exist_finds_the_task_by_its_identifier(wire):
    claim = wire.post("Claim", a_claim()).reference
    condition = f"identifier={TASK_SYSTEM}|9"
    first = wire.task(a_task("cancel", focus=claim, number="9"), If_None_Exist=condition)

    again = wire.task(
        a_task("cancel", focus=claim, number="9", description="x"), If_None_Exist=condition
    )

    assert (first.status, again.status, again.text) == (201, 200, first.text)


def test_the_key_of_one_submitter_is_not_that_of_another(wire, other):
    asked = a_task("cancel", focus=claim_number("same"), number="1")
    wire.post("Claim", a_claim(number="same"))
    other.post("Claim", a_claim(number="same"))

    first, second = wire.task(asked), other.task(asked)

    assert [first.status, second.status] == [201, 201]
    assert [first.document["status"], second.document["status"]] == ["completed", "completed"]
    assert first.reference != second.reference


def test_if_none_exist_does_not_hold_on_to_a_task_that_failed(wire):
    condition = f"identifier={TASK_SYSTEM}|9"
    asked = a_task("cancel", focus=claim_number("late"), number="9")
    assert wire.task(asked, If_None_Exist=condition).document["status"] == "failed"
    wire.post("Claim", a_claim(number="late"))

    done = wire.task(asked, If_None_Exist=condition)

    assert (done.status, done.document["status"]) == (201, "completed")

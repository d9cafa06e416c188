"""What a reprocess answers: a new response that tells line by line what it changed.

http://hl7.org/fhir/R4/financial-module.html#reprocess
"""

import pytest

from app.fhir import json_text
from app.store import tables
from tests.builders import a_claim, a_coverage, a_price, a_task, an_input, money
from tests.conformance.standings import related
from tests.fhir.asked import findings

CANONICAL = "https://eclaims-gateway.org/fhir"
PREDECESSOR = f"{CANONICAL}/StructureDefinition/predecessor"
REASON = f"{CANONICAL}/StructureDefinition/reissue-reason"


def coded(code):
    return {"coding": [{"system": "http://codes.test", "code": code}]}


def a_line(sequence, code, price=None, **lines):
    """A line of one service; with lines below it its net is their sum."""
    below = [line for part in lines.values() for line in part]
    net = price or str(sum(line["net"]["value"] for line in below))
    line = {"sequence": sequence, "productOrService": coded(code), "net": money(net), **lines}
    return line if below else {**line, "unitPrice": money(net)}


def a_bill(*items, **elements):
    total = money(str(sum(item["net"]["value"] for item in items)))
    dated = [{**item, "servicedDate": "2026-03-02"} for item in items]
    return a_claim(item=dated, total=total, **elements)


def items(*paths):
    return [
        an_input("item", valueString=path)
        if isinstance(path, str)
        else an_input("item", valuePositiveInt=path)
        for path in paths
    ]


@pytest.fixture
def reissued(wire, core, worker):
    """Decides a Claim, then again with service 1200 at 10.00; both responses."""

    def done(document, *inputs):
        core.post("Coverage", a_coverage())
        claim = wire.post("Claim", document)
        worker.drain()
        core.post("ChargeItemDefinition", a_price(fee="10.00"))
        begun = wire.task(a_task("reprocess", focus=claim.reference, inputs=inputs))
        assert begun.document["status"] == "in-progress", begun.text
        worker.drain()
        task = wire.get(begun.reference)
        assert task.document["status"] == "completed"
        before = wire.get(f"{related(claim)}/_history/2")
        return before, wire.get(task.output("response"))

    return done


def notes(response):
    return [note["text"] for note in response.document.get("processNote", [])]


def lines_of(response):
    """The JSON text of each item as it stands in the response."""
    return [json_text.write(item) for item in response.document["item"]]


def test_the_new_response_names_the_one_it_takes_the_place_of(reissued, wire):
    before, after = reissued(a_bill(a_line(1, "1200", "100.00")))

    old_id = before.document["id"]
    assert after.document["id"] != old_id
    predecessor, reason = after.document["extension"]
    assert predecessor == {
        "url": PREDECESSOR,
        "valueReference": {"reference": f"ClaimResponse/{old_id}/_history/2"},
    }
    assert reason["url"] == REASON
    assert reason["valueCodeableConcept"]["coding"][0]["code"] == "reprocessed"
    assert findings(after.document) == []
    old = wire.get(f"ClaimResponse/{old_id}").document
    assert (old["status"], old["meta"]["versionId"]) == ("cancelled", "3")
    assert old["payment"] == before.document["payment"]


def test_a_changed_line_tells_how_it_was(reissued):
    # 100.00: 20.00 coinsurance, 80.00 paid. At 10.00: 90.00 written off, 2.00, 8.00 paid.
    before, after = reissued(a_bill(a_line(1, "1200", "100.00")))

    difference = (
        "Line 1: eligible 10.00 EUR, was 100.00 EUR, contractual 90.00 EUR, was nothing, "
        "coinsurance 2.00 EUR, was 20.00 EUR, benefit 8.00 EUR, was 80.00 EUR."
        " What changed: the price of 1200 is new."
    )
    assert notes(after)[-1] == difference
    number = after.document["processNote"][-1]["number"]
    assert after.document["item"][0]["noteNumber"][-1] == number
    assert number > max(note["number"] for note in before.document["processNote"])
    assert str(after.document["payment"]["amount"]["value"]) == "8.00"


def test_lines_that_were_not_named_are_as_they_were_byte_for_byte(reissued):
    bill = a_bill(*(a_line(sequence, "1200", "50.00") for sequence in (1, 2, 3)))

    before, after = reissued(bill, *items(2))

    old, new = lines_of(before), lines_of(after)
    assert (new[0], new[2]) == (old[0], old[2])
    assert new[1] != old[1]
    [difference] = [text for text in notes(after) if text.startswith("Line")]
    assert difference == (
        "Line 2: eligible 10.00 EUR, was 50.00 EUR, contractual 40.00 EUR, was nothing, "
        "coinsurance 2.00 EUR, was 10.00 EUR, benefit 8.00 EUR, was 40.00 EUR."
        " What changed: the price of 1200 is new."
    )
    # 40.00 + 8.00 + 40.00
    assert str(after.document["payment"]["amount"]["value"]) == "88.00"


def test_below_a_named_path_all_is_decided_again_and_beside_it_nothing(reissued):
    parts = [a_line(number, "1200", "20.00") for number in (1, 2, 3)]
    detail = [a_line(1, "3000", subDetail=parts), a_line(2, "1200", "30.00")]
    bill = a_bill(a_line(1, "1200", "50.00"), a_line(2, "3000", detail=detail))

    before, after = reissued(bill, *items("2.1.3"))

    old, new = before.document["item"], after.document["item"]
    assert new[0] == old[0]
    assert new[1]["detail"][1] == old[1]["detail"][1]
    assert new[1]["detail"][0]["subDetail"][:2] == old[1]["detail"][0]["subDetail"][:2]
    told = [text.partition(":")[0] for text in notes(after) if text.startswith("Line")]
    assert told == ["Line 2", "Line 2.1", "Line 2.1.3"]
    # 40.00 + 16.00 + 16.00 + 8.00 of the one at its new price + 24.00
    assert str(after.document["payment"]["amount"]["value"]) == "104.00"


def test_where_nothing_changed_a_note_says_so_and_the_reference_is_quoted(reissued):
    quoted = an_input("reference", valueString="BR12345")

    before, after = reissued(a_bill(a_line(1, "3000", "50.00")), quoted)

    assert notes(after)[-2:] == [
        "Decided again, and nothing changed.",
        "Reference quoted by the submitter: BR12345",
    ]
    assert lines_of(after) == lines_of(before)
    assert after.document["total"] == before.document["total"]


def test_a_reference_is_not_quoted_where_none_was_given(reissued):
    _, after = reissued(a_bill(a_line(1, "3000", "50.00")))

    assert notes(after)[-1] == "Decided again, and nothing changed."


def test_the_explanation_of_benefit_is_new_as_well(reissued, wire, rows):
    _, after = reissued(a_bill(a_line(1, "1200", "100.00")))

    explained = rows.of(tables.resource, type="ExplanationOfBenefit")
    told = [wire.get(f"ExplanationOfBenefit/{row['id']}").document for row in explained]
    assert sorted(one["status"] for one in told) == ["active", "cancelled"]
    [current] = [one for one in told if one["status"] == "active"]
    assert current["claimResponse"]["reference"] == f"ClaimResponse/{after.document['id']}"
    assert current["payment"] == after.document["payment"]


def test_what_waited_to_be_polled_gives_way_to_the_new_answer(reissued, wire):
    before, after = reissued(a_bill(a_line(1, "1200", "100.00")))

    handed_over = []
    for _ in range(4):
        reference = wire.task(a_task("poll")).output("response")
        handed_over.append(reference and reference.partition("/")[0])
    assert handed_over == ["ClaimResponse", "ExplanationOfBenefit", "Task", None]
    follows = an_input("origresponse", valueReference={"reference": before.reference})
    again = wire.task(a_task("poll", inputs=[follows], focus=after.document["request"]))
    assert again.output("response") == f"{after.reference}/_history/1"


def test_a_third_decision_follows_the_second(reissued, wire, core, worker):
    _, second = reissued(a_bill(a_line(1, "1200", "50.00"), a_line(2, "1200", "50.00")), *items(1))

    claim = second.document["request"]["reference"]
    begun = wire.task(a_task("reprocess", focus=claim, inputs=items(2)))
    worker.drain()

    third = wire.get(wire.get(begun.reference).output("response"))
    assert third.document["extension"][0]["valueReference"]["reference"] == (
        f"{second.reference}/_history/1"
    )
    assert lines_of(third)[0] == lines_of(second)[0]
    assert any(text.startswith("Line 1: ") for text in notes(third))
    assert [str(row["amount"]["value"]) for row in third.document["total"]][-2:] == [
        "16.00",
        "4.00",
    ]


def test_the_cancel_of_a_claim_decided_twice_takes_back_the_response_in_force(reissued, wire):
    _, after = reissued(a_bill(a_line(1, "1200", "100.00")))
    claim = after.document["request"]["reference"]

    cancelled = wire.task(a_task("cancel", focus=claim))

    reversal = wire.get(cancelled.output("response")).document
    assert str(reversal["payment"]["amount"]["value"]) == "-8.00"
    assert reversal["extension"][0]["valueReference"]["reference"].startswith(after.reference)
    assert wire.get(after.reference).document["status"] == "cancelled"


def test_the_cancel_of_a_claim_that_is_being_decided_again_reverses_what_was_decided(
    standings, wire, worker, rows
):
    claim = standings.claim("payable")
    begun = wire.task(a_task("reprocess", focus=claim))

    cancelled = wire.task(a_task("cancel", focus=claim))
    worker.drain()

    reversal = wire.get(cancelled.output("response")).document
    assert str(reversal["payment"]["amount"]["value"]) == "-80.00"
    task = wire.get(begun.reference)
    assert (task.document["status"], task.outputs) == (
        "cancelled",
        [("error", "ECG-REPROCESS-OVERTAKEN")],
    )
    assert rows.of(tables.reissue) == []
    assert sum(row["amount"] for row in rows.of(tables.counter_entry)) == 0

"""HL7's own examples from first to last: created, read, found, changed, deleted.

Each by the client that may; what nobody may write from outside is refused to both.
http://hl7.org/fhir/R4/http.html
"""

from pathlib import Path
from urllib.parse import quote

import pytest

from app.domain.parties import ClientKind
from app.fhir import json_text
from app.fhir.validation import check
from app.gateway.surface import IMMUTABLE, TYPES, Interaction, offered
from tests.builders import a_task

EXAMPLES = Path(__file__).parents[1] / "fhir_examples"
OWN = {"id", "meta"}
# Valid FHIR that is answered with a no, each with its reason.
REFUSED = {
    # A Task is sent to be carried out: with status requested, and a code of the module.
    **dict.fromkeys((f"Task-example{number}" for number in range(1, 7)), 400),
    "Task-fm-example6": 400,
    # It tells of a payment that nobody here has made.
    "PaymentNotice-77654": 422,
    # They name no submitter that they could be for.
    "CommunicationRequest-example": 422,
    "CommunicationRequest-fm-solicit": 422,
    # Plans and prices are read as money: these follow another profile than ours.
    "InsurancePlan-example": 422,
    "ChargeItemDefinition-ebm": 422,
}
# Taken in, and answered with errors in themselves: there is nothing to cancel.
INVALID = {"Claim-100153", "Claim-760152"}
# What cancels a request; a Communication has codes of its own.
LAST_STATUS = {"Communication": "entered-in-error"}


def examples():
    """The documents of the served types by the name of their file."""
    found = {}
    for file in sorted(EXAMPLES.glob("*.json")):
        document = json_text.parsed(file.read_text(encoding="utf-8"))
        if document["resourceType"] in TYPES:
            found[file.stem] = document
    return found


DOCUMENTS = examples()


def author(type):
    """Which kind of client writes a type; None if none does."""
    kinds = (ClientKind.SUBMITTER, ClientKind.PAYER_CLIENT)
    able = (kind for kind in kinds if Interaction.CREATE in offered(type, kind))
    # A submitter hands in a ClaimResponse of another payer alone, and these name this one.
    return None if type == "ClaimResponse" else next(able, None)


def content(document):
    return {name: value for name, value in document.items() if name not in OWN}


def searches(document):
    """A search for each of its own identifiers."""
    for one in document.get("identifier", ()):
        if "value" in one:
            token = "|".join(escaped(one.get(name, "")) for name in ("system", "value"))
            yield f"{document['resourceType']}?identifier={quote(token)}"


def resources(searchset):
    return [entry["resource"] for entry in searchset.document.get("entry", ())]


def escaped(text):
    return "".join(f"\\{one}" if one in ",|$\\" else one for one in text)


def changed(document):
    """The change that is lawful: immutable types have one, their last status."""
    type = document["resourceType"]
    if type in IMMUTABLE:
        return {**document, "status": LAST_STATUS.get(type, "cancelled")}
    return {**document, "language": "de-CH"}


def is_written(name):
    return author(DOCUMENTS[name]["resourceType"]) is not None and name not in REFUSED


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if not is_written(name)])
def test_an_official_example_that_is_not_for_the_wire_is_refused(wire, core, rows, figures, name):
    document = DOCUMENTS[name]
    before = rows.counts()

    answers = [one.post(document["resourceType"], document) for one in (wire, core)]

    assert check(document) == []
    assert {one.status for one in answers} <= {403, 405, REFUSED.get(name)}
    assert rows.counts() == before
    figures |= {"refused": 1, "why": "business" if name in REFUSED else "nobody may create it"}


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if is_written(name)])
def test_an_official_example_lives_its_whole_life(wire, core, figures, name):
    document, type = DOCUMENTS[name], DOCUMENTS[name]["resourceType"]
    kind = author(type)
    client = wire if kind is ClientKind.SUBMITTER else core
    taken = client.post(type, document)
    assert taken.status == 201, taken.text
    versions = ["POST"]

    assert client.get(taken.reference).text == taken.text
    assert type == "Task" or content(taken.document) == content(document)
    found = [client.get(search) for search in searches(document)]
    assert all(resources(one) == [taken.document] for one in found)
    if Interaction.UPDATE in offered(type, kind):
        amended = client.ask("PUT", taken.reference, json_text.write(changed(taken.document)))
        assert amended.status == (422 if name in INVALID else 200), amended.text
        versions += ["PUT"] if amended.status == 200 else []
    if Interaction.DELETE in offered(type, kind):
        assert client.ask("DELETE", taken.reference).status in {200, 204}
        assert client.get(taken.reference).status == 410
        versions.append("DELETE")
    history = client.get(f"{taken.reference}/_history").document["entry"]

    assert [entry["request"]["method"] for entry in history] == versions[::-1]
    figures |= {"created": 1, "read": 1, "searched": len(found), "history": len(history)}
    figures |= {"updated": versions.count("PUT"), "deleted": versions.count("DELETE")}


def test_every_listed_refusal_is_of_an_example():
    assert REFUSED.keys() <= DOCUMENTS.keys()
    assert a_task("poll")["status"] == "requested"

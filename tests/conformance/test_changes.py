"""PUT and DELETE of what a client owns; the numbers of other clients tell nothing.

http://hl7.org/fhir/R4/http.html#update, http://hl7.org/fhir/R4/http.html#delete
"""


def a_patient(**elements):
    return {"resourceType": "Patient", "active": True, **elements}


def test_an_owner_puts_the_next_version(wire, clock):
    first = wire.post("Patient", a_patient())
    clock.forward(minutes=5)

    second = wire.put(first.reference, {**first.document, "gender": "other"})

    assert (second.status, second.document["gender"]) == (200, "other")
    assert second.headers["ETag"] == 'W/"2"'
    assert second.headers["Last-Modified"] == "Mon, 02 Mar 2026 09:35:00 GMT"
    assert wire.get(first.reference).text == second.text
    assert wire.get(f"{first.reference}/_history/1").text == first.text


def test_what_is_deleted_is_gone_and_its_versions_stay(wire):
    first = wire.post("Patient", a_patient())

    deleted = wire.delete(first.reference)

    assert (deleted.status, deleted.text) == (204, "")
    assert wire.get(first.reference).status == 410
    assert wire.get(f"{first.reference}/_history/1").text == first.text
    assert wire.get(f"{first.reference}/_history/2").status == 410


def test_a_deleted_one_is_brought_back(wire):
    first = wire.post("Patient", a_patient())
    wire.delete(first.reference)

    back = wire.put(first.reference, first.document)

    assert (back.status, back.headers["ETag"]) == (201, 'W/"3"')
    assert back.headers["Location"].endswith(f"{first.reference}/_history/3")
    assert wire.get(first.reference).text == back.text

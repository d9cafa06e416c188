"""Bundles made of stored texts."""

from fhir.resources.R4B.bundle import Bundle

from app.domain.canonical import DELIVERY_COUNT
from app.fhir import json_text
from app.fhir.bundle import Entry, collection
from app.fhir.validation import check
from tests.builders import NOW

BASE = "http://gateway.test/fhir/r4"
ONE = '{"resourceType":"Patient","id":"1","name":[{"text":"Zo\\u00eb \\"Z\\""}]}'
TWO = (
    '{ "resourceType" : "Basic", "id":"2", "code":{"text":"x"},'
    '"extension":[{"url":"http://x.test","valueDecimal":1.00}] }'
)


def test_texts_are_joined_as_they_are_in_their_order():
    entries = [Entry(f"{BASE}/Basic/2", TWO), Entry(f"{BASE}/Patient/1", ONE)]

    text = collection("T1", NOW, entries)

    assert TWO in text
    assert ONE in text
    document = json_text.parsed(text)
    assert check(document) == []
    assert Bundle.model_validate_json(text).type == "collection"
    assert [entry["fullUrl"] for entry in document["entry"]] == [one.full_url for one in entries]
    assert [entry["resource"]["id"] for entry in document["entry"]] == ["2", "1"]
    assert (document["id"], document["meta"]["versionId"]) == ("T1", "1")
    assert document["meta"]["lastUpdated"] == json_text.instant(NOW)


def test_without_entries_there_is_no_empty_list():
    document = json_text.parsed(collection("T1", NOW, []))

    assert "entry" not in document
    assert check(document) == []


def test_a_full_url_is_escaped():
    document = json_text.parsed(collection("T1", NOW, [Entry('http://x.test/"1"', ONE)]))

    assert document["entry"][0]["fullUrl"] == 'http://x.test/"1"'


def test_only_what_is_given_again_tells_the_so_manieth_time():
    entries = [Entry(f"{BASE}/Patient/{each}", ONE, each) for each in (1, 2, 3)]

    document = json_text.parsed(collection("T1", NOW, entries))

    assert check(document) == []
    assert [entry.get("extension") for entry in document["entry"]] == [
        None,
        [{"url": DELIVERY_COUNT, "valueInteger": 2}],
        [{"url": DELIVERY_COUNT, "valueInteger": 3}],
    ]

"""References between the entries of a transaction."""

import pytest

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.gateway.batch.references import References

ONE, TWO = (f"urn:uuid:00000000-0000-4000-8000-00000000000{each}" for each in (1, 2))
THERE = "http://elsewhere.test/fhir/Patient/7"


def resolve(type, query):
    if query != "identifier=a|1":
        raise Unacceptable(Issue(ErrorCode.BUNDLE_REFERENCE, "None."))
    return f"{type}/found"


@pytest.fixture
def references():
    return References({ONE: "Patient/p1", THERE: "Patient/p7"}, resolve)


def followed(references, reference, full_url=None):
    return references.rewritten({"subject": {"reference": reference}}, full_url)["subject"]


@pytest.mark.parametrize(
    ("reference", "full_url", "stored"),
    [
        (ONE, None, "Patient/p1"),
        (TWO, None, TWO),
        (f"{ONE}#part", None, "Patient/p1#part"),
        (THERE, None, "Patient/p7"),
        ("Patient/7", "http://elsewhere.test/fhir/Claim/1", "Patient/p7"),
        ("Patient/7", "http://another.test/fhir/Claim/1", "Patient/7"),
        ("Patient/7", ONE, "Patient/7"),
        ("Patient/7", None, "Patient/7"),
        ("#contained", None, "#contained"),
        ("Patient?identifier=a|1", None, "Patient/found"),
        ("http://elsewhere.test/Patient?identifier=a|1", None,
         "http://elsewhere.test/Patient?identifier=a|1"),
    ],
)  # fmt: skip
def test_a_reference_leads_to_what_is_stored(references, reference, full_url, stored):
    assert followed(references, reference, full_url) == {"reference": stored}


def test_a_condition_that_is_not_met_is_refused(references):
    with pytest.raises(Unacceptable):
        followed(references, "Patient?identifier=a|2")


@pytest.mark.parametrize("name", ["url", "uri", "valueUri", "valueUrl", "valueUuid", "valueOid"])
def test_an_address_that_was_made_up_for_the_bundle_is_replaced(references, name):
    assert references.rewritten({name: ONE}, None) == {name: "Patient/p1"}
    assert references.rewritten({name: THERE}, None) == {name: THERE}


@pytest.mark.parametrize("name", ["value", "valueString", "system", "display", "valueCanonical"])
def test_what_is_no_address_stays(references, name):
    assert references.rewritten({name: ONE}, None) == {name: ONE}


def test_links_of_a_narrative_are_replaced_and_its_words_are_not(references):
    div = f'<div><a href="{ONE}">{ONE}</a><img src=\'{ONE}\'/><a href="#x">x</a></div>'

    rewritten = references.rewritten({"text": {"div": div}}, None)["text"]["div"]

    assert rewritten == (
        f'<div><a href="Patient/p1">{ONE}</a><img src=\'Patient/p1\'/><a href="#x">x</a></div>'
    )


def test_a_document_is_followed_to_its_depth_and_else_is_the_same(references):
    document = {
        "contained": [{"a": [{"b": {"reference": ONE}}]}],
        "number": 1,
        "flag": True,
        "list": ["x", {"reference": TWO}],
    }

    assert references.rewritten(document, None) == {
        "contained": [{"a": [{"b": {"reference": "Patient/p1"}}]}],
        "number": 1,
        "flag": True,
        "list": ["x", {"reference": TWO}],
    }

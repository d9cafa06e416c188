"""Parts of resources: what stays keeps its bytes, what is cut is told by a tag."""

from pathlib import Path

import pytest

from app.fhir import json_text
from app.fhir.subsets import Summary, part_of
from tests.builders import a_claim

EXAMPLES = sorted((Path(__file__).parents[1] / "fhir_examples").glob("*.json"))
CLAIM = json_text.write(
    a_claim(
        prices=["10.50"],
        text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">A</div>'},
    )
)


def members(text: str) -> set[str]:
    return set(json_text.parsed(text))


def is_tagged(text: str) -> bool:
    tags = json_text.parsed(text).get("meta", {}).get("tag", [])
    return any(tag["code"] == "SUBSETTED" for tag in tags)


def test_without_a_wish_the_text_is_the_stored_one():
    assert part_of(CLAIM, None) == CLAIM
    assert part_of(CLAIM, Summary.FALSE) == CLAIM


def test_the_summary_of_a_claim_is_what_r4_marks_as_summary():
    part = part_of(CLAIM, Summary.TRUE)

    assert members(part) == {
        *("resourceType", "meta", "status", "type", "use", "patient"),
        *("created", "provider", "priority", "insurance"),
    }
    assert is_tagged(part)


def test_a_backbone_element_of_a_summary_keeps_only_what_belongs_to_it():
    insurance = {"sequence": 1, "focal": True, "coverage": {"display": "C"}, "preAuthRef": ["X"]}

    part = json_text.parsed(part_of(json_text.write(a_claim(insurance=[insurance])), Summary.TRUE))

    assert part["insurance"] == [{"sequence": 1, "focal": True, "coverage": {"display": "C"}}]


def test_text_keeps_the_narrative_and_what_is_mandatory():
    part = part_of(CLAIM, Summary.TEXT)

    assert members(part) == {
        *("resourceType", "meta", "text", "status", "type", "use", "patient"),
        *("created", "provider", "priority", "insurance"),
    }
    assert is_tagged(part)


def test_data_is_all_but_the_narrative():
    part = part_of(CLAIM, Summary.DATA)

    assert members(part) == members(CLAIM) - {"text"} | {"meta"}
    assert '"value":10.50' in part
    assert is_tagged(part)


def test_elements_are_those_named_and_those_that_are_mandatory():
    part = part_of(CLAIM, None, ["item", "identifier"])

    assert members(part) == members(CLAIM) - {"text", "total"} | {"meta"}
    assert '"value":10.50' in part
    assert is_tagged(part)


def test_tags_that_are_there_stay():
    tag = {"system": "http://tags.test", "code": "mine"}

    part = part_of(json_text.write(a_claim(meta={"tag": [tag]})), Summary.TRUE)

    assert json_text.parsed(part)["meta"]["tag"][0] == tag
    assert is_tagged(part)


@pytest.mark.parametrize("summary", [Summary.TRUE, Summary.TEXT, Summary.DATA])
def test_a_part_of_each_official_example_holds_only_what_the_example_holds(summary):
    for example in EXAMPLES:
        whole = json_text.parsed(example.read_text())

        part = json_text.parsed(part_of(example.read_text(), summary))

        assert part.keys() <= whole.keys() | {"meta"}, example.stem
        assert part["resourceType"] == whole["resourceType"]
        assert is_tagged(json_text.write(part)), example.stem

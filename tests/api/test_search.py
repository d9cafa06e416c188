"""Searches over HTTP: pages that follow each other, links that tell nothing, what is included.

http://hl7.org/fhir/R4/search.html
"""

import re
from secrets import token_hex
from urllib.parse import urlencode

import pytest

from tests.builders import CLAIM_SYSTEM, a_claim, a_coverage, a_task

BASE = re.compile(r"^.*/fhir/r4/")
FORM = "application/x-www-form-urlencoded"


def path(link: str) -> str:
    return BASE.sub("", link)


def links(reply) -> dict[str, str]:
    return {each["relation"]: path(each["url"]) for each in reply.document["link"]}


def ids(reply, mode="match") -> list[str]:
    return [
        each["resource"]["id"]
        for each in reply.document.get("entry", [])
        if each["search"]["mode"] == mode
    ]


def walked(wire, first: str) -> list[list[str]]:
    pages, reply = [], wire.get(first)
    for _ in range(50):
        pages.append(ids(reply))
        if "next" not in links(reply):
            return pages
        reply = wire.get(links(reply)["next"])
    raise AssertionError("the pages never end")


@pytest.fixture
def claims(wire) -> list[str]:
    return [wire.post("Claim", a_claim(number=f"N{each}")).document["id"] for each in range(7)]


def test_nothing_found_is_an_answer(wire, payer):
    reply = wire.get("Claim?identifier=nobody|1")

    assert (reply.status, reply.document["type"], reply.document["total"]) == (200, "searchset", 0)
    assert "entry" not in reply.document
    assert links(reply).keys() == {"self"}


def test_the_pages_give_each_match_once(wire, claims):
    pages = walked(wire, "Claim?_count=3")

    assert [len(page) for page in pages] == [3, 3, 1]
    assert sorted(id for page in pages for id in page) == sorted(claims)


def test_what_comes_in_or_goes_on_the_way_moves_nothing(wire, claims):
    first = wire.get("Claim?_count=3")
    wire.post("Claim", a_claim())
    wire.task(a_task("cancel", focus=f"Claim/{claims[0]}"))
    wire.task(a_task("nullify", focus=f"Claim/{ids(first)[0]}"))

    rest = walked(wire, links(first)["next"])

    found = [*ids(first), *(id for page in rest for id in page)]
    assert len(found) == len(set(found))
    assert set(claims) <= set(found)


def test_one_goes_back_the_way_one_came(wire, claims):
    first = wire.get("Claim?_count=3")
    second = wire.get(links(first)["next"])
    third = wire.get(links(second)["next"])

    back = wire.get(links(third)["previous"])

    assert ids(back) == ids(second)
    assert ids(wire.get(links(back)["previous"])) == ids(first)
    assert ids(wire.get(links(back)["next"])) == ids(third)
    assert ids(wire.get(links(third)["first"])) == ids(first)
    assert "previous" not in links(first)
    assert "next" not in links(third)


def test_a_page_link_shows_nothing_and_opens_for_nobody_else(wire, claims, other):
    query = urlencode({"identifier": f"{CLAIM_SYSTEM}|N1,{CLAIM_SYSTEM}|N2", "_count": "1"})
    link = links(wire.get(f"Claim?{query}"))["next"]

    assert "happyvalley" not in link
    assert wire.get(link).status == 200
    assert (other.get(link).status, other.get(link).errors) == (400, ["ECG-PARAMETER"])


def test_a_page_link_is_of_one_address(wire, claims):
    link = links(wire.get("Claim?_count=3"))["next"]

    assert wire.get(link).status == 200
    assert wire.get(link.replace("Claim?", "Task?")).status == 400


@pytest.mark.parametrize("count", ["0", "1", "3", "100"])
def test_the_total_counts_the_matches_and_not_the_page(wire, claims, count):
    assert wire.get(f"Claim?_count={count}").document["total"] == 7


def test_a_search_may_be_sent_as_a_form(wire, claims):
    query = urlencode({"identifier": f"{CLAIM_SYSTEM}|N1"})

    by_form = wire.ask("POST", "Claim/_search", query, Content_Type=FORM)

    assert ids(by_form) == ids(wire.get(f"Claim?{query}")) == [claims[1]]
    both = wire.ask("POST", f"Claim/_search?_id={claims[2]}", query, Content_Type=FORM)
    assert ids(both) == []
    refused = wire.ask("POST", "Claim/_search", query, Content_Type="text/plain")
    assert (refused.status, refused.errors) == (415, ["ECG-MEDIA-TYPE"])


def test_somebody_elses_are_not_found(wire, claims, other):

    assert wire.get("Claim").document["total"] == 7
    assert other.get("Claim").document["total"] == 0
    assert other.get(f"Claim?_id={claims[0]}").document["total"] == 0
    assert other.get("ClaimResponse?_has:Task:focus:status=completed").document["total"] == 0


def test_the_answer_to_a_claim_is_included(wire, claims):
    query = f"Claim?_id={claims[3]}&_revinclude=ClaimResponse:request"

    reply = wire.get(query)

    assert ids(reply) == [claims[3]]
    [response] = ids(reply, "include")
    assert reply.document["total"] == 1
    back = wire.get(f"ClaimResponse?_id={response}&_include=ClaimResponse:request")
    assert ids(back, "include") == [claims[3]]


def test_what_others_own_is_not_included(wire, core):
    coverage = core.post("Coverage", a_coverage()).reference
    wire.post("Claim", a_claim(coverage={"reference": coverage}))

    reply = wire.get("Claim?_include=*")

    assert reply.document["total"] == 1
    assert ids(reply, "include") == []


def test_a_patients_compartment_holds_what_is_about_the_patient(wire):
    patient = wire.post("Patient", {"resourceType": "Patient", "active": True}).document["id"]
    of = wire.post("Claim", a_claim(patient={"reference": f"Patient/{patient}"})).document["id"]
    wire.post("Claim", a_claim())

    assert ids(wire.get(f"Patient/{patient}/Claim")) == [of]
    assert len(ids(wire.get("Claim"))) == 2
    refused = wire.get(f"Patient/{patient}/Task")
    assert refused.status in {400, 404}


def test_a_summary_and_elements_cut_the_matches(wire, claims):
    [summary] = wire.get(f"Claim?_id={claims[0]}&_summary=true").document["entry"]
    [elements] = wire.get(f"Claim?_id={claims[0]}&_elements=item").document["entry"]

    assert "item" not in summary["resource"]
    assert "item" in elements["resource"]
    assert "identifier" not in elements["resource"]
    assert wire.get("Claim?_summary=count").document["total"] == 7
    assert "entry" not in wire.get("Claim?_summary=count").document


@pytest.mark.parametrize("code", ["age", "c" * 300])
def test_a_composite_is_found_however_long_its_code(core, code):
    context = {"code": {"system": "http://u.test", "code": code}, "valueQuantity": {"value": 5}}
    definition = {
        "resourceType": "ChargeItemDefinition",
        "id": "d1",
        "url": "http://x.test/d1",
        "status": "active",
        "useContext": [context],
    }
    assert core.put("ChargeItemDefinition/d1", definition).status == 201

    for asked in (code, f"http://u.test|{code}", "http://u.test|"):
        query = urlencode({"context-type-quantity": f"{asked}$5"})
        assert ids(core.get(f"ChargeItemDefinition?{query}")) == ["d1"]
    for asked in (f"{code}$6", f"{code}c$5"):
        query = urlencode({"context-type-quantity": asked})
        assert ids(core.get(f"ChargeItemDefinition?{query}")) == []


def test_the_published_code_systems_are_found(wire, payer):
    url = wire.get("CodeSystem/task-code").document["url"]

    assert ids(wire.get(f"CodeSystem?url={url}")) == ["task-code"]
    assert ids(wire.get("CodeSystem?url=http://nowhere.test")) == []
    assert (
        sum(map(len, walked(wire, "CodeSystem?_count=4")))
        == wire.get("CodeSystem").document["total"]
    )


def test_what_is_not_searched_is_told(wire, payer):
    reply = wire.get("Bundle?_id=1")

    assert (reply.status, reply.errors) == (405, ["ECG-METHOD"])
    assert wire.get("Nothing?_id=1").status == 404


def test_what_is_passed_over_is_told_beside_the_matches(wire, claims):
    reply = wire.get("Claim?_count=1&colour=red")

    [outcome] = [e["resource"] for e in reply.document["entry"] if e["search"]["mode"] == "outcome"]
    assert outcome["issue"][0]["severity"] == "warning"
    assert "colour" in outcome["issue"][0]["details"]["text"]
    assert all(each["search"]["mode"] == "match" for each in wire.get("Claim").document["entry"])


def test_a_page_ends_before_it_grows_too_large(wire, payer):
    text = {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>{}</div>"}
    for number in range(5):
        div = text["div"].format("<p>" + "x" * 1_000_000 + "</p>" * 1)
        extension = [{"url": "http://x.test", "valueString": "y" * 1_000_000}] * 2
        large = {"resourceType": "Organization", "name": f"N{number}", "extension": extension}
        assert wire.post("Organization", large | {"text": text | {"div": div}}).status == 201

    pages = walked(wire, "Organization?_count=100")
    history = wire.get("Organization/_history")

    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({id for page in pages for id in page}) == 5
    assert len(history.document["entry"]) == 2
    assert "next" in links(history)


def test_a_link_of_a_history_opens_no_search_and_the_other_way_round(wire, claims):
    search = links(wire.get("Claim?_count=3"))["next"].partition("?")[2]
    history = links(wire.get("Claim/_history?_count=3"))["next"].partition("?")[2]

    assert wire.get(f"Claim?{search}").status == wire.get(f"Claim/_history?{history}").status == 200
    for crossed in (f"Claim?{history}", f"Claim/_history?{search}"):
        assert (wire.get(crossed).status, wire.get(crossed).errors) == (400, ["ECG-PARAMETER"])


def test_a_query_that_no_link_could_hold_is_refused_with_its_first_page(wire, claims):
    several = ",".join(f"{CLAIM_SYSTEM}|N{number}" for number in range(900))
    noise = ",".join(token_hex(45) for _ in range(90))

    def asked(values):
        query = urlencode({"identifier": values, "_count": "2"})
        return wire.ask("POST", "Claim/_search", query, Content_Type=FORM)

    assert asked(several).status == 200
    assert wire.get(links(asked(several))["next"]).status == 200
    refused = asked(f"{CLAIM_SYSTEM}|N1,{CLAIM_SYSTEM}|N2,{CLAIM_SYSTEM}|N3,{noise}")
    assert (refused.status, refused.errors) == (400, ["ECG-SEARCH-COSTLY"])


def test_what_is_published_is_found_by_its_day_and_comes_in_its_own_order(wire, payer):
    newest = wire.get("CodeSystem?_lastUpdated=gt2020").document
    sorted_ = wire.get("CodeSystem?_sort=-name")

    assert newest["total"] == wire.get("CodeSystem").document["total"] > 0
    assert wire.get("CodeSystem?_lastUpdated=lt2020").document["total"] == 0
    assert ids(sorted_) == sorted(ids(sorted_))
    assert links(sorted_)["self"] == "CodeSystem"
    refused = wire.get("CodeSystem?_sort=-name", Prefer="handling=strict")
    assert (refused.status, refused.errors) == (400, ["ECG-SEARCH-PARAMETER"])

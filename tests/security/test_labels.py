"""What is labelled R or V is to a client without that label's scope what a stranger's is.

Docs: docs/scopes.md.
"""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.permissions import CONFIDENTIALITY, EVERYTHING, Permissions
from app.fhir import json_text
from app.gateway.administering.administration import Administration
from app.gateway.administering.reindex import reindex
from app.store import tables
from tests.builders import (
    CLAIM_SYSTEM,
    a_claim,
    a_communication,
    a_coverage,
    a_payment_notice,
    a_price,
    a_task,
    an_eligibility_request,
    an_input,
    identifier,
    money,
)
from tests.bundles import a_patient
from tests.conformance.accounts import a_charge, an_account
from tests.security.limited import Limited
from tests.wire import Wire

NOBODY = "00000000-0000-7000-8000-000000000000"
PATCH = "application/json-patch+json"
PLAIN = ("system/*.cruds",)
# Which labels a client's scopes name, and so which of three Claims it sees.
CLIENTS = {
    "plain": (PLAIN, {"N"}),
    "restricted": ((*PLAIN, "system/*.rs?_security=R"), {"N", "R"}),
    "very": ((*PLAIN, "system/*.rs?_security=V"), {"N", "V"}),
    "both": ((*PLAIN, "system/*.rs?_security=R", "system/*.rs?_security=V"), {"N", "R", "V"}),
    "only restricted": (("system/Task.c", "system/*.rs?_security=R"), {"R"}),
    "before there were scopes": ((), {"N", "R", "V"}),
}


def labelled(*codes):
    """The element meta with labels of confidentiality."""
    return {"security": [{"system": CONFIDENTIALITY, "code": code} for code in codes]}


@pytest.fixture
def limited(installation, http, registry):
    """The submitter that sends, and may do what a test says."""
    return Limited(installation, http, registry.submitter())


@pytest.fixture
def core_client(installation, http, registry):
    """The payer's own program."""
    return Limited(installation, http, registry.payer_client())


@pytest.fixture
def claims(limited, core_client, worker):
    """Three Claims by their label, decided."""
    core_client.may().post("Coverage", a_coverage())
    wire, sent = limited.may(), {}
    for label, codes in (("N", ["N"]), ("R", ["N", "R"]), ("V", ["R", "V"])):
        claim = a_claim(number=f"C-{label}", meta=labelled(*codes))
        sent[label] = wire.post("Claim", {**claim, "type": {"text": label}}).reference
    worker.drain()
    return sent


def found_by(wire, query):
    """The references on all pages of a search or history, and the total that it tells."""
    page, found = wire.get(query), set()
    total = page.document["total"]
    for _ in range(20):
        found |= {
            f"{each['resource']['resourceType']}/{each['resource']['id']}"
            for each in page.document.get("entry", ())
        }
        links = {each["relation"]: each["url"] for each in page.document["link"]}
        if "next" not in links:
            return found, total
        page = wire.get(links["next"].partition("/fhir/r4/")[2])
    raise AssertionError("pages without an end")


def alike(reply):
    """An answer without what is of this one request."""
    told = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}", "ID", reply.text)
    return reply.status, told, sorted(set(reply.headers) - {"ETag"})


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_sees_what_its_scopes_name_and_nothing_tells_of_the_rest(claims, limited, client):
    scopes, seen = CLIENTS[client]
    wire = limited.may(*scopes)
    mine = {claims[label] for label in seen}

    assert {label for label, claim in claims.items() if wire.get(claim).status == 200} == seen
    for label, claim in claims.items():
        expected = 200 if label in seen else 404
        assert wire.get(f"{claim}/_history/1").status == expected
        assert wire.get(f"{claim}/_history").status == expected
        status = wire.task(a_task("status", focus=claim))
        is_found = label in seen or (label == "N" and client == "only restricted")
        assert (status.document["status"] == "completed") is is_found
        assert is_found or status.output("error") == "ECG-FOCUS-NOT-FOUND"

    assert found_by(wire, "Claim?_count=1&_total=accurate") == (mine, len(mine))
    assert found_by(wire, f"Claim?identifier={CLAIM_SYSTEM}|C-R")[0] == mine & {claims["R"]}
    assert found_by(wire, "Claim?_sort=created")[0] == mine
    assert found_by(wire, "ClaimResponse?request:Claim.status=active")[1] == len(mine)
    included, total = found_by(wire, "ClaimResponse?_include=ClaimResponse:request")
    assert {each for each in included if each.startswith("Claim/")} == mine
    assert total == len(mine)
    versions = wire.get("Claim/_history").document
    assert {f"Claim/{one['resource']['id']}" for one in versions["entry"]} == mine
    assert wire.get("Claim/_history?_count=0").document["total"] == len(mine)
    told = wire.get("_history?_count=500").document["entry"]
    assert {one["fullUrl"].rpartition("r4/")[2] for one in told} & set(claims.values()) == mine


@pytest.mark.parametrize("client", ["plain", "restricted", "only restricted"])
def test_a_poll_hands_over_what_may_be_read_and_leaves_the_rest(claims, limited, client):
    scopes, seen = CLIENTS[client]
    poll = a_task("poll", inputs=[an_input("count", valuePositiveInt=100)])
    readable = limited.may(*scopes, "system/Bundle.r")
    first = readable.task(poll)
    again = readable.task(a_task("poll"))
    bundle = readable.get(first.output("response")).document
    everything = limited.may().task(poll)
    rest = limited.may().get(everything.output("response")).document
    whole = limited.may().get(first.output("response")).document

    def claims_in(handed_over):
        requests = (each["resource"].get("request") for each in handed_over["entry"])
        return {each["reference"] for each in requests if each}

    assert claims_in(bundle) == claims_in(whole) == {claims[label] for label in seen}
    assert (first.output("remaining"), again.output("remaining")) == (0, 0)
    assert again.output("response") is None
    assert claims_in(rest) == {claims[label] for label in claims.keys() - seen}
    # Whoever has fewer scopes since reads of an earlier Bundle what it may read now.
    fewer = limited.may("system/Bundle.r", "system/*.r?_security=R").get(first.output("response"))
    is_left = {claims["R"]} & claims_in(bundle)
    assert (fewer.status, claims_in(fewer.document) if is_left else set()) == (
        200 if is_left else 404,
        is_left,
    )


def test_a_poll_by_type_of_permission_leaves_other_types(claims, limited):
    """Nothing may be read but ExplanationOfBenefits."""
    wire = limited.may(
        "system/Task.c?code=poll", "system/Bundle.r", "system/ExplanationOfBenefit.r"
    )
    poll = a_task("poll", inputs=[an_input("count", valuePositiveInt=100)])

    handed_over = wire.get(wire.task(poll).output("response")).document

    assert [each["resource"]["resourceType"] for each in handed_over["entry"]] == [
        "ExplanationOfBenefit"
    ]


def asks(wire, reference, number):
    """Everything that names a Claim: what is told of one that is hidden, and of none at all."""
    yield wire.get(reference)
    yield wire.get(f"{reference}/_history/1")
    yield wire.get(f"{reference}/_history")
    yield wire.get(f"Claim?_id={reference.partition('/')[2]}&_elements=id")
    yield wire.ask(
        "PATCH",
        reference,
        b'[{"op": "test", "path": "/use", "value": "claim"}]',
        Content_Type=PATCH,
    )
    yield wire.put(reference, {**a_claim(number="same"), "id": reference.partition("/")[2]})
    yield wire.ask("GET", f"{reference}/$validate")
    yield wire.ask("POST", f"{reference}/$cancel")
    for code in ("status", "cancel", "nullify", "reprocess", "poll"):
        yield wire.task(a_task(code, focus=reference))
        by_number = {"type": "Claim", "identifier": identifier(CLAIM_SYSTEM, number)}
        yield wire.task(a_task(code, focus=by_number))


def test_what_is_hidden_is_answered_as_what_is_missing(claims, limited, rows):
    wire, before = limited.may(*PLAIN), rows.of(tables.submission)
    none = "Claim/" + re.sub("[0-9a-f]", "0", claims["R"].partition("/")[2])

    hidden = list(asks(wire, claims["R"], "C-R"))
    missing = list(asks(wire, none, "C-0"))

    def shape(reply):
        told = alike(reply)[1].replace("C-R", "C-0").replace(none, "Claim/ID")
        return reply.status, told.replace(none.partition("/")[2], "ID"), alike(reply)[2]

    assert [shape(each) for each in hidden] == [shape(each) for each in missing]
    assert {each.status for each in hidden} == {200, 201, 404, 405}
    assert rows.of(tables.submission) == before
    assert limited.may().task(a_task("cancel", focus=claims["R"])).document["status"] == "completed"


def test_a_reprocess_takes_in_support_what_may_be_known(claims, limited, rows):
    wire, number = limited.may(), {"identifier": identifier("urn:x", "2")}
    hidden = {"identifier": [number["identifier"]], "meta": labelled("R")}
    sent = wire.post("Communication", a_communication(**hidden))
    plain, none = limited.may(*PLAIN), f"Communication/{NOBODY}"

    def asked(wire, value):
        support = an_input("resource", valueReference=value)
        return wire.task(a_task("reprocess", focus=claims["N"], inputs=[support]))

    for value in ({"reference": sent.reference}, number, {"reference": none}):
        assert asked(plain, value).output("error") == "ECG-RESOURCE-NOT-FOUND"
    [attachment] = rows.of(tables.submission, type="Communication")
    assert attachment["about_id"] is None
    restricted = limited.may(*PLAIN, "system/*.r?_security=R")
    assert asked(restricted, number).document["status"] == "in-progress"
    assert asked(restricted, {"reference": sent.reference}).document["status"] == "in-progress"
    [attachment] = rows.of(tables.submission, type="Communication")
    assert f"Claim/{attachment['about_id']}" == claims["N"]


def test_what_is_hidden_does_not_make_an_identifier_mean_two(claims, limited):
    wire, number = limited.may(), identifier("urn:x", "2")
    about = [{"reference": claims["N"]}]
    for code in "NR":
        sent = a_communication(identifier=[number], about=about, meta=labelled(code))
        wire.post("Communication", {**sent, "payload": [{"contentString": code}]})
    named = {"type": "Communication", "identifier": number}

    def asked(wire, code, type):
        inputs = [an_input(type, valueReference=named)]
        return wire.task(a_task(code, focus=claims["N"], inputs=inputs)).document["status"]

    plain = limited.may(*PLAIN)
    assert asked(plain, "deliver", "resource") == "completed"
    assert asked(plain, "reprocess", "resource") == "in-progress"
    assert asked(limited.may(), "reprocess", "resource") == "failed"


def test_what_the_payer_sends_about_a_request_has_its_label(claims, limited, core_client):
    sent = {**a_communication(), "sender": {"display": "Payer"}}
    about = {label: {**sent, "about": [{"reference": claim}]} for label, claim in claims.items()}
    none = {**sent, "about": [{"reference": f"Claim/{NOBODY}"}]}

    hidden = core_client.may(*PLAIN).post("Communication", about["R"])
    missing = core_client.may(*PLAIN).post("Communication", none)
    known = core_client.may().post("Communication", about["R"])
    plain = core_client.may(*PLAIN).post("Communication", {**about["N"], "note": [{"text": "x"}]})

    assert (hidden.status, hidden.errors) == (missing.status, missing.errors) != (201, [])
    assert (known.status, plain.status) == (201, 201)
    assert known.document["meta"]["security"] == labelled("R")["security"]
    assert limited.may(*PLAIN).get(known.reference).status == 404
    assert limited.may().get(known.reference).status == 200
    assert limited.may(*PLAIN).get(plain.reference).status == 200


def test_labels_are_kept_as_sent_and_stand_in_every_answer(limited, core_client, worker, rows):
    core_client.may().post("Coverage", a_coverage())
    wire = limited.may("system/*.cruds", "system/*.rs?_security=R")
    meta = (
        '{ "security" :[ {"code":"R" , "system":"http:\\/\\/terminology.hl7.org/CodeSystem/'
        'v3-Confidentiality","display":"re\\u0073tricted"} ],"source":"urn:x:1"}'
    )
    text = json_text.replaced(json_text.write(a_claim()), {"meta": meta})
    claim = wire.post("Claim", text).reference
    worker.drain()
    eligibility = wire.post(
        "CoverageEligibilityRequest", an_eligibility_request(meta=labelled("R"))
    )
    status = wire.task(a_task("status", focus=claim))
    cancelled = wire.task(a_task("cancel", focus=claim))

    kept = json_text.member(wire.get(claim).text, "meta")
    sent = json_text.member(meta, "security")
    assert kept is not None
    assert sent is not None
    assert json_text.member(kept, "security") == sent
    assert json_text.member(kept, "source") == '"urn:x:1"'
    for type in ("ClaimResponse", "ExplanationOfBenefit", "CoverageEligibilityResponse"):
        answers = rows.of(tables.resource, type=type)
        assert answers, type
        assert {row["label"] for row in answers} == {"R"}, type
        for row in answers:
            shown = wire.get(f"{type}/{row['id']}").document["meta"]["security"]
            assert [one["code"] for one in shown] == ["R"]
    for task in (status, cancelled):
        assert task.document["meta"]["security"] == labelled("R")["security"]
        assert limited.may(*PLAIN).get(task.reference).status == 404
    assert eligibility.status == 201


def test_what_awaits_information_asks_under_the_same_label(limited, core_client, worker, rows):
    core_client.may().post("Coverage", a_coverage())
    core_client.may().post("ChargeItemDefinition", a_price(needs_attachment=True))
    claim = limited.may().post("Claim", a_claim(meta=labelled("V"))).reference
    worker.drain()

    [asked] = rows.of(tables.resource, type="CommunicationRequest")

    assert asked["label"] == "V"
    about = a_communication(about=[{"reference": claim}])
    limited.may(*PLAIN).post("Communication", about)
    [waiting] = rows.of(tables.submission, type="Claim")
    # To who does not see the Claim its attachment is about nothing that is known.
    assert waiting["state"] == "awaiting"
    limited.may().post("Communication", a_communication(about=[{"reference": claim}]))
    [going_on] = rows.of(tables.submission, type="Claim")
    assert going_on["state"] == "queued"


def test_an_update_labels_and_takes_off_a_label_for_all_versions(limited):
    wire = limited.may()
    patient = wire.post("Patient", a_patient()).document
    place = f"Patient/{patient['id']}"
    plain, all_of_it = limited.may(*PLAIN), (*PLAIN, "system/*.crud?_security=R")

    assert plain.put(place, {**patient, "meta": labelled("R")}).status == 200
    assert plain.get(place).status == plain.get(f"{place}/_history/1").status == 404
    assert plain.put(place, patient).status == 405
    assert plain.delete(place).status == 204
    reader = limited.may(*PLAIN, "system/*.r?_security=R")
    assert reader.get(place).document["meta"]["versionId"] == "2"
    assert reader.put(place, patient).errors == ["ECG-SCOPE"]
    assert reader.delete(place).errors == ["ECG-SCOPE"]
    assert limited.may(*all_of_it).put(place, patient).status == 200
    assert limited.may(*PLAIN).get(f"{place}/_history/2").status == 200


def test_the_payers_client_without_the_label_cannot_take_its_id(core_client):
    coverage = a_coverage(meta=labelled("R"))
    assert core_client.may().put("Coverage/c1", {**coverage, "id": "c1"}).status == 201

    plain = core_client.may(*PLAIN)

    assert plain.get("Coverage/c1").status == 404
    assert plain.put("Coverage/c1", {**coverage, "id": "c1"}).errors == ["ECG-SCOPE"]
    assert plain.put("Coverage/c2", {**coverage, "id": "c2"}).status == 201


def test_who_may_create_may_label_and_hears_of_the_same_again(limited):
    wire = limited.may("system/Claim.c")
    claim = a_claim(meta=labelled("R"))

    created, again = wire.post("Claim", claim), wire.post("Claim", claim)
    only = limited.may("system/Claim.c?_security=R")

    assert (created.status, again.status) == (201, 200)
    assert created.headers["Location"] == again.headers["Location"]
    assert only.post("Claim", a_claim(meta=labelled("R"))).status == 201
    assert only.post("Claim", a_claim(meta=labelled("V"))).errors == ["ECG-SCOPE"]
    assert only.post("Claim", a_claim()).errors == ["ECG-SCOPE"]


def test_a_submit_hands_back_only_what_may_be_read(limited):
    scopes = ("system/Claim.c", "system/ClaimResponse.r")
    claim = a_claim(meta=labelled("R"))

    refused = limited.may(*scopes).post("Claim/$submit", claim)
    allowed = limited.may(*scopes, "system/*.r?_security=R").post("Claim/$submit", claim)

    assert refused.errors == ["ECG-SCOPE"]
    assert 'scope="system/ClaimResponse.r?_security=R"' in refused.headers["WWW-Authenticate"]
    assert allowed.document["meta"]["security"] == labelled("R")["security"]


def test_an_invoice_is_labelled_as_its_account(limited):
    wire = limited.may()
    account = wire.post("Account", an_account(meta=labelled("R"))).reference
    wire.post("ChargeItem", {**a_charge(account), "priceOverride": money("40.00")})
    may_invoice = ("system/Invoice.c", "system/PaymentNotice.c")
    notice = {"amount": "40.00", "paymentDate": "2026-03-02"}

    hidden = limited.may(*may_invoice).ask("POST", f"{account}/$invoice")
    invoiced = limited.may(*may_invoice, "system/*.r?_security=R").ask(
        "POST", f"{account}/$invoice"
    )
    unknown = limited.may(*may_invoice).post(
        "PaymentNotice", a_payment_notice(invoiced.reference, **notice)
    )
    known = limited.may(*may_invoice, "system/Invoice.r?_security=R").post(
        "PaymentNotice", a_payment_notice(invoiced.reference, **notice)
    )

    assert (hidden.status, hidden.errors) == (404, ["ECG-NOT-FOUND"])
    assert invoiced.document["meta"]["security"] == labelled("R")["security"]
    assert (unknown.errors, known.status) == (["ECG-PAYMENT-UNKNOWN"], 201)
    assert limited.may(*PLAIN).get(invoiced.reference).status == 404


@pytest.mark.parametrize(("of_account", "of_charges"), [("N", "NR"), ("R", "NV"), ("V", "RN")])
def test_an_invoice_has_the_highest_label_of_its_account_and_charges(
    limited, of_account, of_charges
):
    wire, expected = limited.may(), max(of_account + of_charges)
    account = wire.post("Account", an_account(meta=labelled(of_account))).reference
    for one in of_charges:
        charge = {**a_charge(account), "priceOverride": money("40.00"), "meta": labelled(one)}
        wire.post("ChargeItem", charge)
    sees_the_account = "system/Account.r?_security=R", "system/Account.r?_security=V"
    may_invoice = ("system/Invoice.cr", "system/ChargeItem.rs", *sees_the_account)

    invoiced = limited.may(*may_invoice).ask("POST", f"{account}/$invoice")
    again = limited.may(*may_invoice).ask("POST", f"{account}/$invoice")
    all_of_it = limited.may(*may_invoice, f"system/Invoice.r?_security={expected}")
    seen = all_of_it.ask("POST", f"{account}/$invoice")

    assert (invoiced.status, invoiced.text) == (201, "")
    assert (again.status, again.text) == (200, "")
    assert (seen.status, len(seen.document["lineItem"])) == (200, 2)
    codes = [one["code"] for one in seen.document["meta"]["security"]]
    assert codes == list(dict.fromkeys(of_account + expected))
    assert limited.may(*may_invoice).get(seen.reference).status == 404


def test_an_invoice_of_what_is_not_guarded_is_shown_to_who_made_it(limited):
    wire = limited.may()
    account = wire.post("Account", an_account(meta=labelled("N"))).reference
    wire.post("ChargeItem", {**a_charge(account), "priceOverride": money("40.00")})

    invoiced = limited.may("system/Invoice.c").ask("POST", f"{account}/$invoice")

    assert (invoiced.status, invoiced.document["totalNet"]["value"]) == (201, Decimal("40.00"))
    assert invoiced.document["meta"]["security"] == labelled("N")["security"]


def test_what_was_labelled_before_is_guarded_once_it_is_indexed(limited, installation, rows):
    claim = limited.may().post("Claim", a_claim(meta=labelled("R"))).reference
    id = claim.partition("/")[2]
    for table in (tables.resource, tables.submission):
        rows.change(table, {"type": "Claim", "id": id}, label=None)
    assert limited.may(*PLAIN).get(claim).status == 200

    list(reindex(installation))

    plain = limited.may(*PLAIN)
    assert plain.get(claim).status == 404
    assert plain.task(a_task("status", focus=claim)).output("error") == "ECG-FOCUS-NOT-FOUND"


def test_answers_that_were_written_without_a_label_are_guarded_as_their_request(
    claims, limited, installation, rows
):
    wire = limited.may()
    for code in ("status", "cancel", "poll"):
        wire.task(a_task(code, focus=None if code == "poll" else claims["N"]))
    # As if it had come in labelled before answers were.
    claim = claims["N"].partition("/")[2]
    rows.change(tables.submission, {"type": "Claim", "id": claim}, label="R")
    before = {(row["type"], row["id"]) for row in rows.of(tables.resource) if row["label"] is None}

    list(reindex(installation))

    kept = {(row["type"], row["id"]): row["label"] for row in rows.of(tables.resource)}
    now = sorted((type, id) for type, id in before if kept[type, id] == "R")
    assert [type for type, _ in now] == [
        "ClaimResponse",
        "ClaimResponse",
        "ExplanationOfBenefit",
        "Task",
        "Task",
    ]
    assert {label for (type, _), label in kept.items() if type == "Coverage"} == {None}
    plain = limited.may(*PLAIN)
    assert {plain.get(f"{type}/{id}").status for type, id in now} == {404}
    assert {limited.may().get(f"{type}/{id}").status for type, id in now} == {200}


def test_what_was_deleted_before_is_guarded_as_it_was(limited, installation, rows):
    wire = limited.may()
    restricted, free = (
        wire.post("Patient", a_patient() | {"meta": labelled(code)}).reference for code in "RN"
    )
    for one in (restricted, free):
        assert wire.delete(one).status == 204
    id = restricted.partition("/")[2]
    rows.change(tables.resource, {"type": "Patient", "id": id}, label=None)

    list(reindex(installation))

    plain = limited.may(*PLAIN)
    assert plain.get(f"{restricted}/_history/1").status == 404
    assert plain.get(f"{free}/_history/1").status == 200
    assert limited.may().get(f"{restricted}/_history/1").status == 200


def test_another_submitter_sees_nothing_whatever_its_scopes_say(claims, other):
    assert {other.get(claim).status for claim in claims.values()} == {404}
    assert other.get("Claim").document["total"] == 0


def test_permissions_that_are_everything_ask_as_if_there_were_none(limited, installation):
    registered = Administration(installation).find_registration(limited.issued.client.id)
    assert registered is not None
    everything = Permissions.parse(str(EVERYTHING))

    assert registered.client.permissions == everything == EVERYTHING
    assert replace(registered.client, permissions=everything).scope == registered.client.scope
    assert isinstance(limited.may(), Wire)

"""Account/{id}/$invoice: what is refused, what is billed, what happens twice."""

from decimal import Decimal

import pytest

from app.fhir.validation import check
from app.gateway.administering.new_payer import new_payer
from app.store import tables
from tests.builders import identifier, money
from tests.conformance.accounts import Billing, a_charge, a_definition, billed, under
from tests.wire import Wire

TAX = {"type": "tax", "factor": Decimal("0.19")}


@pytest.fixture
def billing(wire, core) -> Billing:
    """An account-keeping submitter whose payer keeps one price: 50.00 EUR and 19 % tax."""
    billing = Billing(wire, core)
    billing.price("1200", "50.00", TAX)
    return billing


def parameters(*given):
    return {"resourceType": "Parameters", **({"parameter": list(given)} if given else {})}


STATUS = {"name": "status", "valueCode": "issued"}


@pytest.mark.parametrize(
    "given",
    [
        [{"name": "status", "valueCode": "balanced"}],
        [{"name": "status", "valueString": "issued"}],
        [{"name": "date", "valueDate": "2026-03-02"}],
        [STATUS, STATUS],
        [STATUS, {"name": "status", "part": [STATUS]}],
    ],
)
def test_other_parameters_are_refused(billing, given):
    account = billing.account()
    charge = billing.charge(account)

    refused = billing.wire.post(f"{account}/$invoice", parameters(*given))

    assert (refused.status, refused.errors) == (400, ["ECG-PARAMETER"])
    assert billing.status(charge) == "billable"
    assert billing.wire.post(f"{account}/$invoice", parameters(STATUS)).status == 201


def test_it_is_not_tried(billing):
    account = billing.account()
    charge = billing.charge(account)

    refused = [
        billing.invoice(account, Prefer="dry-run"),
        billing.invoice(account, "draft", Prefer="dry-run"),
    ]

    assert [each.errors for each in refused] == [["ECG-PARAMETER"]] * 2
    assert billing.status(charge) == "billable"
    assert billing.invoice(account).status == 201


def test_only_the_owner_of_an_account_invoices_it(billing, other, http, registry, installation):
    account = billing.account()
    billing.charge(account)
    stranger = registry.submitter("Elsewhere", payer=new_payer(installation, "Another payer"))
    others = [other, Wire(http, stranger.token)]

    refused = [one.ask("POST", f"{account}/$invoice") for one in others]
    missing = other.ask("POST", "Account/none/$invoice")
    of_the_payer = billing.core.ask("POST", f"{account}/$invoice")

    assert {(one.status, one.text) for one in refused} == {(404, missing.text)}
    assert (of_the_payer.status, of_the_payer.errors) == (403, ["ECG-FORBIDDEN"])
    made = billing.invoice(account)
    assert made.status == 201
    assert [one.get(made.reference).status for one in (*others, billing.core)] == [404, 404, 200]


def test_the_charges_of_another_submitter_are_none_of_an_account(billing, other):
    account = billing.account()
    own = billing.charge(account)
    foreign = other.post("ChargeItem", a_charge(account)).reference

    assert billed(billing.invoice(account)) == [own]
    assert other.get(foreign).document["status"] == "billable"


@pytest.mark.parametrize("status", ["entered-in-error", "on-hold", "unknown"])
def test_an_account_that_is_not_in_use_is_not_invoiced(billing, status):
    account = billing.account(status=status)
    billing.charge(account)

    refused = billing.invoice(account)

    assert (refused.status, refused.errors) == (422, ["ECG-INVOICE-ACCOUNT"])
    current = billing.wire.get(account).document
    assert billing.wire.put(account, {**current, "status": "inactive"}).status == 200
    assert billing.invoice(account).status == 201


def test_an_account_that_was_deleted_is_gone(billing):
    account = billing.account()
    assert billing.wire.delete(account).status == 204

    gone = billing.invoice(account)

    assert (gone.status, gone.errors) == (410, ["ECG-GONE"])


@pytest.mark.parametrize(
    "status",
    ["planned", "not-billable", "aborted", "billed", "entered-in-error", "unknown"],
)
def test_what_is_not_billable_is_not_billed(billing, status):
    account = billing.account()
    charge = billing.charge(account, status=status)

    nothing = billing.invoice(account)

    assert (nothing.status, nothing.errors) == (422, ["ECG-INVOICE-NOTHING"])
    assert billing.status(charge) == status
    twin = billing.charge(account)
    assert billed(billing.invoice(account)) == [twin]


def test_a_charge_without_a_price_keeps_all_of_them_from_being_billed(billing, rows):
    account = billing.account()
    priced, unpriced = billing.charge(account), billing.charge(account, "9999")

    refused = billing.invoice(account)

    assert (refused.status, refused.errors) == (422, ["ECG-INVOICE-PRICE"])
    assert unpriced in refused.text
    assert [billing.status(each) for each in (priced, unpriced)] == ["billable"] * 2
    assert rows.of(tables.resource, type="Invoice") == []
    billing.price("9999", "1.00")
    assert billing.invoice(account).document["totalNet"] == money("51.00")


def test_two_currencies_are_not_one_invoice(billing):
    account = billing.account()
    billing.charge(account)
    charge = billing.charge(account, priceOverride=money("500", "JPY"))

    refused = billing.invoice(account)

    assert (refused.status, refused.errors) == (422, ["ECG-INVOICE-CURRENCY"])
    current = billing.wire.get(charge).document
    billing.wire.put(charge, {**current, "priceOverride": money("5.00")})
    assert billing.invoice(account).document["totalNet"] == money("55.00")


def test_what_is_billable_becomes_an_invoice(billing, rows):
    account = billing.account(owner={"reference": "Organization/clinic"})
    charges = sorted([billing.charge(account), billing.charge(account, quantity={"value": 2})])

    made = billing.invoice(account)

    assert made.status == 201
    assert made.headers["Location"].endswith(f"{made.reference}/_history/1")
    assert check(made.document) == []
    assert sorted(billed(made)) == charges
    told = {name: made.document[name] for name in ("status", "totalNet", "totalGross", "account")}
    assert told == {
        "status": "issued",
        "totalNet": money("150.00"),
        "totalGross": money("178.50"),
        "account": {"reference": account, "type": "Account"},
    }
    assert made.document["subject"] == {"reference": "Patient/p1"}
    assert made.document["issuer"] == {"reference": "Organization/clinic"}
    after = [billing.wire.get(each).document for each in charges]
    assert [(each["status"], each["meta"]["versionId"]) for each in after] == [("billed", "2")] * 2
    assert billing.wire.get(made.reference).text == made.text
    [event] = rows.of(tables.audit, action="invoice")
    assert (event["outcome"], event["resource_id"]) == ("created", made.document["id"])


def test_without_an_owner_the_submitter_issues(billing):
    account = billing.account()
    billing.charge(account)

    assert billing.invoice(account).document["issuer"] == {
        "type": "Organization",
        "identifier": identifier("sid", "Happy Valley"),
        "display": "Happy Valley",
    }


def test_prices_depend_on_the_patient_and_the_day(billing):
    fee = [{"type": "base", "amount": money(amount)} for amount in ("80.00", "30.00")]
    billing.core.post(
        "ChargeItemDefinition",
        a_definition(
            "7000",
            groups=[
                under("%age < 18", fee[1]),
                {"priceComponent": [fee[0]]},
                under("%context.occurrence >= @2026-03-01", TAX),
                under("%context.occurrence < @2026-03-01", {**TAX, "factor": Decimal("0.07")}),
            ],
        ),
    )
    born = {"resourceType": "Patient", "birthDate": "2015-06-01"}
    child = {"subject": {"reference": billing.wire.post("Patient", born).reference}}
    account = billing.account()
    # 80.00 x 1.19 = 95.20; 30.00 x 1.19 = 35.70; 80.00 x 1.07 = 85.60
    billing.charge(account, "7000")
    billing.charge(account, "7000", **child)
    billing.charge(account, "7000", occurrenceDateTime="2026-02-28")

    made = billing.invoice(account)

    assert made.document["totalGross"] == money("216.50")
    assert made.document["totalNet"] == money("190.00")


def test_a_patient_of_another_submitter_is_not_known(billing, other):
    fee = [{"type": "base", "amount": money(amount)} for amount in ("80.00", "30.00")]
    groups = [under("%patient.gender = 'female'", fee[1]), {"priceComponent": [fee[0]]}]
    billing.price("7000", groups=groups)
    woman = {"resourceType": "Patient", "gender": "female"}
    account = billing.account()
    for client in (billing.wire, other):
        reference = client.post("Patient", woman).reference
        billing.charge(account, "7000", subject={"reference": reference})

    assert billing.invoice(account).document["totalNet"] == money("110.00")


def test_a_definition_that_a_charge_names_comes_before_that_of_its_code(billing):
    billing.price("8000", "7.00", version="2", url="http://payer.test/a,b")
    account = billing.account()
    for code, named in (
        ("1200", {"definitionCanonical": ["http://payer.test/price/1200"]}),
        ("1200", {"definitionUri": ["http://payer.test/unknown", "http://payer.test/a,b"]}),
        ("9999", {"definitionCanonical": ["http://payer.test/a,b|2"]}),
        ("1200", {"definitionCanonical": ["http://payer.test/a,b|3"]}),
        ("1200", {"definitionCanonical": ["|2"]}),
    ):
        billing.charge(account, code, **named)

    made = billing.invoice(account)

    # Ids ascend, so the lines are in the order of their making.
    bases = [line["priceComponent"][0]["amount"]["value"] for line in made.document["lineItem"]]
    assert bases == [50, 7, 7, 50, 50]


HUGE = Decimal("1E+16")
STRANGE = {
    "a quantity without a value": ({"quantity": {"unit": "h"}}, 201),
    "a huge quantity": ({"quantity": {"value": HUGE}}, 422),
    "a tiny quantity": ({"quantity": {"value": Decimal("1E-16")}}, 201),
    "a negative quantity": ({"quantity": {"value": -1}}, 422),
    "a huge factor": ({"factorOverride": HUGE}, 422),
    "a price without an amount": ({"priceOverride": {"currency": "EUR"}}, 201),
    "a price without a currency": ({"priceOverride": {"value": 5}}, 422),
    "a subject that says nothing to us": ({"subject": {"display": "Ann"}}, 201),
    "a subject elsewhere": ({"subject": {"reference": "http://x.test/Patient/p1"}}, 201),
    "a group": ({"subject": {"reference": "Group/g1"}}, 201),
    "a year of service": ({"occurrenceDateTime": "2026"}, 201),
    "the last day there is": ({"occurrenceDateTime": "9999-12-31T23:59:59-12:00"}, 201),
    "an address of signs": ({"definitionUri": ["\\,$|\\|,"], "definitionCanonical": ["#x"]}, 201),
    "an extended address": ({"definitionUri": ["urn:x"], "_definitionUri": [{"id": "x"}]}, 201),
    "twenty names": ({"definitionUri": [f"urn:{n}" for n in range(19)]}, 201),
    "twenty-one names": ({"definitionUri": [f"urn:{n}" for n in range(20)]}, 422),
}


@pytest.mark.parametrize(("elements", "status"), STRANGE.values(), ids=STRANGE)
def test_a_strange_charge_is_billed_or_refused(billing, elements, status):
    account = billing.account()
    charge = billing.charge(account, **elements)

    told = billing.invoice(account)

    assert told.status == status, told.text
    assert billing.status(charge) == ("billed" if status == 201 else "billable")
    assert status == 422 or check(told.document) == []


def test_nothing_new_is_answered_with_what_there_is(billing, rows):
    account = billing.account()
    billing.charge(account)
    made = billing.invoice(account)

    again = billing.invoice(account, "draft")

    assert (again.status, again.text) == (200, made.text)
    assert len(rows.of(tables.resource_version, type="Invoice")) == 1
    later = billing.charge(account)
    assert billed(billing.invoice(account)) == [later]


def test_the_same_key_is_answered_with_the_same_invoice(billing):
    account, another = billing.account(), billing.account()
    billing.charge(account)
    billing.charge(another)
    made = billing.invoice(account, Idempotency_Key="k1")
    later = billing.charge(account)

    again = billing.invoice(account, Idempotency_Key="k1")
    misused = [
        billing.invoice(account, "draft", Idempotency_Key="k1"),
        billing.invoice(another, Idempotency_Key="k1"),
    ]

    assert (again.status, again.text) == (200, made.text)
    assert [each.errors for each in misused] == [["ECG-IDEMPOTENCY"]] * 2
    assert billed(billing.invoice(account, Idempotency_Key="k2")) == [later]


@pytest.mark.parametrize("is_moved", [False, True])
def test_what_its_owner_makes_billable_again_is_not_billed_twice(billing, is_moved):
    account, another = billing.account(), billing.account()
    charge = billing.charge(account)
    made = billing.invoice(account)
    current = billing.wire.get(charge).document
    accounts = [{"reference": each} for each in ([another] if is_moved else [account, another])]

    changed = billing.wire.put(charge, {**current, "status": "billable", "account": accounts})

    assert changed.status == 200
    assert billing.invoice(account).text == made.text
    assert billing.invoice(another).errors == ["ECG-INVOICE-NOTHING"]
    reason = {"status": "cancelled", "cancelledReason": "By mistake"}
    assert billing.wire.put(made.reference, {**made.document, **reason}).status == 200
    assert billed(billing.invoice(another)) == [charge]


def test_a_charge_of_two_accounts_is_billed_once(billing):
    account, another = billing.account(), billing.account()
    charge = billing.charge(account, account=[{"reference": account}, {"reference": another}])

    assert billed(billing.invoice(another)) == [charge]
    assert billing.invoice(account).errors == ["ECG-INVOICE-NOTHING"]


def test_invoices_are_found_by_every_parameter_of_their_own(billing):
    guarantor = [{"party": {"reference": "RelatedPerson/r1"}}]
    owner = {"reference": "Organization/o1"}
    account = billing.account(guarantor=guarantor, owner=owner)
    billing.charge(account)
    made = billing.invoice(account)
    own = made.document["identifier"][0]
    twins = {
        "account": (account, "Account/none"),
        "date": ("2026-03-02", "2026-03-03"),
        "identifier": (f"{own['system']}|{own['value']}", f"{own['system']}|none"),
        "issuer": ("Organization/o1", "Organization/o2"),
        "patient": ("p1", "p2"),
        "recipient": ("RelatedPerson/r1", "RelatedPerson/r2"),
        "status": ("issued", "draft"),
        "subject": ("Patient/p1", "Patient/p2"),
        "totalgross": ("59.50||EUR", "59.51||EUR"),
        "totalnet": ("50.00||EUR", "50.00||USD"),
    }

    def found(query):
        answer = billing.wire.get(f"Invoice?{query}", Prefer="handling=strict")
        assert answer.status == 200, query
        return [each["resource"]["id"] for each in answer.document.get("entry", ())]

    for name, (met, unmet) in twins.items():
        assert found(f"{name}={met}") == [made.document["id"]], name
        assert found(f"{name}={unmet}") == [], name
    # Nobody is named in these two, so nothing is found by them; they are understood all the same.
    for query in ("participant=Practitioner/1", "participant-role=x", "type=x"):
        assert found(query) == []


def test_an_entry_of_a_batch_invoices_and_one_of_a_transaction_does_not(billing):
    account = billing.account()
    charge = billing.charge(account)
    entry = [{"request": {"method": "POST", "url": f"{account}/$invoice"}}]

    refused = billing.wire.post(
        "", {"resourceType": "Bundle", "type": "transaction", "entry": entry}
    )
    done = billing.wire.post("", {"resourceType": "Bundle", "type": "batch", "entry": entry})

    assert (refused.status, refused.errors) == (400, ["ECG-BUNDLE-STEP"])
    assert done.document["entry"][0]["response"]["status"].startswith("201")
    assert billing.status(charge) == "billed"


def test_many_charges_are_billed_in_parts(billing):
    account = billing.account()

    entries = [
        {"resource": a_charge(account), "request": {"method": "POST", "url": "ChargeItem"}}
        for _ in range(500)
    ]
    for some in (entries, entries[:1]):
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": some}
        assert billing.wire.post("", bundle).status == 200

    first, second, third = (billing.invoice(account) for _ in range(3))

    assert [len(billed(each)) for each in (first, second)] == [500, 1]
    assert set(billed(first)).isdisjoint(billed(second))
    assert first.document["totalNet"] == money("25000.00")
    assert (third.status, third.text) == (200, second.text)

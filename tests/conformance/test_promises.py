"""Everything that the CapabilityStatement lists is called, and works; what it denies does not.

http://hl7.org/fhir/R4/capabilitystatement.html
"""

import pytest

from app.api.operations import OPERATIONS
from app.domain.references import Identifier
from app.fhir.search.definitions import parameters_of
from app.gateway.administering.new_payer import new_payer
from app.gateway.surface import IMMUTABLE, TYPES
from tests.builders import a_claim, a_task, an_eligibility_request
from tests.conformance.accounts import a_charge, a_definition, an_account, made
from tests.conformance.world import World
from tests.wire import Wire

PATCH = "application/json-patch+json"
VALUES = {
    "token": "x",
    "date": "ge2020-01-01",
    "string": "x",
    "number": "1",
    "quantity": "1",
    "uri": "http://payer.test/x",
}


@pytest.fixture
def payer(installation):
    """A payer that tells itself from others, so that an earlier one's answer is evidence."""
    named = (Identifier("http://payer.test/id", "P1"),)
    return new_payer(installation, "Payer", named, is_default=True)


@pytest.fixture
def world(http, registry, worker, installation):
    """A world in which everything is there."""
    issued = registry.submitter(may_enroll=True)
    wire, core = Wire(http, issued.token), Wire(http, registry.payer_client().token)
    world = World(wire, core, worker, installation, issued.client)
    world.fill()
    return world


@pytest.fixture
def rest(http):
    """What the CapabilityStatement says of the server."""
    [rest] = Wire(http, None).get("metadata").document["rest"]
    return rest


def told(resource):
    return {interaction["code"] for interaction in resource["interaction"]}


def best(world, ask):
    """The best that one of the two clients is answered."""
    return min((ask(client) for client in (world.wire, world.core)), key=lambda one: one.status)


def read(world, type):
    return best(world, lambda client: client.get(world.references[type]))


def created(world, type):
    return best(world, lambda client: client.post(type, fresh(world, type)))


def fresh(world, type):
    """A resource that would be accepted, where anybody may create one; else one that is there."""
    return world.body(type) if world.creators(type) else read(world, type).document


def updated(world, type):
    current = read(world, type).document
    return best(world, lambda client: client.put(world.references[type], current))


def patched(world, type):
    body = f'[{{"op": "test", "path": "/resourceType", "value": "{type}"}}]'
    place = world.references[type]
    return best(world, lambda client: client.ask("PATCH", place, body, Content_Type=PATCH))


def deleted(world, type):
    [client, *_] = world.creators(type)
    return client.delete(client.post(type, world.body(type)).reference)


def got(path):
    def ask(world, type):
        place = path.format(type=type, place=world.references[type])
        return best(world, lambda client: client.get(place))

    return ask


CALLS = {
    "read": (read, 200),
    "vread": (got("{place}/_history/1"), 200),
    "update": (updated, 200),
    "patch": (patched, 200),
    "delete": (deleted, 204),
    "history-instance": (got("{place}/_history"), 200),
    "history-type": (got("{type}/_history"), 200),
    "create": (created, 201),
    "search-type": (got("{type}"), 200),
}


def test_every_interaction_that_is_listed_works(world, rest):
    broken, called = {}, 0
    for resource in rest["resource"]:
        for code in told(resource):
            call, expected = CALLS[code]
            answer = call(world, resource["type"])
            called += 1
            if answer.status != expected:
                broken[resource["type"], code] = (answer.status, answer.text[:300])

    assert broken == {}
    assert called >= 180


# A change that changes nothing of what a submitter only sees is answered with what there is.
TOLERATED = {(type, code) for type in IMMUTABLE for code in ("update", "patch")}


def test_what_is_not_listed_is_not_offered(world, rest):
    listed = {resource["type"]: told(resource) for resource in rest["resource"]}
    offered = {
        (type, code)
        for type in listed
        for code in CALLS.keys() - listed[type] - {"delete"}
        if CALLS[code][0](world, type).status == CALLS[code][1]
        if type in world.references
    }

    assert listed.keys() == TYPES
    assert offered - TOLERATED == set()


def value_of(type, name):
    """A value that the parameter takes, whether anything is found by it or not."""
    parameter = parameters_of(type)[name]
    if parameter.components:
        return "$".join(value_of(type, each.code) for each in parameter.components)
    if parameter.type == "reference":
        return f"{min(parameter.targets, default='Patient')}/none"
    return VALUES[parameter.type]


def test_every_search_parameter_that_is_listed_is_used(world, rest):
    broken, called = {}, 0
    for resource in rest["resource"]:
        for parameter in resource.get("searchParam", ()):
            type, name = resource["type"], parameter["name"]
            query = f"{type}?{name}={value_of(type, name)}"
            answer = world.core.get(query, Prefer="handling=strict")
            called += 1
            links = {each["relation"]: each["url"] for each in answer.document.get("link", ())}
            if answer.status != 200 or f"{name}=" not in links.get("self", ""):
                broken[query] = (answer.status, answer.text[:300])

    assert broken == {}
    assert called >= 500


def test_every_include_that_is_listed_is_followed(world, rest):
    broken = {}
    for resource in rest["resource"]:
        for element, name in (("searchInclude", "_include"), ("searchRevInclude", "_revinclude")):
            for value in resource.get(element, ()):
                query = f"{resource['type']}?{name}={value}"
                answer = world.core.get(query, Prefer="handling=strict")
                if answer.status != 200:
                    broken[query] = (answer.status, answer.text[:300])

    assert broken == {}


def a_bundle(type):
    return {"resourceType": "Bundle", "type": type}


SYSTEM = {
    "transaction": lambda world: world.wire.post("", a_bundle("transaction")),
    "batch": lambda world: world.wire.post("", a_bundle("batch")),
    "history-system": lambda world: world.wire.get("_history"),
    "search-system": lambda world: world.wire.get("?_type=Claim&_id=none"),
}


def test_every_interaction_with_the_system_that_is_listed_works(world, rest):
    listed = {interaction["code"] for interaction in rest.get("interaction", ())}
    works = {code for code, call in SYSTEM.items() if call(world).status == 200}

    assert works == listed


def test_a_compartment_that_is_listed_is_searched_by_the_types_that_are_in_it(world, rest):
    paths = Wire(world.wire.http, None).get("openapi.json").document["paths"]
    patient = world.references["Patient"]
    searched = {
        resource["type"]: world.wire.get(f"{patient}/{resource['type']}").status
        for resource in rest["resource"]
    }

    assert rest["compartment"] == ["http://hl7.org/fhir/CompartmentDefinition/patient"]
    assert searched["Claim"] == 200
    assert {type for type, status in searched.items() if status == 200} == {
        type for type in searched if f"/Patient/{{id}}/{type}" in paths
    }


def test_what_may_be_done_on_a_condition_is_told_as_it_is(world, rest):
    wrong = {}
    for resource in rest["resource"]:
        type = resource["type"]
        condition = f"{type}?identifier=http://payer.test/none|{type}"
        clients = (world.wire, world.core)
        puts = [client.put(condition, fresh(world, type)).status for client in clients]
        deletes = [client.delete(condition).status for client in clients]
        known = best(world, lambda client, type=type: client.get(world.references[type]))
        again = best(
            world,
            lambda client, known=known: client.get(
                known.reference, If_None_Match=known.headers.get("ETag", '""')
            ),
        )
        truth = {
            "conditionalUpdate": bool({200, 201} & set(puts)),
            "conditionalDelete": "single" if 204 in deletes else "not-supported",
            "conditionalRead": "full-support" if 304 in {known.status, again.status} else "no",
        }
        claimed = {name: resource[name] for name in truth}
        if type in IMMUTABLE and not claimed["conditionalUpdate"]:
            truth["conditionalUpdate"] = False
        if truth != claimed:
            wrong[type] = (truth, claimed, puts, deletes)

    assert wrong == {}


def test_an_id_is_chosen_where_that_is_told(world, rest):
    wrong = {}
    for resource in rest["resource"]:
        type = resource["type"]
        document = {**fresh(world, type), "id": "chosen"}
        answers = {client.put(f"{type}/chosen", document).status for client in (world.core,)}
        if (answers == {201}) != resource["updateCreate"]:
            wrong[type] = answers

    assert wrong == {}


def submitted(type, document):
    return lambda world: world.wire.post(f"{type}/$submit", document())


def on_a_new_claim(name):
    def ask(world):
        claim = world.wire.post("Claim", a_claim()).reference
        world.worker.drain()
        return world.wire.ask("POST", f"{claim}/${name}")

    return ask


def invoiced(world):
    account = made(world.wire.post("Account", an_account()))
    world.core.post("ChargeItemDefinition", a_definition())
    world.wire.post("ChargeItem", a_charge(account))
    return world.wire.ask("POST", f"{account}/$invoice")


def acknowledged(world):
    poll = world.wire.task(a_task("poll")).reference
    return world.wire.ask("POST", f"{poll}/$acknowledge")


INVOKED = {
    ("Claim", "submit"): (submitted("Claim", a_claim), 200, "ClaimResponse"),
    ("CoverageEligibilityRequest", "submit"): (
        submitted("CoverageEligibilityRequest", an_eligibility_request),
        200,
        "CoverageEligibilityResponse",
    ),
    ("Claim", "cancel"): (on_a_new_claim("cancel"), 201, "Task"),
    ("Claim", "reprocess"): (on_a_new_claim("reprocess"), 201, "Task"),
    ("Account", "invoice"): (invoiced, 201, "Invoice"),
    ("Task", "acknowledge"): (acknowledged, 200, "OperationOutcome"),
}


def validated(world, type):
    current = read(world, type).document
    asked = [
        best(world, lambda client: client.post(f"{type}/$validate", current)),
        best(world, lambda client: client.post(f"{world.references[type]}/$validate", current)),
        best(world, lambda client: client.get(f"{world.references[type]}/$validate")),
    ]
    return [(each.status, [one["severity"] for one in each.document["issue"]]) for each in asked]


def test_every_operation_that_is_listed_works_and_is_defined(world, rest):
    listed = {
        (resource["type"], operation["name"]): operation["definition"]
        for resource in rest["resource"]
        for operation in resource.get("operation", ())
    }
    others = {key for key in listed if key[1] != "validate"}

    assert others == INVOKED.keys()
    for key in others:
        call, status, type = INVOKED[key]
        answer = call(world)
        assert (answer.status, answer.document["resourceType"]) == (status, type), key
    for type, _ in listed.keys() - others:
        assert validated(world, type) == [(200, ["information"])] * 3, type
    assert {each.name for each in OPERATIONS} == {name for _, name in listed}


def test_our_own_definitions_are_readable_and_say_the_same(world, rest):
    for resource in rest["resource"]:
        for operation in resource.get("operation", ()):
            _, _, id = operation["definition"].rpartition("/")
            if not operation["definition"].startswith("https://eclaims-gateway.org/"):
                continue
            definition = world.wire.get(f"OperationDefinition/{id}").document
            assert (definition["url"], definition["code"], definition["resource"]) == (
                operation["definition"],
                operation["name"],
                [resource["type"]],
            )

"""Every input that names something, asked for what is one's own, another's and nobody's.

What is another submitter's or another payer's is answered like what is not there: status, headers,
body, statements and rows. What is one's own is the accepted twin.
"""

import re
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from uuid_utils import uuid7

from app.domain.codes import TaskCode
from app.domain.references import Identifier
from app.fhir import json_text
from app.fhir.search.definitions import ParameterType, parameters_of, searchable_types
from app.gateway.administering.new_payer import new_payer
from app.gateway.ownership import REQUESTS, SUPPORTING
from app.gateway.registry import handling_of
from app.gateway.surface import PUBLISHED, TYPES
from app.gateway.tasks.inputs import ReferenceField
from tests.builders import a_task, an_input
from tests.conformance.world import World
from tests.gateway.test_statement_budgets import statements
from tests.rows import Rows
from tests.security.references import Place, places, with_reference
from tests.wire import Reply, Wire

OWN, THEIRS, FOREIGN, MISSING = "own", "theirs", "foreign", "missing"
# What everybody may read is not anybody's; who did what is the payer's alone.
_EVERYBODYS = PUBLISHED | {"AuditEvent"}
# What the payer keeps for all its submitters: there is none of another submitter.
_OF_A_PAYER = {"InsurancePlan", "ChargeItemDefinition", "OrganizationAffiliation", "Contract"}
_CREATED = sorted(REQUESTS | SUPPORTING)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PAGE = re.compile(r"_page=[\w-]+")
_numbers = count(1)

Send = Callable[[Wire, str, str], Reply]


@dataclass
class Matrix:
    """Who asks, and the references of one resource of each type by whose it is."""

    wire: Wire
    rows: Rows
    owned: dict[str, dict[str, str]]

    def reference(self, type: str, whose: str) -> str | None:
        if whose == MISSING:
            return f"{type}/{uuid7()}"
        return self.owned[whose].get(type)

    def heard(self, send: Send, type: str, whose: str) -> tuple[Any, ...] | None:
        """All that can be told from an answer, its statements and its rows; None without one."""
        reference = self.reference(type, whose)
        if reference is None:
            return None
        key = f"key{next(_numbers):06}"
        before = self.rows.counts()
        with statements() as sent:
            reply = send(self.wire, reference, key)
        after = self.rows.counts()
        written = {
            name: after[name] - before[name] for name in after if after[name] != before[name]
        }
        headers = {
            name: self._bare(value, reference, key)
            for name, value in reply.headers.items()
            if name not in {"X-Request-Id", "Content-Length"}
        }
        return reply.status, headers, self._bare(reply.text, reference, key), len(sent), written

    @staticmethod
    def _bare(text: str, reference: str, key: str) -> str:
        """Without what is of this asking alone."""
        type, _, id = reference.partition("/")
        bare = _UUID.sub("id", text.replace(reference, f"{type}/id").replace(f'"{id}"', '"id"'))
        return _PAGE.sub("_page=link", bare.replace(key, "key"))

    def differences(self, send: Send, type: str) -> dict[str, Any]:
        """How another's is told from nobody's."""
        # What only the first of its kind takes is not compared.
        self.heard(send, type, MISSING)
        nobodys = self.heard(send, type, MISSING)
        others = {whose: self.heard(send, type, whose) for whose in (THEIRS, FOREIGN)}
        return {
            whose: (heard, nobodys)
            for whose, heard in others.items()
            if heard is not None and heard != nobodys
        }


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)])
def backend(request: pytest.FixtureRequest) -> str:
    """Where there is one wall alone; both in the long form."""
    name: str = request.param
    return name


@pytest.fixture
def payer(installation):
    """A payer that tells itself from others, so that an earlier one's answer is evidence."""
    return new_payer(
        installation, "Payer", (Identifier("http://payer.test/id", "P1"),), is_default=True
    )


@pytest.fixture
def matrix(http, registry, worker, installation, rows):
    """Three submitters, two of them of one payer, with everything that each may have."""
    other = new_payer(installation, "Another", (Identifier("http://payer.test/id", "P2"),))
    owned = {}
    core, strange = registry.payer_client(), registry.payer_client("Theirs", other)
    for whose, payer, client in (
        (OWN, None, core),
        (THEIRS, None, core),
        (FOREIGN, other, strange),
    ):
        issued = registry.submitter(
            {OWN: "Happy Valley"}.get(whose, whose), payer=payer, may_enroll=True
        )
        wires = (Wire(http, issued.token), Wire(http, client.token))
        world = World(
            *wires, worker, installation, issued.client, f"PaymentReconciliation/{uuid7()}"
        )
        (world.fill_own if whose == THEIRS else world.fill)()
        owned[whose] = world.references
        if whose == OWN:
            wire, bodies = wires[0], world
    made = Matrix(wire, rows, owned)
    made.world = bodies
    return made


def keyed(document: dict[str, Any], key: str) -> dict[str, Any]:
    """A request that nobody sent before, and that asks for no service of another."""
    found = {name: value for name, value in document.items() if name not in {"id", "meta"}}
    if "identifier" in found and found["resourceType"] in REQUESTS | {"Task"}:
        found["identifier"] = [{"system": "http://happyvalley.test/key", "value": key}]
    return found


# --- addresses


def addressed(method: str, suffix: str = "", body: str = "", media: str = "") -> Send:
    headers = {"Content-Type": media} if media else {}

    def send(wire: Wire, reference: str, _key: str) -> Reply:
        text = body.replace("{id}", reference.partition("/")[2])
        return wire.ask(method, f"{reference}{suffix}", text, **headers)

    return send


_PATCH = '[{"op": "add", "path": "/language", "value": "nl"}]'
_PARAMETERS = '{"resourceType": "Parameters"}'
ADDRESSES: dict[tuple[str, str], Send] = {
    ("GET", "<id>"): addressed("GET"),
    ("PUT", "<id>"): addressed("PUT", body='{"resourceType": "{type}", "id": "{id}"}'),
    ("PATCH", "<id>"): addressed("PATCH", body=_PATCH, media="application/json-patch+json"),
    ("DELETE", "<id>"): addressed("DELETE"),
    ("GET", "<id>/_history"): addressed("GET", "/_history"),
    ("GET", "<id>/_history/<version>"): addressed("GET", "/_history/1"),
    ("POST", "<id>/$validate"): addressed("POST", "/$validate?mode=delete", _PARAMETERS),
    ("GET", "<id>/$validate"): addressed("GET", "/$validate"),
    ("POST", "<id>/$cancel"): addressed("POST", "/$cancel", _PARAMETERS),
    ("POST", "<id>/$reprocess"): addressed("POST", "/$reprocess", _PARAMETERS),
    ("POST", "<id>/$acknowledge"): addressed("POST", "/$acknowledge", _PARAMETERS),
    ("POST", "<id>/$invoice"): addressed("POST", "/$invoice", _PARAMETERS),
    ("GET", "<id>/<of a compartment>"): addressed("GET", "/Claim"),
    ("POST", "<id>/<of a compartment>/_search"): addressed("POST", "/Claim/_search"),
}


def routed(app: Any) -> Iterator[tuple[str, str]]:
    """The addresses with an id, by method, of the web application; not those that only say no."""
    for rule in app.url_map.iter_rules():
        if "id" not in rule.arguments or rule.endpoint.endswith("_otherwise"):
            continue
        place = re.sub(r"<any\(.*\):type>", "<of a compartment>", rule.rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            yield method, place[place.index("<id>") :]


def test_every_address_with_an_id_is_in_the_matrix(app):
    assert set(routed(app)) == ADDRESSES.keys()


def types_at(suffix: str) -> list[str]:
    special = {"$cancel": "Claim", "$reprocess": "Claim", "$acknowledge": "Task"}
    special |= {"$invoice": "Account", "<of a compartment>": "Patient"}
    found = [type for name, type in special.items() if name in suffix]
    return found or sorted(TYPES - _EVERYBODYS - _OF_A_PAYER)


def test_an_address_does_not_tell_anothers_from_nobodys(matrix):
    wrong, own = {}, {}
    for (method, suffix), send in ADDRESSES.items():
        for type in types_at(suffix):
            found = matrix.differences(typed(send, type), type)
            if found:
                wrong[method, suffix, type] = found
            heard = matrix.heard(typed(send, type), type, OWN)
            own[method, suffix] = (
                own.get((method, suffix), 500)
                if heard is None
                else min(heard[0], own.get((method, suffix), 500))
            )
    assert wrong == {}
    # Of each address there is a type of which one's own is answered.
    assert {place for place, status in own.items() if status >= 400} <= {("PUT", "<id>")}


def typed(send: Send, type: str) -> Send:
    """The same request, with the type in its body."""

    def sent(wire: Wire, reference: str, key: str) -> Reply:
        return send(_Typed(wire, type), reference, key)

    return sent


@dataclass(frozen=True)
class _Typed:
    wire: Wire
    type: str

    def ask(self, method: str, path: str, body: str, **headers: str) -> Reply:
        return self.wire.ask(method, path, body.replace("{type}", self.type), **headers)


# --- searches


def searches() -> Iterator[tuple[str, str, str]]:
    """Type, parameter and the type asked about, of every parameter that names something."""
    for type in sorted(searchable_types() - _EVERYBODYS):
        if type not in _OF_A_PAYER:
            yield type, "_id", type
        for code, parameter in parameters_of(type).items():
            if parameter.type is not ParameterType.REFERENCE:
                continue
            targets = sorted((parameter.targets or {"Claim"}) & (TYPES - _EVERYBODYS - _OF_A_PAYER))
            yield from ((type, code, target) for target in targets)
            yield from ((type, f"{code}:{target}._id", target) for target in targets[:1])


def asked(type: str, code: str) -> Send:
    def send(wire: Wire, reference: str, _key: str) -> Reply:
        is_id = code.endswith("_id")
        value = reference.partition("/")[2] if is_id else reference
        return wire.get(f"{type}?{code}={value}&_total=accurate")

    return send


def test_a_search_does_not_tell_anothers_from_nobodys(matrix):
    wrong, answered, every = {}, 0, list(searches())
    for type, code, target in every:
        found = matrix.differences(asked(type, code), target)
        if found:
            wrong[type, code, target] = found
        heard = matrix.heard(asked(type, code), target, OWN)
        answered += heard is not None and heard[0] == 200 and '"total":0' not in heard[2]
    assert wrong == {}
    assert {type for type, *_ in every} >= searchable_types() - _EVERYBODYS - _OF_A_PAYER
    assert answered > 25


# --- references in what is sent


def targets_of(place: Place) -> list[str]:
    """A type that the reference may lead to and that somebody has; none where nobody has any."""
    allowed = place.targets if place.targets and "Resource" not in place.targets else ("Claim",)
    return [type for type in allowed if type in TYPES - _EVERYBODYS - _OF_A_PAYER][:2]


@pytest.mark.parametrize("type", _CREATED)
def test_a_reference_does_not_tell_anothers_from_nobodys(matrix, worker, type):
    body, wrong, accepted = matrix.world.body(type), {}, 0
    for place in places(type):
        for target in targets_of(place):

            def send(wire: Wire, reference: str, key: str, place: Place = place) -> Reply:
                return wire.post(type, with_reference(keyed(body, key), place, reference))

            found = matrix.differences(send, target)
            if found:
                wrong[place.name, target] = found
            heard = matrix.heard(send, target, OWN)
            accepted += heard is not None and heard[0] in {200, 201}
    worker.drain()
    assert wrong == {}
    assert accepted > 0


# --- Tasks


def task_inputs() -> list[tuple[str, str]]:
    """Code and name of every input that is a reference."""
    return sorted(
        (code.value, str(field.data_key))
        for code in TaskCode
        for field in handling_of(code).inputs().fields.values()
        if isinstance(field, ReferenceField)
    )


def test_every_code_of_a_task_is_asked_about_what_is_anothers(matrix):
    wrong, accepted = {}, set()
    for code in TaskCode:
        for target in (
            "Claim",
            "ClaimResponse",
            "Communication",
            "Task",
            "Bundle",
            "PaymentNotice",
        ):

            def send(wire: Wire, reference: str, key: str, code: str = code.value) -> Reply:
                return wire.task(a_task(code, focus=reference, number=key))

            found = matrix.differences(send, target)
            if found:
                wrong[code.value, target] = found
    for code, name in task_inputs():
        for target in ("Claim", "ClaimResponse", "Communication", "Task", "PaymentReconciliation"):

            def send(
                wire: Wire, reference: str, key: str, code: str = code, name: str = name
            ) -> Reply:
                given = [an_input(name, valueReference={"reference": reference})]
                focus = None if code in {"poll", "deliver"} else matrix.owned[OWN]["Claim"]
                return wire.task(a_task(code, focus=focus, inputs=given, number=key))

            found = matrix.differences(send, target)
            if found:
                wrong[code, name, target] = found
    own = matrix.wire.task(a_task("status", focus=matrix.owned[OWN]["Claim"]))
    accepted.add(own.document["status"])
    assert wrong == {}
    assert accepted == {"completed"}


# --- conditions, entries


def of_a_condition(wire: Wire, reference: str, key: str) -> Reply:
    type, _, id = reference.partition("/")
    body = json_text.write({"resourceType": type, "active": True})
    return wire.post(type, body, **{"If-None-Exist": f"_id={id}&identifier={key}|x"})


def of_an_entry(method: str) -> Send:
    def send(wire: Wire, reference: str, _key: str) -> Reply:
        entry = {"request": {"method": method, "url": reference}}
        if method == "PUT":
            type, _, id = reference.partition("/")
            entry["resource"] = {"resourceType": type, "id": id}
        return wire.post("", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})

    return send


def of_a_reference_in_a_transaction(wire: Wire, reference: str, key: str) -> Reply:
    about = {"resourceType": "Account", "status": "active", "subject": [{"reference": reference}]}
    entry = {"request": {"method": "POST", "url": "Account"}, "resource": about}
    return wire.post("", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})


def of_a_conditional_reference(wire: Wire, reference: str, _key: str) -> Reply:
    type, _, id = reference.partition("/")
    return of_a_reference_in_a_transaction(wire, f"{type}?_id={id}", _key)


def of_a_conditional(method: str) -> Send:
    def send(wire: Wire, reference: str, key: str) -> Reply:
        type, _, id = reference.partition("/")
        body = {"resourceType": type, "language": "nl"} if method == "PUT" else ""
        text = json_text.write(body) if body else ""
        return wire.ask(method, f"{type}?_id={id}", text)

    return send


CONDITIONS: dict[str, Send] = {
    "If-None-Exist": of_a_condition,
    "entry read": of_an_entry("GET"),
    "entry deleted": of_an_entry("DELETE"),
    "entry updated": of_an_entry("PUT"),
    "reference in a transaction": of_a_reference_in_a_transaction,
    "conditional reference": of_a_conditional_reference,
    "conditional delete": of_a_conditional("DELETE"),
    "conditional update": of_a_conditional("PUT"),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_and_an_entry_do_not_tell_anothers_from_nobodys(matrix, name):
    types = ("Patient", "Organization", "Coverage", "Practitioner")
    found = {type: matrix.differences(CONDITIONS[name], type) for type in types}

    assert {type: told for type, told in found.items() if told} == {}
    assert matrix.heard(CONDITIONS[name], "Patient", OWN)[0] < 500


# --- what a reference leads to afterwards, and where a page leads


@pytest.mark.parametrize(
    "asked_for", ["_include=*", "_include=Claim:patient", "_include:iterate=*"]
)
def test_what_is_included_does_not_tell_anothers_from_nobodys(matrix, asked_for):
    body = matrix.world.body("Claim")

    def send(wire: Wire, reference: str, key: str) -> Reply:
        claim = keyed(body, key) | {"patient": {"reference": reference}}
        made = wire.post("Claim", claim)
        return wire.get(f"Claim?_id={made.document['id']}&{asked_for}")

    included = matrix.heard(send, "Patient", OWN)

    assert '"resourceType":"Patient"' in included[2]
    assert matrix.differences(send, "Patient") == {}


def test_a_page_of_anothers_search_is_none(matrix, http, registry):
    for _ in range(2):
        matrix.wire.post("Patient", {"resourceType": "Patient"})
    first = matrix.wire.get("Patient?_count=1")
    [link] = [one["url"] for one in first.document["link"] if one["relation"] == "next"]
    page = link[link.index("Patient?") :]
    stranger = Wire(http, registry.issued[THEIRS].token)

    answers = [stranger.get(page), stranger.get(page[:-6] + "AAAAAA")]

    assert matrix.wire.get(page).status == 200
    assert [one.status for one in answers] == [answers[1].status] * 2
    assert answers[0].status >= 400
    assert answers[0].document == answers[1].document


@pytest.mark.soak
def test_how_long_anothers_takes_and_nobodys_is_printed(matrix, figures):
    """Never held against anything: the work is counted above, in statements and rows."""

    def read(wire: Wire, reference: str, _key: str) -> Reply:
        return wire.get(reference)

    def status(wire: Wire, reference: str, key: str) -> Reply:
        return wire.task(a_task("status", focus=reference, number=key))

    for name, send in (("read", read), ("status", status)):
        took: dict[str, list[float]] = {THEIRS: [], FOREIGN: [], MISSING: []}
        for nth in range(900):
            whose = sorted(took)[nth % 3]
            reference, key = matrix.reference("Claim", whose), f"time{next(_numbers):06}"
            began = time.perf_counter()
            reply = send(matrix.wire, reference, key)
            took[whose].append(time.perf_counter() - began)
            assert reply.status == (404 if name == "read" else 201)
        for whose, seconds in took.items():
            figures[f"{name} of {whose}"] = f"{statistics.median(seconds) * 1000:.2f} ms"

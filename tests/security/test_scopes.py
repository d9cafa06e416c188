"""Every interaction, Task code and operation takes the one scope that its page tells, and no other.

Docs: docs/scopes.md.
"""

import hashlib
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from uuid_utils import uuid7

from app import create_app, create_worker
from app.api.operations import OPERATIONS
from app.domain.codes import TaskCode
from app.domain.parties import ClientKind
from app.domain.references import Identifier
from app.gateway.administering.administration import Administration
from app.gateway.administering.new_payer import new_payer
from app.gateway.installation import Installation
from app.gateway.ownership import OUTGOING, REFERENCE_DATA
from app.gateway.surface import TYPES, Interaction, offered
from app.store import tables
from app.store.database.engine import Store
from app.store.hashing import Hasher
from tests.builders import (
    a_claim,
    a_delivery,
    a_payment_notice,
    a_task,
    an_eligibility_request,
    an_input,
)
from tests.bundles import a_patient, asked, posted
from tests.conformance.world import PAYMENT, World
from tests.conftest import BASE_URL, INDEX_KEY, FixedClock, Registry
from tests.security.limited import Limited, all_but

PATCH = "application/json-patch+json"
SUBMITTER, PAYER = ClientKind.SUBMITTER, ClientKind.PAYER_CLIENT
# http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html: of one resource or of many.
LETTERS = {
    Interaction.CREATE: "c",
    Interaction.READ: "r",
    Interaction.VREAD: "r",
    Interaction.HISTORY: "r",
    Interaction.HISTORY_OF_TYPE: "s",
    Interaction.SEARCH: "s",
    Interaction.UPDATE: "u",
    Interaction.PATCH: "u",
    Interaction.DELETE: "d",
}
# Tasks are created by their codes, below.
CASES = {
    kind: [
        (type, interaction)
        for type in sorted(TYPES)
        for interaction in sorted(offered(type, kind))
        if (type, interaction) != ("Task", Interaction.CREATE)
    ]
    for kind in ClientKind
}


@dataclass
class Stage:
    """A world in which everything is there, and its two clients, which may be limited."""

    world: World
    clients: dict[ClientKind, Limited]
    own: dict[ClientKind, dict[str, str]] = field(default_factory=dict)
    documents: dict[str, dict] = field(default_factory=dict)

    @property
    def store(self):
        return self.world.installation.store

    def wire(self, kind=SUBMITTER):
        return self.clients[kind].may()

    def ask(self, kind, type, interaction, client):  # noqa: PLR0911  one per interaction
        """One interaction with a resource of this type, as whatever the client may do."""
        place, wire = self.own[kind].get(type, self.world.references[type]), client
        match interaction:
            case Interaction.CREATE:
                return wire.post(type, self.world.body(type))
            case Interaction.READ:
                return wire.get(place)
            case Interaction.VREAD:
                return wire.get(f"{place}/_history/1")
            case Interaction.HISTORY:
                return wire.get(f"{place}/_history")
            case Interaction.HISTORY_OF_TYPE:
                return wire.get(f"{type}/_history")
            case Interaction.SEARCH:
                return wire.get(type)
            case Interaction.UPDATE:
                return wire.put(place, self.documents[place])
            case Interaction.PATCH:
                body = f'[{{"op": "test", "path": "/resourceType", "value": "{type}"}}]'
                return wire.ask("PATCH", place, body, Content_Type=PATCH)
            case Interaction.DELETE:
                return wire.delete(f"{type}/{self.doomed(kind, type)}")
        raise AssertionError(interaction)

    def doomed(self, kind, type):
        """The id of a resource to delete; the client is left with whatever it may do."""
        return self.spare[kind, type].pop()

    spare: dict = field(default_factory=dict)

    def rows(self):
        """A digest of each table, but of the audit and of what the test itself changes."""
        found = {}
        for table in tables.metadata.sorted_tables:
            if table not in {tables.audit, tables.client}:
                rows = self.store.read(lambda on, table=table: on.execute(table.select()).all())
                texts = "\n".join(sorted(map(repr, rows)))
                found[table.name] = (len(rows), hashlib.sha256(texts.encode()).hexdigest())
        return found

    def denials(self):
        """What was denied: who asked, and of what."""
        query = tables.audit.select().where(tables.audit.c.action == "denied")
        rows = self.store.read(lambda on: on.execute(query).all())
        return [(row.outcome, row.type) for row in rows]


@pytest.fixture(scope="module")
def stage(tmp_path_factory, sqlite_template):
    """One installation for the whole matrix: SQLite, for nothing of this is the store's to tell."""
    file = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("scopes") / "scopes.sqlite3"))
    store = Store(f"sqlite:///{file}")
    clock = FixedClock()
    installation = Installation(store, Hasher(INDEX_KEY), BASE_URL, clock, lambda: str(uuid7()))
    named = (Identifier("http://payer.test/id", "P1"),)
    payer = new_payer(installation, "Payer", named, is_default=True)
    registry = Registry(installation, payer)
    application = create_app(installation)
    application.testing = False
    http = application.test_client()
    submitter, core = registry.submitter(may_enroll=True), registry.payer_client()
    clients = {
        SUBMITTER: Limited(installation, http, submitter),
        PAYER: Limited(installation, http, core),
    }
    world = World(
        clients[SUBMITTER].may(),
        clients[PAYER].may(),
        create_worker(installation),
        installation,
        submitter.client,
    )
    world.fill()
    stage = Stage(world, clients)
    _own(stage)
    yield stage
    store.close()


def _own(stage):
    """What each of the two may change, with its content, and some that may go."""
    world = stage.world
    stage.own = {SUBMITTER: {}, PAYER: {}}
    for type in sorted(REFERENCE_DATA | OUTGOING):
        stage.own[PAYER][type] = world.core.post(type, world.body(type)).reference
    for kind in ClientKind:
        wire = stage.wire(kind)
        for type in TYPES:
            place = stage.own[kind].get(type, world.references[type])
            stage.documents.setdefault(place, wire.get(place).document)
            if Interaction.DELETE in offered(type, kind):
                ids = [wire.post(type, world.body(type)).document["id"] for _ in range(3)]
                stage.spare[kind, type] = ids


# --- interactions


@pytest.mark.parametrize("kind", ClientKind)
def test_an_interaction_without_its_scope_is_refused_and_changes_nothing(stage, kind):
    wrong, before, denied = {}, stage.rows(), len(stage.denials())
    for type, interaction in CASES[kind]:
        letter = LETTERS[interaction]
        client = stage.clients[kind].may(*all_but(letter, type))
        spare = list(stage.spare.get((kind, type), ()))
        reply = stage.ask(kind, type, interaction, client)
        stage.spare[kind, type] = spare
        if (reply.status, reply.errors) != (403, ["ECG-SCOPE"]):
            wrong[type, interaction] = (reply.status, reply.text[:200])
        elif f"system/{type}.{letter}" not in reply.headers["WWW-Authenticate"]:
            wrong[type, interaction] = reply.headers["WWW-Authenticate"]

    assert wrong == {}
    assert len(CASES[kind]) > 150
    assert stage.rows() == before
    assert stage.denials()[denied:] == [("ECG-SCOPE", type) for type, _ in CASES[kind]]


@pytest.mark.parametrize("kind", ClientKind)
def test_an_interaction_with_its_scope_alone_is_answered_as_ever(stage, kind):
    wrong, everything = {}, stage.clients[kind].may()
    before = [stage.ask(kind, *case, everything) for case in CASES[kind]]
    for (type, interaction), as_ever in zip(CASES[kind], before, strict=True):
        scope = f"system/{type}.{LETTERS[interaction]}"
        allowed = stage.ask(kind, type, interaction, stage.clients[kind].may(scope))
        # Of the Bundle of a poll nothing is left where nothing in it may be read.
        expected = 404 if type == "Bundle" else as_ever.status
        if as_ever.status == 403 or allowed.status != expected:
            wrong[type, interaction] = (as_ever.status, allowed.status, allowed.text[:200])

    assert wrong == {}


# --- Tasks


def tasks(stage):
    """One Task of each code, which would be taken."""
    claim = {"reference": stage.world.references["Claim"]}
    notice = a_payment_notice(PAYMENT)
    made = {code: a_task(code, focus=claim) for code in TaskCode}
    return made | {TaskCode.POLL: a_task("poll"), TaskCode.DELIVER: a_delivery(notice)}


@pytest.mark.parametrize("headers", [{}, {"Prefer": "dry-run"}], ids=["done", "tried"])
@pytest.mark.parametrize("code", TaskCode)
def test_a_task_without_the_scope_of_its_code_is_refused_and_changes_nothing(stage, code, headers):
    task, before = tasks(stage)[code], stage.rows()

    reply = stage.clients[SUBMITTER].may(*all_but("c", "Task", code)).task(task, **headers)

    assert (reply.status, reply.errors) == (403, ["ECG-SCOPE"])
    scope = f"system/Task.c?code={code}"
    assert reply.headers["WWW-Authenticate"] == (
        f'Bearer error="insufficient_scope", scope="{scope}"'
    )
    assert scope in reply.document["issue"][0]["details"]["text"]
    assert stage.rows() == before
    assert stage.denials()[-1] == ("ECG-SCOPE", "Task")


@pytest.mark.parametrize("code", TaskCode)
def test_a_task_with_the_scope_of_its_code_alone_is_tried_as_ever(stage, code):
    task, limited = tasks(stage)[code], stage.clients[SUBMITTER]

    as_ever = limited.may().task(task, Prefer="dry-run")
    allowed = limited.may(f"system/Task.c?code={code}").task(task, Prefer="dry-run")
    by_all_codes = limited.may("system/Task.c").task(task, Prefer="dry-run")

    assert as_ever.status == allowed.status == by_all_codes.status == 200
    assert kinds(allowed) == kinds(by_all_codes)
    # A poll hands over what may be read, and this client may read nothing.
    assert code is TaskCode.POLL or kinds(allowed) == kinds(as_ever)


def test_a_poll_that_counts_needs_to_read_its_bundle(stage):
    poll, limited = a_task("poll", inputs=[an_input("count", valuePositiveInt=5)]), None
    limited = stage.clients[SUBMITTER]

    refused = limited.may("system/Task.c?code=poll", "system/ClaimResponse.r").task(poll)
    taken = limited.may("system/Task.c?code=poll", "system/Bundle.r").task(poll)

    assert (refused.status, refused.errors) == (403, ["ECG-SCOPE"])
    assert 'scope="system/Bundle.r"' in refused.headers["WWW-Authenticate"]
    assert taken.status == 201


def kinds(reply):
    """How a Task ended, and what was told; ids differ from one trial to the next."""
    return reply.document["status"], [name for name, _ in reply.outputs]


# --- operations


def operations(stage):
    """Of each operation how it is called, and the scopes that it takes."""
    references = stage.world.references
    claim, account = references["Claim"], references["Account"]
    poll = f"Task/{references['Task'].partition('/')[2]}"
    eligibility = "CoverageEligibilityRequest"
    return {
        ("submit", "Claim"): (
            lambda wire: wire.post("Claim/$submit", a_claim()),
            ["system/Claim.c", "system/ClaimResponse.r"],
        ),
        ("submit", eligibility): (
            lambda wire: wire.post(f"{eligibility}/$submit", an_eligibility_request()),
            [f"system/{eligibility}.c", "system/CoverageEligibilityResponse.r"],
        ),
        ("cancel", "Claim"): (
            lambda wire: wire.ask("POST", f"{claim}/$cancel", Prefer="dry-run"),
            ["system/Task.c?code=cancel"],
        ),
        ("reprocess", "Claim"): (
            lambda wire: wire.ask("POST", f"{claim}/$reprocess", Prefer="dry-run"),
            ["system/Task.c?code=reprocess"],
        ),
        ("acknowledge", "Task"): (
            lambda wire: wire.ask("POST", f"{poll}/$acknowledge"),
            ["system/Task.c?code=poll"],
        ),
        ("invoice", "Account"): (
            lambda wire: wire.ask("POST", f"{account}/$invoice"),
            ["system/Invoice.c"],
        ),
        ("validate", None): (
            lambda wire: wire.post("Claim/$validate", a_claim()),
            ["system/Claim.c"],
        ),
    }


@pytest.mark.parametrize(("name", "type"), [(one.name, one.type) for one in OPERATIONS], ids=str)
def test_an_operation_takes_its_scopes_and_every_one_of_them(stage, name, type):
    call, scopes = operations(stage)[name, type]
    limited = stage.clients[SUBMITTER]
    as_ever = call(limited.may())
    assert call(limited.may(*scopes)).status in {as_ever.status, 200}
    assert as_ever.status in {200, 201}

    for scope in scopes:
        missing, _, code = scope.partition("?code=")
        [(of, letter)] = re.findall(r"system/(\w+)\.(\w)", missing)
        client, before = limited.may(*all_but(letter, of, code or None)), stage.rows()

        reply = call(client)

        assert (reply.status, reply.errors) == (403, ["ECG-SCOPE"]), scope
        assert f'scope="{scope}"' in reply.headers["WWW-Authenticate"]
        assert stage.rows() == before


@pytest.mark.parametrize(
    ("mode", "letter"), [(None, "r"), ("create", "c"), ("update", "u"), ("delete", "d")]
)
def test_what_is_validated_takes_what_it_would_take_to_do_it(stage, mode, letter):
    patient = stage.own[PAYER]["Patient"]
    path = f"{patient}/$validate" + (f"?mode={mode}" if mode else "")
    limited = stage.clients[PAYER]

    refused = limited.may(*all_but(letter, "Patient")).get(path)
    allowed = limited.may("system/Patient.r", f"system/Patient.{letter}").get(path)

    assert (refused.status, refused.errors) == (403, ["ECG-SCOPE"])
    assert allowed.status == 200


# --- every address


def test_no_address_but_the_public_ones_answers_whoever_lacks_every_scope_for_it(stage):
    limited = stage.clients[SUBMITTER]
    # Of a type that no address below is about.
    wire = limited.may("system/VisionPrescription.d")
    public = {"metadata", "openapi.json", ".well-known/smart-configuration"}
    values = {"type": "Claim", "id": "x", "version": "1"}
    answers = {}
    for rule in wire.http.application.url_map.iter_rules():
        if not rule.rule.startswith("/fhir/r4/") or rule.endpoint.endswith("_otherwise"):
            continue
        path = re.sub(r"<(?:any\([^)]*\):)?(\w+)>", lambda found: values[found[1]], rule.rule)
        path = path.removeprefix("/fhir/r4/")
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            if path not in public | {""}:
                body = b"" if path.endswith("_search") else b"{}"
                answers[method, path] = wire.ask(method, path, body).errors

    assert set(map(tuple, answers.values())) == {("ECG-SCOPE",)}
    assert len(answers) > 25


# --- what consists of requests


def test_an_entry_of_a_batch_takes_what_it_would_take_alone(stage):
    entries = [posted(a_patient()), asked("GET", "Patient"), posted(a_task("poll"))]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}

    reply = stage.clients[SUBMITTER].may("system/Patient.c").post("", bundle)

    told = [entry["response"]["status"][:3] for entry in reply.document["entry"]]
    assert (reply.status, told) == (200, ["201", "403", "403"])


@pytest.mark.parametrize(
    "entry",
    [
        asked("GET", "Coverage?_id=none"),
        posted(a_task("poll")),
        posted({**a_patient("1"), "resourceType": "Patient"}, None, ifNoneExist="identifier=a|b"),
        asked("DELETE", "Patient?identifier=a|b"),
        posted(a_claim(patient={"reference": "Coverage?identifier=a|b"})),
    ],
    ids=["search", "task", "if-none-exist", "conditional delete", "conditional reference"],
)
def test_a_transaction_of_which_one_entry_lacks_its_scope_does_nothing(stage, entry):
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [posted(a_patient()), entry],
    }
    before, denied = stage.rows(), len(stage.denials())

    reply = stage.clients[SUBMITTER].may("system/Patient.cd", "system/Claim.c").post("", bundle)

    assert (reply.status, reply.errors) == (403, ["ECG-SCOPE"]), reply.text
    assert stage.rows() == before
    assert len(stage.denials()) == denied + 1


def test_a_transaction_whose_entries_have_their_scopes_is_done(stage):
    entries = [posted(a_patient()), asked("GET", "Coverage?_id=none")]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}

    reply = stage.clients[SUBMITTER].may("system/Patient.c", "system/Coverage.s").post("", bundle)

    assert reply.status == 200


# --- conditions, what is included, what is found by others


@pytest.mark.parametrize(
    ("letter", "ask"),
    [
        ("c", lambda wire: wire.post("Patient", a_patient(), If_None_Exist="identifier=a|none")),
        ("u", lambda wire: wire.put("Patient?identifier=a|none", a_patient())),
        ("d", lambda wire: wire.delete("Patient?identifier=a|none")),
    ],
    ids=["create", "update", "delete"],
)
def test_a_condition_tells_what_is_there_and_takes_a_search(stage, letter, ask):
    limited = stage.clients[SUBMITTER]

    refused = ask(limited.may(f"system/Patient.{letter}"))
    allowed = ask(limited.may(f"system/Patient.{letter}s"))

    assert (refused.status, refused.errors) == (403, ["ECG-SCOPE"])
    assert 'scope="system/Patient.s"' in refused.headers["WWW-Authenticate"]
    assert allowed.status in {200, 201, 204}


def types_in(reply):
    return {entry["resource"]["resourceType"] for entry in reply.document.get("entry", ())}


def test_what_may_not_be_read_is_included_by_nothing_and_leads_to_nothing(stage):
    limited = stage.clients[SUBMITTER]
    included = "ClaimResponse?_include=ClaimResponse:request&_include=ClaimResponse:patient"
    chained = "ClaimResponse?request:Claim.status=active"
    answers = "system/ClaimResponse.s"

    assert types_in(limited.may(answers).get(included)) == {"ClaimResponse"}
    assert types_in(limited.may(answers, "system/Claim.r").get(included)) == {
        "ClaimResponse",
        "Claim",
    }
    assert limited.may(answers).get(chained).document["total"] == 0
    assert limited.may(answers, "system/Claim.s").get(chained).document["total"] > 0


def test_the_history_of_everything_tells_of_what_may_be_searched(stage):
    limited = stage.clients[SUBMITTER]

    told = limited.may("system/Claim.s", "system/Patient.r").get("_history?_count=500")
    refused = limited.may("system/Patient.r").get("_history")
    # Neither has a history of its type.
    of_none = limited.may("system/AuditEvent.rs", "system/Bundle.rs").get("_history?_count=0")
    assert of_none.errors == ["ECG-SCOPE"]

    assert types_in(told) == {"Claim"}
    assert (refused.status, refused.errors) == (403, ["ECG-SCOPE"])


def test_what_refers_to_a_resource_keeps_it_whoever_may_see_that(stage):
    limited = stage.clients[SUBMITTER]
    patient = limited.may().post("Patient", a_patient()).reference
    limited.may().post(
        "Account", {**stage.world.body("Account"), "subject": [{"reference": patient}]}
    )

    reply = limited.may("system/Patient.cd").delete(patient)

    assert (reply.status, reply.errors) == (409, ["ECG-REFERENCED"])


# --- who


def test_an_auditor_reads_the_audit_and_nothing_else(stage):
    auditor = stage.clients[PAYER].may("system/AuditEvent.rs")

    assert auditor.get("AuditEvent/1").status == 200
    assert auditor.get(stage.world.references["Claim"]).status == 403
    assert auditor.get("Claim").status == 403
    assert auditor.post("Coverage", stage.world.body("Coverage")).status == 403


def test_scopes_add_nothing_to_what_a_kind_may_do(stage):
    submitter = stage.clients[SUBMITTER].may("system/*.cruds")
    core = stage.clients[PAYER].may("system/*.cruds")

    assert submitter.post("InsurancePlan", stage.world.body("InsurancePlan")).status == 403
    assert submitter.get("AuditEvent/1").status == 404
    assert core.task(a_task("poll")).errors == ["ECG-FORBIDDEN"]


def test_what_metadata_tells_is_the_same_for_all(stage):
    limited = stage.clients[SUBMITTER]
    everything = limited.may().get("metadata").document
    little = limited.may("system/Claim.s").get("metadata").document

    assert little["rest"] == everything["rest"]


def test_a_right_that_is_taken_is_gone_with_the_next_request(stage):
    limited = stage.clients[SUBMITTER]
    wire = limited.may("system/Claim.s")
    assert wire.get("Claim").status == 200

    limited.may("system/Claim.r")

    assert wire.get("Claim").status == 403
    known = Administration(stage.world.installation).find_registration(limited.issued.client.id)
    assert str(known.client.permissions) == "system/Claim.r"


def test_a_patch_hands_back_what_may_be_read(stage):
    limited = stage.clients[SUBMITTER]
    patient = limited.may().post("Patient", a_patient()).reference
    body = b'[{"op": "replace", "path": "/name", "value": [{"text": "Robin"}]}]'

    blind = limited.may("system/Patient.u").ask("PATCH", patient, body, Content_Type=PATCH)
    seeing = limited.may("system/Patient.ru").ask("PATCH", patient, body, Content_Type=PATCH)

    assert (blind.status, blind.text) == (200, "")
    assert seeing.document["name"] == [{"text": "Robin"}]


def test_the_page_tells_the_scope_of_every_task_code_and_operation():
    page = (Path(__file__).parents[2] / "docs" / "scopes.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")]

    for code in TaskCode:
        assert any(row.startswith(f"| {code} | `system/Task.c?code={code}`") for row in rows), code
    for operation in OPERATIONS:
        assert any(f"${operation.name}`" in row.split("|")[1] for row in rows), operation.name

"""Another server of FHIR resources, fhirstarter, with create, read and search of Claims.

Runs in an environment of its own, which has nothing of ours in it (`benchmarks/fhirstarter.lock`):
a SQLite file behind it, as durable as ours, and nothing but Claims and their identifiers in it.
"""

import json
import os
import sqlite3
import uuid

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.claim import Claim
from fhirstarter import FHIRProvider, FHIRStarter, InteractionContext
from fhirstarter.exceptions import FHIRResourceNotFoundError

FILE = "ECLAIMS_BENCHMARK_PEER"

database = sqlite3.connect(os.environ[FILE], isolation_level=None, check_same_thread=False)
for pragma in ("journal_mode=WAL", "synchronous=FULL"):
    database.execute(f"PRAGMA {pragma}")
database.execute("CREATE TABLE claim (id TEXT PRIMARY KEY, identifier TEXT, body TEXT)")
database.execute("CREATE INDEX claim_identifier ON claim (identifier)")

provider = FHIRProvider()


@provider.create(Claim)
async def create(context: InteractionContext, resource: Claim) -> str:  # noqa: ARG001
    """Keep a Claim that fhir.resources finds valid."""
    resource.id = str(uuid.uuid4())
    own = resource.identifier[0]
    row = (resource.id, f"{own.system}|{own.value}", resource.model_dump_json())
    database.execute("INSERT INTO claim VALUES (?, ?, ?)", row)
    return str(resource.id)


@provider.read(Claim)
async def read(context: InteractionContext, id_: str) -> Claim:  # noqa: ARG001
    """A Claim by its id."""
    found = database.execute("SELECT body FROM claim WHERE id = ?", (id_,)).fetchone()
    if found is None:
        raise FHIRResourceNotFoundError
    return Claim.model_validate_json(found[0])


@provider.search_type(Claim)
async def search(context: InteractionContext, identifier: str | None) -> Bundle:  # noqa: ARG001
    """The Claims of an identifier."""
    rows = database.execute("SELECT body FROM claim WHERE identifier = ?", (identifier,))
    found = [{"resource": json.loads(body)} for (body,) in rows]
    return Bundle(type="searchset", total=len(found), entry=found or None)


app = FHIRStarter(title="Claims")
app.add_providers(provider)

"""fhirpy, an asynchronous client of general use.

https://github.com/beda-software/fhir-py
"""

import asyncio

import pytest
from fhirpy import AsyncFHIRClient
from fhirpy.base.exceptions import AuthorizationError, ResourceNotFound

from tests.clients.stories import (
    MOST_POLLS,
    ON_A_PAGE,
    PAUSE_SECONDS,
    PEOPLE,
    claim,
    handed_over,
    people,
    poll,
    types,
)


def a_client(served, token=None):
    return AsyncFHIRClient(served.base, authorization=f"Bearer {token or served.token}")


async def saved(client, document):
    elements = {name: value for name, value in document.items() if name != "resourceType"}
    return await client.resource(document["resourceType"], **elements).create()


async def polled(client):
    for _ in range(MOST_POLLS):
        task = await saved(client, poll())
        bundle = handed_over(task)
        if bundle is not None:
            return await client.reference(reference=bundle).to_resource()
        await asyncio.sleep(PAUSE_SECONDS)
    raise AssertionError("nothing was handed over")


async def told(served):
    """The whole story; what was seen on the way."""
    client = a_client(served)
    made = [await saved(client, one) for one in people("Fhirpy")]
    sent = await saved(client, claim(made[0].id))
    search = client.resources("Patient").search(family="Fhirpy").sort("_id").limit(ON_A_PAGE)
    bundle = await polled(client)
    made[0]["gender"] = "other"
    await made[0].update()
    await made[4].delete()
    return {
        "made": {one.id for one in made},
        "page": [one.id for one in await search.fetch()],
        "all": [one.id for one in await search.fetch_all()],
        "claims": [
            one.id
            for one in await client.resources("Claim")
            .search(patient=f"Patient/{made[0].id}")
            .fetch_all()
        ],
        "claim": sent.id,
        "handed over": types(bundle),
        "gender": (await client.reference("Patient", made[0].id).to_resource())["gender"],
        "deleted": made[4].id,
    }


def test_fhirpy_creates_searches_sends_and_polls(served):
    seen = asyncio.run(told(served))

    left = seen["made"] - {seen["deleted"]}
    assert len(seen["made"]) == PEOPLE
    assert len(seen["page"]) == ON_A_PAGE
    assert seen["all"] == sorted(left)
    assert seen["claims"] == [seen["claim"]]
    assert seen["handed over"] == ["ClaimResponse", "ExplanationOfBenefit"]
    assert seen["gender"] == "other"


def test_fhirpy_understands_what_is_refused(served):
    with pytest.raises(AuthorizationError):
        asyncio.run(a_client(served, "nobody").resources("Patient").fetch())
    with pytest.raises(ResourceNotFound):
        asyncio.run(a_client(served).reference("Patient", "none").to_resource())

    assert asyncio.run(a_client(served).resources("Patient").search(family="none").fetch()) == []

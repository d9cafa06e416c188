"""An installation inside this process, and Claims in it that wait to be decided."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from app import create_installation, create_worker, settings
from app.fhir import json_text
from app.gateway.administering.administration import Administration
from app.gateway.gateway import Gateway
from app.gateway.installation import Installation
from app.gateway.received import Received
from tests.builders import a_service_of_its_own
from tests.reliability.programs import Instance

SENDING_THREADS = 2


@contextmanager
def opened(instance: Instance, ahead: timedelta = timedelta(0)) -> Iterator[Installation]:
    """The installation inside this process; its clock may be ahead of the others'."""
    installation = create_installation(
        settings.read(instance.folder), clock=lambda: datetime.now(UTC) + ahead
    )
    try:
        yield installation
    finally:
        installation.store.close()


def submitted(installation: Installation, token: str, number: int) -> set[str]:
    """The ids of so many new Claims, each with a job that is due."""
    client = Administration(installation).client_behind(token)
    assert client is not None
    gateway = Gateway(installation, create_worker(installation))
    today = datetime.now(UTC).date().isoformat()

    def submit(_: int) -> str:
        document = a_service_of_its_own(serviced=today, created=today)
        text = json_text.write(document)
        return gateway.create(client, Received(text, json_text.parsed(text))).stored.id

    with ThreadPoolExecutor(SENDING_THREADS) as threads:
        return set(threads.map(submit, range(number)))

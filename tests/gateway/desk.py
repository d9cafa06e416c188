"""A client at the gateway: what it sends, and a look at what is then kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import select, update

from app import create_worker
from app.domain.codes import TaskCode
from app.domain.parties import Client
from app.domain.references import Reference
from app.domain.tasks import Task, TaskInput, TaskRequest
from app.fhir import json_text
from app.gateway.gateway import Gateway
from app.gateway.installation import Installation
from app.gateway.intake.outcome import Taken
from app.gateway.received import Received
from app.store import tables
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork
from tests.conftest import Registry

T = TypeVar("T")


def received(document: dict[str, Any], **keys: Any) -> Received:
    """A document as it comes in, numbers exact."""
    text = json_text.write(document)
    return Received(text, json_text.parsed(text), **keys)


@dataclass(frozen=True)
class Desk:
    """One client of one installation."""

    installation: Installation
    client: Client

    @property
    def gateway(self) -> Gateway:
        """The gateway, with a worker of its own."""
        return Gateway(self.installation, create_worker(self.installation))

    def create(self, document: dict[str, Any], **keys: Any) -> Taken:
        """POST [base]/[type]."""
        return self.gateway.create(self.client, received(document, **keys))

    def task(self, document: dict[str, Any], **keys: Any) -> dict[str, Any]:
        """POST [base]/Task; the answered document."""
        return json_text.parsed(self.ask(document, **keys).stored.text)

    def ask(self, document: dict[str, Any], **keys: Any) -> Taken:
        """POST [base]/Task."""
        return self.gateway.submit(self.client, received(document, **keys))

    def do(self, effect: Callable[[UnitOfWork], T]) -> T:
        """Run in a transaction of this client's scope, and commit."""
        return self.installation.write(self.client.scope, effect)

    def see(self, query: Callable[[UnitOfWork], T]) -> T:
        """Run on a view of this client's scope."""
        return self.installation.read(self.client.scope, query)

    def submission(self, taken: Taken) -> Submission:
        """How a request stands."""
        return self.see(lambda work: work.submissions.find(taken.stored.type, taken.stored.id))

    def stored(self, type: str, id: str) -> Stored:
        """The current version."""
        return self.see(lambda work: work.resources.find(type, id))

    def document(self, reference: str) -> dict[str, Any]:
        """The current version's document, by its reference."""
        return json_text.parsed(self.stored(*reference.split("/")[:2]).text)

    def change(self, table: Any, **values: Any) -> None:
        """Put every row of a table into a state that nothing reaches yet."""
        self.installation.store.write(lambda c: c.execute(update(table).values(**values)))

    def jobs(self) -> list[tuple[str, str, int, str | None]]:
        """Every job in the queue: its submission, state, attempts and last fault."""
        job = tables.job.c
        query = select(job.submission_id, job.state, job.attempts, job.fault).order_by(job.id)
        return self.installation.store.read(lambda c: [tuple(row) for row in c.execute(query)])

    def pended(self) -> list[tuple[str, str]]:
        """Everything that was ever pended: type and delivery, in order."""
        pended = tables.pended.c
        query = select(pended.type, pended.state).order_by(pended.seq)
        return self.installation.store.read(lambda c: [tuple(row) for row in c.execute(query)])

    def request(
        self,
        code: TaskCode,
        parameters: Any,
        focus: Reference | None = None,
        inputs: Sequence[TaskInput] = (),
        task_id: str = "T1",
        document: Mapping[str, Any] = MappingProxyType({}),
        *,
        is_stat: bool = False,
    ) -> TaskRequest[Any]:
        """A Task on its way to its handler; `document` is what it contains."""
        task = Task(code, focus=focus, inputs=tuple(inputs), is_stat=is_stat)
        base = self.installation.base_url
        return TaskRequest(self.client, task_id, task, parameters, document, base)


def under_rules_of_now(desk: Desk, registry: Registry, **rules: Any) -> Desk:
    """The same client after its payer has settled these rules."""
    registry.settle_rules(**rules)
    return replace(desk, client=replace(desk.client, payer=registry.administered()))


def on(taken: Taken) -> Reference:
    """A reference to what was taken in."""
    return Reference(taken.stored.type, taken.stored.id)

"""What a search may see: the payer, the submitter, and resources that are there."""

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, FromClause, Select, Table, exists, literal_column, select

from app.domain.parties import Scope
from app.store import tables
from app.store.visibility import owned, owners, seen

# What leads from a resource to those that refer to it.
TARGETS = "ix_search_reference_target"

S = TypeVar("S", bound=Select[Any])
Type = str | ColumnElement[str]


@dataclass(frozen=True, slots=True)
class Subject:
    """The resource that a condition is about: its type and id, as columns or as what is given."""

    type: Type
    id: ColumnElement[str]


@dataclass(frozen=True, slots=True)
class Sight:
    """One scope's view of the index and the resources."""

    scope: Scope

    def entries(self, table: FromClause, type: Type) -> list[ColumnElement[bool]]:
        """That rows of an index table are this payer's, and of resources of this type."""
        return [table.c.payer_id == self.scope.payer_id, table.c.type == type]

    def owners(self, table: FromClause, type: str) -> list[list[ColumnElement[bool]]]:
        """Ways to be visible, each as one range of an index; no row is visible in two ways."""
        return owners(self.scope, table.c.submitter_id, type)

    def is_owned(self, table: FromClause) -> ColumnElement[bool]:
        """Whether a row belongs to what the scope sees."""
        return owned(self.scope, table.c.submitter_id, table.c.type)

    def is_there(self, subject: Subject, *more: ColumnElement[bool]) -> ColumnElement[bool]:
        """Whether the subject is visible and neither deleted nor gone."""
        resource = tables.resource.alias()
        return self.resource_meets(resource, subject, *more)

    def resource_meets(
        self, resource: FromClause, subject: Subject, *more: ColumnElement[bool]
    ) -> ColumnElement[bool]:
        """As `is_there`, with conditions on `resource`, an alias of its own."""
        return probe(
            resource, *self.entries(resource, subject.type),
            *self.present(resource, subject.type), resource.c.id == subject.id, *more,
        )  # fmt: skip

    def present(
        self, resource: FromClause, type: Type | None = None
    ) -> tuple[ColumnElement[bool], ...]:
        """That rows of resources are visible and neither deleted nor gone."""
        named = type if isinstance(type, str) else resource.c.type
        return (
            self.is_owned(resource),
            # What is found may be read or searched, and so what leads to it.
            seen(self.scope.permissions, "rs", named, resource.c.label),
            resource.c.deleted_at.is_(None),
            resource.c.gone_at.is_(None),
        )


def probe(
    row: FromClause, *where: ColumnElement[bool], index: str | None = None
) -> ColumnElement[bool]:
    """Whether there is such a row; asked anew for each candidate, so that a LIMIT stops early."""
    # PostgreSQL rewrites EXISTS into a join of whole tables unless there is an OFFSET.
    asked: Select[Any] = select(literal_column("1")).select_from(row).where(*where).offset(0)
    return exists(by_index(asked, row, index).correlate_except(row))


def key_of(table: Table) -> str:
    """What SQLite calls the index of a table's key."""
    return f"sqlite_autoindex_{table.name}_1"


def by_index(query: S, row: FromClause, index: str | None) -> S:
    """Tell SQLite which index to take: without statistics it takes two columns to be enough."""
    if index is None:
        return query
    return query.with_hint(row, f"INDEXED BY {index}", "sqlite")

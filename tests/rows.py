"""The rows behind the wire: what was kept, and states that nothing reaches yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update

from app.domain.auditing import ACCESSES
from app.store import tables
from app.store.bodies import Seal, decoded, place
from app.store.database.engine import Store
from app.store.versions import Stored, stored_from, with_versions


def texts_of(row: Mapping[str, Any], store: Store | None = None) -> Iterator[str]:
    """Every value of a row as text, also what is compressed, and what the store has the key of."""
    for value in row.values():
        if isinstance(value, bytes) and "body_format" in row:
            yield decoded(row["body_format"], row["key_id"], value, _seal_of(row, store))
        else:
            yield str(value)


def _seal_of(row: Mapping[str, Any], store: Store | None) -> Seal | None:
    if store is None or store.vault is None or row["key_id"] is None:
        return None
    payer_id, id = row["payer_id"], row["key_id"]
    [key] = Rows(store).of(tables.data_key, payer_id=payer_id, id=id)
    secret = store.vault.unwrap(payer_id, id, key["wrapping_id"], key["wrapped"]).secret
    if "response_id" in row:
        return Seal(id, secret, place(payer_id, "decision", row["claim_id"], row["response_id"]))
    return Seal(id, secret, place(payer_id, row["type"], row["id"], row["version"]))


@dataclass(frozen=True)
class Rows:
    """The tables of an installation, past every rule of the gateway."""

    store: Store

    def counts(self) -> dict[str, int]:
        """How many rows each table has, but for the audit: reads leave a trace there."""
        besides = {tables.audit, tables.audit_seal}
        counted = [table for table in tables.metadata.sorted_tables if table not in besides]
        # One statement: tests ask this after every request.
        each = (select(func.count()).select_from(table).scalar_subquery() for table in counted)
        query = select(*(one.label(table.name) for one, table in zip(each, counted, strict=True)))
        return self.store.read(lambda connection: dict(connection.execute(query).one()._mapping))

    def of(self, table: Table, **where: Any) -> list[dict[str, Any]]:
        """The rows of a table in which these columns have these values.

        Of the audit only effects and denials, unless an action is named: tests read all the time.
        """
        query = select(table).filter_by(**where).order_by(*table.primary_key)
        if table is tables.audit and "action" not in where:
            query = query.where(table.c.action.not_in(ACCESSES))
        return self.store.read(
            lambda connection: [dict(row._mapping) for row in connection.execute(query)]
        )

    def texts(self, type: str) -> dict[tuple[str, int], str]:
        """The text of every version of a type that is kept, by its id and number."""
        query = with_versions().where(tables.resource.c.type == type)

        def read(connection: Connection) -> list[Stored]:
            return [stored_from(row, connection) for row in connection.execute(query)]

        found = self.store.read(read)
        return {(one.id, one.version): one.text for one in found if one.text is not None}

    def change(self, table: Table, where: dict[str, Any], **values: Any) -> None:
        """Put values into the one row that is meant."""
        changed = self.store.write(
            lambda connection: (
                connection.execute(update(table).filter_by(**where).values(**values)).rowcount
            )
        )
        assert changed == 1, (table.name, where)

    def add(self, table: Table, *values: dict[str, Any]) -> None:
        """Put rows in."""
        self.store.write(lambda connection: connection.execute(insert(table), list(values)))

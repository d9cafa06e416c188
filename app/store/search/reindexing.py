"""The index of what is there already, written again: after an upgrade, or to mend it."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select, tuple_, update

from app.domain.parties import Scope
from app.domain.permissions import label_that_counts
from app.store import tables
from app.store.labels import label_in
from app.store.search.index import Indexed, SearchIndex
from app.store.search.inherited_labels import inherited
from app.store.versions import Stored, is_version, stored_from, with_versions

_r = tables.resource.c
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Reindexed:
    """A part that is done: where it ended, how many resources it held, how many rows changed."""

    last: Key
    resources: int
    rows: int


class Reindexing:
    """All resources of one payer, by type and id; each part may be done again."""

    def __init__(self, connection: Connection, scope: Scope, index: SearchIndex) -> None:
        self._connection = connection
        self._scope = scope
        self._index = index

    def count(self) -> int:
        """How many resources there are, deleted and purged ones among them."""
        query = select(func.count()).where(_r.payer_id == self._scope.payer_id)
        return int(self._connection.execute(query).scalar_one())

    def next(self, after: Key | None, at_most: int) -> Reindexed | None:
        """Index the resources after a key, which nobody changes meanwhile; None after the last."""
        query = select(_r.type, _r.id).where(_r.payer_id == self._scope.payer_id)
        if after is not None:
            query = query.where(tuple_(_r.type, _r.id) > after)
        ordered = query.order_by(_r.type, _r.id).limit(at_most).with_for_update()
        keys = [(row.type, row.id) for row in self._connection.execute(ordered)]
        if not keys:
            return None
        by_type: dict[str, list[str]] = defaultdict(list)
        for type, id in keys:
            by_type[type].append(id)
        changed = sum(self._index.replace_each(*each) for each in map(self._read, by_type.items()))
        return Reindexed(keys[-1], len(keys), changed)

    def _label(self, one: Stored, label: str | None) -> None:
        """Let a label that was stored before there was such a column guard its resource."""
        if one.label == label:
            return
        for table in (tables.resource, tables.submission):
            its = (table.c.payer_id == self._scope.payer_id, table.c.type == one.type)
            self._connection.execute(
                update(table).where(*its, table.c.id == one.id).values(label=label)
            )

    def _read(self, of_type: tuple[str, list[str]]) -> tuple[str, list[Indexed]]:
        """The current texts of resources; none of those that are deleted or purged."""
        type, ids = of_type
        rows = self._versions(type, ids, _r.version)
        deleted = [one.id for one in rows if one.is_deletion]
        # What was deleted may be read as it was before, by who may read that.
        before = self._versions(type, deleted, _r.version - 1) if deleted else []
        labels = inherited(self._connection, self._scope.payer_id, type, ids)
        for one in (*rows, *before):
            if one.text is not None:
                own, given = label_in(one.text), labels.get(one.id)
                both = [label for label in (own, given) if label is not None]
                self._label(one, label_that_counts(both))
        return type, [Indexed(one.id, one.submitter_id, one.text) for one in rows]

    def _versions(self, type: str, ids: list[str], version: ColumnElement[int]) -> list[Stored]:
        query = with_versions().where(
            _r.payer_id == self._scope.payer_id,
            _r.type == type,
            _r.id.in_(ids),
            is_version(version),
        )
        found = self._connection.execute(query)
        return [stored_from(row, self._connection) for row in found]

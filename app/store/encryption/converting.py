"""What was stored before there were keys, encrypted: in parts, while requests go on."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, tuple_, update

from app.domain.parties import Scope
from app.store import tables
from app.store.bodies import Seal, compressed, decoded, place
from app.store.encryption.texts import rewrite
from app.store.encryption.vault import made
from app.store.versions import Stored, stored_from, with_versions

_r = tables.resource.c
_v = tables.resource_version.c
_d = tables.decision.c
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Converted:
    """A part that is done: where it ended, how many resources it held, how many texts changed."""

    last: Key
    resources: int
    texts: int


class Converting:
    """The texts of one payer, by type and id; each part may be done again."""

    def __init__(self, connection: Connection, scope: Scope, now: datetime) -> None:
        self._connection = connection
        self._payer_id = scope.payer_id
        self._now = now

    def count(self) -> int:
        """How many resources there are."""
        query = select(func.count()).where(_r.payer_id == self._payer_id)
        return int(self._connection.execute(query).scalar_one())

    def next(self, after: Key, at_most: int) -> Converted | None:
        """Encrypt what is plain of the resources after a key, which nobody changes meanwhile.

        None after the last.
        """
        query = (
            select(_r.type, _r.id)
            .where(_r.payer_id == self._payer_id, tuple_(_r.type, _r.id) > after)
            .order_by(_r.type, _r.id)
            .limit(at_most)
            .with_for_update()
        )
        keys = [(row.type, row.id) for row in self._connection.execute(query)]
        if not keys:
            return None
        return Converted(keys[-1], len(keys), self._encrypt(keys))

    def _encrypt(self, keys: list[Key]) -> int:
        plain = with_versions().where(
            _r.payer_id == self._payer_id,
            tuple_(_r.type, _r.id).in_(keys),
            _v.version.is_not(None),
            _v.key_id.is_(None),
        )
        found: dict[Key, list[Stored]] = defaultdict(list)
        for row in self._connection.execute(plain):
            stored = stored_from(row, self._connection)
            found[stored.type, stored.id].append(stored)
        for versions in found.values():
            key = made(self._connection, self._payer_id, self._now)
            encrypted = [replace(one, key=key) for one in versions]
            rewrite(self._connection, self._payer_id, encrypted)
        return sum(map(len, found.values()))

    def decisions(self, at_most: int) -> int:
        """Encrypt what some decisions were made from; how many, none after the last."""
        is_plain = (_d.key_id.is_(None), _d.inputs.is_not(None))
        query = select(tables.decision).where(_d.payer_id == self._payer_id, *is_plain)
        ordered = query.order_by(_d.claim_id, _d.number).limit(at_most).with_for_update()
        changed = []
        for row in self._connection.execute(ordered).all():
            key = made(self._connection, self._payer_id, self._now)
            if key is None:
                break
            where = place(self._payer_id, "decision", row.claim_id, row.response_id)
            text = decoded(row.body_format, None, row.inputs)
            body = compressed(text, Seal(key.id, key.secret, where))
            row_key = {"b_payer": self._payer_id, "b_claim": row.claim_id, "b_number": row.number}
            values = {"c_format": body.format, "c_key": body.key_id, "c_inputs": body.content}
            changed.append(row_key | values)
        if changed:
            self._connection.execute(_ENCRYPTING, changed)
        return len(changed)


_ENCRYPTING = (
    update(tables.decision)
    .where(
        _d.payer_id == bindparam("b_payer"),
        _d.claim_id == bindparam("b_claim"),
        _d.number == bindparam("b_number"),
    )
    .values(
        body_format=bindparam("c_format"),
        key_id=bindparam("c_key"),
        inputs=bindparam("c_inputs"),
    )
)

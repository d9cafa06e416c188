"""What was withdrawn: nullified resources, legal holds; tokens, scopes and keys of now, as hashes.

A backup does not know what was withdrawn after it was made; this list, kept apart from it, does.
One line each of JSON, the last one counts them.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from app.store import rights, tables, tokens
from app.store.backups.manifest import synced
from app.store.rights import Rights
from app.store.tokens import Token

_t = tables.tombstone.c
_s = tables.submission.c


class DamagedList(Exception):
    """The list is not as it was written, or was written by another version."""


@dataclass(frozen=True, slots=True, order=True)
class Nullified:
    """A resource that is gone."""

    nullified_at: datetime
    payer_id: str
    task_id: str
    type: str
    id: str


@dataclass(frozen=True, slots=True, order=True)
class Hold:
    """A request that has to be kept by law."""

    payer_id: str
    type: str
    id: str


_KINDS: dict[str, type[Any]] = {
    "nullified": Nullified,
    "token": Token,
    "hold": Hold,
    "rights": Rights,
}
_END = "end"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The whole list."""

    nullified: tuple[Nullified, ...] = ()
    tokens: tuple[Token, ...] = ()
    holds: tuple[Hold, ...] = ()
    rights: tuple[Rights, ...] = ()

    def with_others(self, others: "Withdrawn") -> "Withdrawn":
        """Both lists as one, whichever is newer: of a client it has all that either tells."""
        stones = {(one.payer_id, one.type, one.id): one for one in self.nullified}
        for one in others.nullified:
            key = (one.payer_id, one.type, one.id)
            stones[key] = min(stones.get(key, one), one)
        return Withdrawn(
            tuple(sorted(stones.values())),
            tuple(sorted({*self.tokens, *others.tokens}, key=repr)),
            tuple(sorted({*self.holds, *others.holds})),
            tuple(sorted({*self.rights, *others.rights}, key=repr)),
        )


def of(connection: Connection) -> Withdrawn:
    """What was withdrawn in a database, of every payer."""
    stones = select(_t.nullified_at, _t.payer_id, _t.task_id, _t.type, _t.id)
    held = select(_s.payer_id, _s.type, _s.id).where(_s.is_held.is_(True))
    return Withdrawn(
        tuple(sorted(Nullified(*row) for row in connection.execute(stones))),
        tokens.of(connection),
        tuple(sorted(Hold(*row) for row in connection.execute(held))),
        rights.of(connection),
    )


def write(file: Path, withdrawn: Withdrawn) -> None:
    """Write the list; the file is there as a whole or as it was before, its owner's alone."""
    told = (withdrawn.nullified, withdrawn.tokens, withdrawn.holds, withdrawn.rights)
    parts: Iterable[tuple[str, Iterable[Any]]] = zip(_KINDS, told, strict=True)
    lines = [
        json.dumps({kind: asdict(one)}, default=_spelled) for kind, part in parts for one in part
    ]
    lines.append(json.dumps({_END: {"lines": len(lines), "digest": _digest(lines)}}))
    growing = file.with_name(f".{file.name}-{os.getpid()}")
    descriptor = os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write("\n".join(lines) + "\n")
    synced(growing)
    growing.replace(file)
    synced(file.absolute().parent)


def read(file: Path) -> Withdrawn:
    """Read a list; raises DamagedList."""
    found: dict[str, list[Any]] = {kind: [] for kind in _KINDS}
    try:
        *lines, last = file.read_text().splitlines()
        if json.loads(last) != {_END: {"lines": len(lines), "digest": _digest(lines)}}:
            raise DamagedList
        for line in lines:
            [(kind, told)] = json.loads(line).items()
            found[kind].append(_KINDS[kind](**_timed(told)))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DamagedList from None
    return Withdrawn(*(tuple(part) for part in found.values()))


def _timed(told: dict[str, Any]) -> dict[str, Any]:
    instants = {one.name for kind in _KINDS.values() for one in fields(kind) if "_at" in one.name}
    return {
        name: datetime.fromisoformat(value) if name in instants and value is not None else value
        for name, value in told.items()
    }


def _spelled(value: datetime) -> str:
    return value.isoformat()


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()

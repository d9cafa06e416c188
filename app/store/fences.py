"""The statements that decide races: each hits one row, where it is still as it was read.

Each is one object for all its rows, so that a transaction for many runs it once for all of them.
"""

from functools import cache

from sqlalchemy import Delete, Update, bindparam, delete, update

from app.store import tables
from app.store.tables import JobState

_h = tables.counter_holder.c
_j = tables.job.c
_r = tables.resource.c
_s = tables.submission.c


@cache
def moving(names: tuple[str, ...]) -> Update:
    """Change these columns of a submission, where state and epoch are still the given ones."""
    return (
        update(tables.submission)
        .where(
            _s.payer_id == bindparam("b_payer"),
            _s.type == bindparam("b_type"),
            _s.id == bindparam("b_id"),
            _s.state == bindparam("b_state"),
            _s.epoch == bindparam("b_epoch"),
        )
        .values({name: bindparam(f"c_{name}") for name in names})
    )


@cache
def advancing_resource() -> Update:
    """Advance a resource to its next version, where the given one is current."""
    return (
        update(tables.resource)
        .where(
            _r.payer_id == bindparam("b_payer"),
            _r.type == bindparam("b_type"),
            _r.id == bindparam("b_id"),
            _r.version == bindparam("b_version"),
        )
        .values(
            version=bindparam("c_version"),
            updated_at=bindparam("c_updated"),
            deleted_at=bindparam("c_deleted"),
            label=bindparam("c_label"),
        )
    )


@cache
def advancing_holder() -> Update:
    """Advance a holder, where its version is still the given one."""
    return (
        update(tables.counter_holder)
        .where(
            _h.payer_id == bindparam("b_payer"),
            _h.holder == bindparam("b_holder"),
            _h.version == bindparam("b_version"),
        )
        .values(version=_h.version + 1)
    )


@cache
def finishing() -> Delete:
    """Delete a job, where its lease is still the given one."""
    return delete(tables.job).where(
        _j.id == bindparam("b_id"),
        _j.token == bindparam("b_token"),
        _j.state == JobState.LEASED,
    )

"""The statement that finds a page of ids."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, Subquery, select, union

from app.domain.search.query import Place, Search
from app.store import tables
from app.store.searching.arms import Arm, together
from app.store.searching.order import beyond, ordered_by, sort_value
from app.store.searching.sight import Sight, Subject, Type
from app.store.versions import is_version, with_versions


def page_of(
    search: Search,
    arms: list[Arm],
    sight: Sight,
    limit: int,
    place: Place | None,
    *,
    is_backward: bool,
) -> Select[str]:
    """The ids from a place on, with what they are ordered by; one more than `limit`.

    Raises WrongPlace for a place that is none of this order.
    """
    if search.order:
        return _sorted(search, arms, sight, limit, place, is_backward=is_backward)
    return in_order_of_ids(arms, limit, place, is_backward=is_backward)


def in_order_of_ids(
    arms: list[Arm], limit: int, place: Place | None, *, is_backward: bool
) -> Select[str]:
    """The first of every range, then the first of those: no range is read further."""
    pages = []
    for arm in arms:
        query = arm.ids()
        if place is not None:
            query = query.where(beyond(place, (), (), arm.id, is_backward=is_backward))
        order = arm.id.desc() if is_backward else arm.id.asc()
        pages.append(query.order_by(order).limit(limit + 1))
    if len(pages) == 1:
        return pages[0]
    ids = _together([select(page.subquery().c.id) for page in pages])
    return select(ids.c.id).order_by(ids.c.id.desc() if is_backward else ids.c.id).limit(limit + 1)


def _together(ids: list[Select[str]]) -> Subquery:
    return (ids[0] if len(ids) == 1 else union(*ids)).subquery()


def _sorted(
    search: Search,
    arms: list[Arm],
    sight: Sight,
    limit: int,
    place: Place | None,
    *,
    is_backward: bool,
) -> Select[str]:
    """All matches with what they are ordered by, then those that are asked for."""
    ids = together(arms)
    subject = Subject(search.type, ids.c.id)
    values = [
        sort_value(key, subject, sight).label(f"value_{number}")
        for number, key in enumerate(search.order)
    ]
    # Each value is worked out once, not once for every time it is named below.
    valued = select(ids.c.id, *values).cte("valued").prefix_with("MATERIALIZED")
    columns = [valued.c[value.key] for value in values]
    query = select(valued.c.id, *columns)
    if place is not None:
        query = query.where(
            beyond(place, search.order, columns, valued.c.id, is_backward=is_backward)
        )
    terms = ordered_by(search.order, columns, valued.c.id, is_backward=is_backward)
    return query.order_by(*terms).limit(limit + 1)


def versions_of(type: Type, ids: Iterable[Any], sight: Sight) -> Select[Any]:
    """The current versions of resources of one type that are there, in the order of their ids."""
    resource = tables.resource
    return (
        with_versions()
        .where(
            *sight.entries(resource, type),
            *sight.present(resource, type),
            resource.c.id.in_(ids),
            is_version(resource.c.version),
        )
        .order_by(resource.c.id)
    )

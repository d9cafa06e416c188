"""The option `--decide-within` of `eclaims payer set`: time limits by kind of request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from app.domain.clocks import Kind, TimeLimit

_DEFAULT = "default"


class TimeLimitType(click.ParamType["tuple[Kind, TimeLimit | None]"]):
    """A time limit, spelled `KIND=TIME`; None for `KIND=default`."""

    name = "kind=time"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[Kind, TimeLimit | None]:
        """Read it; a bad spelling is bad usage."""
        from app.domain.clocks import Kind, TimeLimit

        if isinstance(value, tuple):
            return value
        kind, _, time = str(value).rpartition("=")
        try:
            if time == _DEFAULT:
                return Kind.parse(kind), None
            limit = TimeLimit.parse(value)
        except ValueError:
            text = f"{value!r} is no time limit such as 'preauthorization/stat=72h'"
            self.fail(text, param, ctx)
        return limit.kind, limit


def with_limits(
    own: Sequence[TimeLimit], given: Sequence[tuple[Kind, TimeLimit | None]]
) -> tuple[TimeLimit, ...]:
    """A payer's own limits with the given ones in the place of those of the same kind."""
    changed = {one.kind: one for one in own} | dict(given)
    return tuple(limit for limit in changed.values() if limit is not None)

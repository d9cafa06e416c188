"""Is there an order in which a history is one of a sequential object?

Wing and Gong's search with Lowe's memory: next may come whatever was asked before anything else
that has not come yet was answered; what was tried from the same state with the same rest is not
tried again.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple, TypeVar

S = TypeVar("S", bound=Hashable)


class Call(NamedTuple):
    """One call: what was asked, what was answered, and between which two ticks of one count."""

    asked: Hashable
    answered: Hashable
    called_at: int
    returned_at: int


def order_of(
    calls: Sequence[Call],
    begin: S,
    states: Callable[[S, Hashable, Hashable], Iterable[S]],
) -> list[Call] | None:
    """An order in which all of it can have happened; None where there is none.

    `states` tells in which states an object may be after it was asked and so answered; none where
    it cannot have answered that.
    """
    everything = (1 << len(calls)) - 1
    tried: set[tuple[int, S]] = set()
    # Each with the place of its last call and the one before it, so that the order can be told.
    open_ends: list[tuple[int, S, tuple[int, ...]]] = [(0, begin, ())]
    while open_ends:
        done, state, path = open_ends.pop()
        if done == everything:
            return [calls[at] for at in path]
        if (done, state) in tried:
            continue
        tried.add((done, state))
        rest = [at for at in range(len(calls)) if not done >> at & 1]
        first_return = min(calls[at].returned_at for at in rest)
        for at in rest:
            call = calls[at]
            if call.called_at <= first_return:
                open_ends += [
                    (done | 1 << at, after, (*path, at))
                    for after in states(state, call.asked, call.answered)
                ]
    return None

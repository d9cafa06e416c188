"""Two that meet at a chosen statement: what happens to the one while the other is in the middle."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import event

from app.store.database.engine import Store
from tests.wire import Reply


@contextmanager
def in_the_middle(store: Store, statement: str, act: Callable[[], Reply]) -> Iterator[list[Reply]]:
    """Do something once, after the first statement that has these words; what it led to."""
    done: list[Reply] = []
    begun = []

    def after(_connection, _cursor, executed, *_) -> None:
        if statement in executed and not begun:
            begun.append(executed)
            done.append(act())

    event.listen(store.engine, "after_cursor_execute", after)
    try:
        yield done
    finally:
        event.remove(store.engine, "after_cursor_execute", after)

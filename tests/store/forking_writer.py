"""A process that forks while a thread of it has SQLite's one turn, and whose child writes then.

`python -m tests.store.forking_writer URL`: prints which rows are kept in the end.
"""

import os
import sys
import threading

from sqlalchemy import event, text

from app.store.database.engine import Store


def main(url: str) -> None:
    """The parent's thread is about to begin its transaction when the child is made."""
    store = Store(url)
    store.write(lambda rows: rows.exec_driver_sql("CREATE TABLE written (by TEXT)"))
    has_turn, may_write = threading.Event(), threading.Event()

    def insert(who):
        row = text("INSERT INTO written VALUES (:who)")
        store.write(lambda rows: rows.execute(row, {"who": who}))

    writer = threading.Thread(target=insert, args=("parent",))

    # The connection is taken by whoever has the turn, before the transaction begins.
    @event.listens_for(store.engine, "checkout")
    def hold(*_):
        if threading.current_thread() is writer:
            has_turn.set()
            may_write.wait(10)

    writer.start()
    has_turn.wait(10)
    child = os.fork()
    if child == 0:
        try:
            insert("child")
            insert("again")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    may_write.set()
    writer.join()
    query = "SELECT by FROM written"
    kept = store.read(lambda rows: rows.exec_driver_sql(query).scalars().all())
    sys.stdout.write(" ".join(kept) + "\n")
    store.close()


if __name__ == "__main__":
    main(sys.argv[1])

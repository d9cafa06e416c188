"""A process of several writers on SQLite, that is gone in the middle of what they share.

`python -m tests.store.crashing_writers URL`: prints the name of each row that was confirmed.
"""

import os
import signal
import sys
import threading

from app.store.database.engine import Store
from tests.store.crowding import Crowd, add


def main(url: str) -> None:
    """Confirm one row, then end in the last of four works that share a transaction."""
    store = Store(url, commits_worth=float("inf"))

    def ends(connection):
        add("4")(connection)
        os.kill(os.getpid(), signal.SIGKILL)

    def confirmed(name, work):
        store.write(work)
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()

    confirmed("0", add("0"))
    works = [add("1"), add("2"), add("3"), ends]
    crowd = Crowd(store)
    for at, work in enumerate(works, 1):
        crowd.send(lambda at=at, work=work: confirmed(str(at), work))
    crowd.let_go()
    threading.Event().wait(60)


if __name__ == "__main__":
    main(sys.argv[1])

"""A process that asks PostgreSQL, forks, and asks again on both sides.

`python -m tests.store.forking URL`: prints which connection of the server each was answered by: the
parent's, the child's, and the parent's afterwards.
"""

import os
import sys

from sqlalchemy import text

from app.store.database.engine import Store


def main(url: str) -> None:
    """Both sides read and write; the child tells its parent by a pipe."""
    store = Store(url)

    def connections() -> str:
        query = text("SELECT pg_backend_pid()")
        ids = {verb(lambda rows: rows.scalar(query)) for verb in (store.read, store.write)}
        return " ".join(map(str, ids))

    before = connections()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, connections().encode())
        os._exit(0)
    os.waitpid(child, 0)
    for told in (before, os.read(reader, 100).decode(), connections()):
        sys.stdout.write(f"{told}\n")
    store.close()


if __name__ == "__main__":
    main(sys.argv[1])

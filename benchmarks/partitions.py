"""What partitions by month would bring and cost on PostgreSQL, beside the tables as they are.

Run with `python -m benchmarks.partitions`. ADR 18 says what followed from it. Times are the
server's own and the driver's together; the ratio is what counts.
"""

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from tests.postgresql import Cluster

MONTHS = 36
ROWS_A_MONTH = 10_000
ROUNDS = 300
ROWS_AT_ONCE = 50
START = datetime(2024, 1, 1, tzinfo=UTC)
MONTH = timedelta(days=30)
BODY = random.Random(1).randbytes(1_000)

VERSION = """
payer_id varchar(64) NOT NULL, type varchar(64) NOT NULL, id varchar(64) NOT NULL,
version integer NOT NULL, updated_at timestamptz NOT NULL, body bytea NOT NULL"""
KEYS = {"plain": "", "partitioned": ", updated_at"}


def created(connection: psycopg.Connection[Any]) -> None:
    """Both tables; of the partitioned one the instant has to be in every unique key."""
    for name, more in KEYS.items():
        by = "PARTITION BY RANGE (updated_at)" if more else ""
        key = f"PRIMARY KEY (payer_id, type, id, version{more})"
        connection.execute(f"CREATE TABLE {name} ({VERSION}, {key}) {by}")
    for month in range(MONTHS):
        between = f"FROM ('{START + month * MONTH}') TO ('{START + (month + 1) * MONTH}')"
        connection.execute(
            f"CREATE TABLE part_{month} PARTITION OF partitioned FOR VALUES {between}"
        )


def row(n: int) -> tuple[Any, ...]:
    """Ids of the gateway grow with time; so do these."""
    at = START + n * MONTH / ROWS_A_MONTH
    return ("payer", "Claim", f"018f{n:08x}-0000-7000-8000-000000000000", 1, at, BODY)


def fill(connection: psycopg.Connection[Any]) -> None:
    """All months but the last half."""
    with connection.cursor() as cursor:
        for name in KEYS:
            with cursor.copy(f"COPY {name} FROM STDIN") as copy:
                for n in range(MONTHS * ROWS_A_MONTH - ROWS_A_MONTH // 2):
                    copy.write_row(row(n))
    connection.execute("ANALYZE")


def fastest_tenth(rounds: int, do: Callable[[int], object]) -> float:
    """Microseconds."""
    taken = []
    for n in range(rounds):
        began = time.perf_counter()
        do(n)
        taken.append(time.perf_counter() - began)
    return statistics.quantiles(taken, n=10)[0] * 1e6


def measured(connection: psycopg.Connection[Any], name: str) -> dict[str, float]:
    """What one table costs, in microseconds a statement."""
    chosen, last = random.Random(name), MONTHS * ROWS_A_MONTH - ROWS_A_MONTH // 2
    by_id = f"SELECT * FROM {name} WHERE payer_id = %s AND type = %s AND id = %s"  # noqa: S608  our own names
    insert = f"INSERT INTO {name} VALUES (%s, %s, %s, %s, %s, %s)"  # noqa: S608  likewise
    read = fastest_tenth(
        ROUNDS, lambda _: connection.execute(by_id, row(chosen.randrange(last))[:3]).fetchall()
    )
    with connection.cursor() as cursor:
        write = fastest_tenth(
            ROUNDS // 10,
            lambda n: cursor.executemany(
                insert, [row(last + n * ROWS_AT_ONCE + i) for i in range(ROWS_AT_ONCE)]
            ),
        )
    began = time.perf_counter()
    if name == "plain":
        connection.execute("DELETE FROM plain WHERE updated_at < %s", (START + MONTH,))
    else:
        connection.execute("DROP TABLE part_0")
    gone = (time.perf_counter() - began) * 1e6
    return {"read by id": read, "50 inserts": write, "a month goes": gone}


def main() -> None:
    """Print both, and how many times as much the partitioned one costs."""
    with Cluster(durable=True) as cluster:
        url = cluster.create_database().replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(url, autocommit=True) as connection:
            created(connection)
            fill(connection)
            found = {name: measured(connection, name) for name in KEYS}
    print(f"{MONTHS} months of {ROWS_A_MONTH} rows, microseconds (fastest tenth)")
    for what, plain in found["plain"].items():
        parted = found["partitioned"][what]
        print(f"{what:>14}: plain {plain:9.0f}  partitioned {parted:9.0f}  x {parted / plain:.2f}")


if __name__ == "__main__":
    main()

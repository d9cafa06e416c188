"""Several `eclaims work` on one PostgreSQL, of which one after the other is killed."""

import time
from collections import deque
from contextlib import ExitStack

import pytest
from sqlalchemy import select

from app.store import tables
from app.store.tables import JobState
from tests.reliability.accounts import assert_each_decided_once
from tests.reliability.backlog import opened, submitted
from tests.reliability.programs import Instance, kill, running, set_up
from tests.rows import Rows

LEASE_SECONDS = 6.0
SECONDS_BETWEEN_KILLS, SECONDS_BETWEEN_LOOKS = 1.0, 0.05
SECONDS_TO_DECIDE = 900

jobs = pytest.mark.parametrize(
    ("jobs", "workers", "most_kills"),
    [(60, 2, 1), pytest.param(1_000, 4, 1_000, marks=pytest.mark.soak)],
    ids=["60 jobs", "1000 jobs"],
)


def _longest_lapsed(rows: Rows, instance_clock) -> float:
    """Seconds for which the lease has lapsed that lies longest without anybody's taking the job."""
    query = select(tables.job.c.leased_until).where(tables.job.c.state == JobState.LEASED)
    until = rows.store.read(lambda connection: connection.scalars(query).all())
    now = instance_clock()
    return max(((now - one).total_seconds() for one in until), default=0.0)


@jobs
def test_workers_that_are_killed_one_after_the_other_do_each_job_once(
    tmp_path, durable_database, jobs, workers, most_kills, figures
):
    instance = set_up(tmp_path, durable_database)
    with (instance.folder / "settings.toml").open("a") as written:
        written.write(f"lease_seconds = {LEASE_SECONDS}\n")
    with opened(instance) as installation:
        rows = Rows(installation.store)
        claims = submitted(installation, instance.token, jobs)
        began = time.monotonic()
        kills, held, longest = _killed_until_done(
            instance, rows, installation.clock, workers, most_kills
        )
        took = time.monotonic() - began

        figures |= {"jobs": jobs, "kills": kills, "seconds": round(took)}
        figures |= {"held by the killed": held, "longest lapsed, s": round(longest, 2)}
        assert kills >= 1, figures
        assert_each_decided_once(claims, rows)


def _killed_until_done(
    instance: Instance, rows: Rows, clock, number: int, most_kills: int
) -> tuple[int, int, float]:
    """How many were killed, how many jobs were leased at those times, the longest lapsed lease."""
    kills, held, longest = 0, 0, 0.0
    with ExitStack() as ended:
        start = ended.enter_context
        workers = deque(start(running("work", instance=instance)) for _ in range(number))
        deadline, next_kill = time.monotonic() + SECONDS_TO_DECIDE, 0.0
        while left := len(rows.of(tables.job)):
            assert time.monotonic() < deadline, f"{left} jobs are left"
            longest = max(longest, _longest_lapsed(rows, clock))
            leased = len(rows.of(tables.job, state=JobState.LEASED))
            # The oldest, and never before anybody has begun: it takes a while to start.
            if leased and kills < most_kills and time.monotonic() >= next_kill:
                kill(workers.popleft())
                kills, held = kills + 1, held + leased
                next_kill = time.monotonic() + SECONDS_BETWEEN_KILLS
                workers.append(start(running("work", instance=instance)))
            time.sleep(SECONDS_BETWEEN_LOOKS)
    return kills, held, longest

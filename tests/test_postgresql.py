"""The PostgreSQL that the other tests stand on."""

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.postgresql import Cluster, NotStarted

# A test process that is killed: it starts a cluster, tells where, and waits for its end.
VICTIM = """
import sys
from tests.postgresql import Cluster
cluster = Cluster()
cluster.start()
print(cluster.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as running:
        yield running


def connect(url):
    return psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:"), autocommit=True)


def setting(url, name):
    with connect(url) as connection:
        return connection.execute("SELECT current_setting(%s)", [name]).fetchone()[0]


def processes_of(folder):
    """The running processes whose command line or current folder names `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace")
            current = (process / "cwd").readlink()
        except OSError:  # ended between the two looks, or a stranger's
            continue
        if str(folder) in command or current.is_relative_to(folder):
            found.append(command)
    return found


def folder_of(url):
    return Path(conninfo_to_dict(url.replace("+psycopg", ""))["host"])


def test_a_cluster_that_was_not_started_has_no_databases():
    with pytest.raises(NotStarted):
        Cluster().create_database()


def test_a_server_that_cannot_start_is_an_error_that_tells_why():
    broken = Cluster(settings={"shared_buffers": "a lot"})

    with pytest.raises(NotStarted, match='invalid value for parameter "shared_buffers"'):
        broken.start()

    with pytest.raises(NotStarted):
        _ = broken.pid


def test_a_server_starts_with_the_settings_asked_for():
    with Cluster(settings={"max_connections": "7"}) as one:
        assert setting(one.create_database(), "max_connections") == "7"


def test_it_is_a_postgresql_of_today(cluster):
    version = int(setting(cluster.create_database(), "server_version_num"))

    assert version >= 150_000


def test_a_database_is_empty_and_isolated_from_another(cluster):
    one, other = cluster.create_database(), cluster.create_database()
    with connect(one) as connection:
        connection.execute("CREATE TABLE claim (id text)")

    with connect(other) as connection:
        tables = connection.execute("SELECT to_regclass('claim')").fetchone()

    assert tables == (None,)
    with connect(one) as connection:
        assert connection.execute("SELECT count(*) FROM claim").fetchone() == (0,)


def test_a_database_copies_its_template_and_leaves_it_alone(cluster):
    template = cluster.create_database()
    with connect(template) as connection:
        connection.execute("CREATE TABLE claim (id text)")
        connection.execute("INSERT INTO claim VALUES ('first')")

    copy = cluster.create_database(template)
    with connect(copy) as connection:
        connection.execute("INSERT INTO claim VALUES ('second')")
        copied = connection.execute("SELECT id FROM claim ORDER BY id").fetchall()

    assert copied == [("first",), ("second",)]
    with connect(template) as connection:
        assert connection.execute("SELECT id FROM claim").fetchall() == [("first",)]


def test_a_dropped_database_is_gone_though_somebody_is_connected(cluster):
    kept, dropped = cluster.create_database(), cluster.create_database()
    with connect(dropped) as lingering:
        cluster.drop(dropped)

        with pytest.raises(psycopg.OperationalError):
            lingering.execute("SELECT 1")

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(dropped)
    assert setting(kept, "server_encoding") == "UTF8"


def test_text_sorts_by_code_point_as_in_sqlite(cluster):
    with connect(cluster.create_database()) as connection:
        rows = connection.execute("VALUES ('ä'), ('b'), ('B'), ('a') ORDER BY 1").fetchall()

    assert [text for (text,) in rows] == ["B", "a", "b", "ä"]


def test_the_values_of_a_failed_statement_stay_out_of_the_log(cluster):
    url = cluster.create_database()
    with connect(url) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("INSERT INTO no_such_table VALUES ('Marker-Miller')")

    log = (folder_of(url) / "log").read_text()
    assert 'relation "no_such_table" does not exist' in log
    assert "Marker-Miller" not in log


def test_nothing_listens_on_a_network(cluster):
    assert setting(cluster.create_database(), "listen_addresses") == ""


@pytest.mark.parametrize(
    ("durable", "expected"), [(False, "off"), (True, "on")], ids=["ordinary", "durable"]
)
def test_only_a_durable_cluster_waits_for_the_disk(durable, expected):
    with Cluster(durable=durable) as one:
        url = one.create_database()
        names = ("fsync", "synchronous_commit", "full_page_writes")

        assert {name: setting(url, name) for name in names} == dict.fromkeys(names, expected)


def test_what_was_committed_survives_a_crash_and_connections_do_not():
    with Cluster(durable=True) as one:
        url = one.create_database()
        before = connect(url)
        before.execute("CREATE TABLE claim (id text)")
        before.execute("INSERT INTO claim VALUES ('kept')")

        one.crash()

        with pytest.raises(psycopg.OperationalError):
            before.execute("SELECT 1")
        before.close()
        with connect(url) as after:
            assert after.execute("SELECT id FROM claim").fetchall() == [("kept",)]


def test_nothing_is_left_after_a_stop_and_a_second_stop_does_nothing():
    one = Cluster()
    one.start()
    folder = folder_of(one.create_database())
    assert processes_of(folder) != []

    one.stop()
    one.stop()

    assert processes_of(folder) == []
    assert not folder.exists()


def test_a_server_ends_with_the_killed_process_that_started_it():
    with subprocess.Popen(
        [sys.executable, "-c", VICTIM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    ) as victim:
        server = int(victim.stdout.readline())
        watched = os.pidfd_open(server)
        folder = Path(f"/proc/{server}/cwd").readlink().parent
        victim.send_signal(signal.SIGKILL)
        victim.wait()

    ended, _, _ = select.select([watched], [], [], 30)
    os.close(watched)

    assert ended == [watched]
    assert processes_of(folder) == []
    shutil.rmtree(folder)


def test_two_clusters_run_beside_each_other(cluster):
    with Cluster() as second:
        assert second.pid != cluster.pid
        assert folder_of(second.create_database()) != folder_of(cluster.create_database())

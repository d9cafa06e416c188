"""Looking for connections among all that a process has open, SQLite's files and their locks too."""

import fcntl
import subprocess
import sys

from app.cli.slow_clients import SlowClients

TAKING = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'a'), fcntl.LOCK_EX | fcntl.LOCK_NB)"


def is_free(file):
    """Whether another process could lock a file."""
    tried = subprocess.run([sys.executable, "-c", TAKING, file], capture_output=True, check=False)
    assert tried.returncode == 0 or b"BlockingIOError" in tried.stderr
    return tried.returncode == 0


def test_whoever_looks_for_connections_leaves_the_locks_of_files_alone(tmp_path):
    file = tmp_path / "database"
    with file.open("a") as handle:
        fcntl.lockf(handle, fcntl.LOCK_EX)

        SlowClients(1, limit_seconds=1, oldest_seconds=lambda: 0.0).look()

        assert not is_free(file)
    assert is_free(file)

"""The environment of the other server: made for the run from a lock file of its own.

It cannot be installed beside ours: it asks for another tzdata (on Windows) than psycopg does, and
our lock files are for every platform at once.
"""

import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parents[1] / "fhirstarter.lock"
INSTALL_SECONDS = 180


class NotInstalled(Exception):
    """The package index cannot be reached, or has no wheel for this machine."""


def peer_python(folder: Path) -> Path:
    """The interpreter of a new virtual environment in a folder; raises NotInstalled."""
    environment = folder / "fhirstarter"
    python = environment / "bin" / "python"
    uv = str(Path(sys.executable).with_name("uv"))
    create = [uv, "venv", "--quiet", "--python", sys.executable, str(environment)]
    install = [uv, "pip", "sync", "--quiet", "--require-hashes", "--only-binary", ":all:"]
    for words in (create, [*install, "--python", str(python), str(LOCK)]):
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotInstalled(str(error)) from error
        if done.returncode != 0:
            raise NotInstalled(done.stderr.strip()[-400:])
    return python

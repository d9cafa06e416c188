"""What is in files, whoever wrote them: looked for byte by byte, and in what can be unpacked."""

import base64
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.postgresql import SUPERUSER, USER

# How a stream of zlib begins, by its level.
_PACKED = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_MOST_UNPACKED = 1 << 20


def forms(word: str) -> set[bytes]:
    """A word as it may stand in a file: as it is, in UTF-16, in base64 at each of three places."""
    plain = word.encode()
    found = {plain, word.encode("utf-16-le")}
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + plain)
        # The first and last characters depend on what stands beside it.
        found.add(coded[4 * (shift > 0) : len(coded) // 4 * 4 - 4])
    return found


def unpacked(content: bytes) -> Iterator[bytes]:
    """What a file holds: as it is, and whatever in it was compressed."""
    yield content
    for begin in _PACKED.finditer(content):
        try:
            part = content[begin.start() : begin.start() + _MOST_UNPACKED]
            yield zlib.decompressobj().decompress(part, _MOST_UNPACKED)
        except zlib.error:
            continue


def found_in(files: Iterable[Path], words: Iterable[str]) -> set[tuple[str, str]]:
    """Which words are in which files, in any form."""
    spelled = {form: word for word in words for form in forms(word)}
    # One pass for all of them; the longest first, for none is to hide another.
    pattern = re.compile(b"|".join(map(re.escape, sorted(spelled, key=len, reverse=True))))
    found = set()
    for file in files:
        for content in unpacked(file.read_bytes()):
            found |= {(file.name, spelled[hit]) for hit in set(pattern.findall(content))}
    return found


def of_database(database: str) -> list[Path]:
    """Every file that holds rows of a database: with its log, all written out."""
    if database.startswith("sqlite"):
        file = Path(make_url(database).database or "")
        return sorted(path for path in file.parent.glob(f"{file.name}*") if path.is_file())
    # To write out is a superuser's, and the gateway is none.
    superuser = database.replace(f"//{USER}@", f"//{SUPERUSER}@")
    address = superuser.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        [(root, oid)] = connection.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database"
            " WHERE datname = current_database()"
        ).fetchall()
    folders = (Path(root) / "base" / str(oid), Path(root) / "pg_wal")
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def of_folder(folder: Path) -> list[Path]:
    """Every file of a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())

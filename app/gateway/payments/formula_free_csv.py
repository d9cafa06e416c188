"""CSV (RFC 4180) in which no spreadsheet finds a formula, whatever names the cells hold."""

import csv
import re
import unicodedata
from collections.abc import Iterable
from typing import TextIO

# What a spreadsheet takes for the beginning of a formula, its wide forms too once normalized.
_FORMULA = ("=", "+", "-", "@")
# What may make it see another cell, or none.
_BREAKS = ("\t", "\r", "\n")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def write_csv(file: TextIO, rows: Iterable[Iterable[object]], line_end: str = "\r\n") -> None:
    """Write rows; a text that could be a formula is led by an apostrophe, figures are as they are.

    None is an empty cell.
    """
    writer = csv.writer(file, lineterminator=line_end)
    writer.writerows(map(_cell, row) for row in rows)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if _is_risky(text) else text


def _is_risky(text: str) -> bool:
    if _NUMBER.fullmatch(text):
        return False
    return text.startswith(_BREAKS) or _seen(text).startswith(_FORMULA)


def _seen(text: str) -> str:
    """What is left where blanks and invisible characters before it are passed over."""
    normal = unicodedata.normalize("NFKC", text)
    shown = (place for place, char in enumerate(normal) if not _is_passed_over(char))
    return normal[next(shown, len(normal)) :]


def _is_passed_over(char: str) -> bool:
    return unicodedata.category(char)[0] in "ZC"

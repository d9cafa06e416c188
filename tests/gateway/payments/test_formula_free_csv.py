"""CSV for spreadsheets: texts stay texts, figures stay figures."""

import csv
import io

import pytest

from app.gateway.payments.formula_free_csv import write_csv


def written(*cells, **options):
    file = io.StringIO(newline="")
    write_csv(file, [cells], **options)
    return file.getvalue()


FORMULAS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\tname",
    "\rname",
    "\nname",
    " =1+1",
    "\u00a0=1+1",
    "\u200b=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20A1",
    "-",
    "-1e5",
)


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_could_take_for_a_formula_is_led_by_an_apostrophe(text):
    [row] = csv.reader(io.StringIO(written("a", text, "b"), newline=""))

    assert row == ["a", f"'{text}", "b"]


@pytest.mark.parametrize(
    "text", ["name", " name", "A=B", "'=1", "-40.00", "-7", "0.5", "", "\u5317\u4eac", "urn:c|x"]
)
def test_any_other_text_and_every_figure_is_as_it_is(text):
    [row] = csv.reader(io.StringIO(written("a", text, "b"), newline=""))

    assert row == ["a", text, "b"]


def test_nothing_is_an_empty_cell_and_lines_end_as_asked():
    assert written("a", None, 3) == "a,,3\r\n"
    assert written("a", None, 3, line_end="\n") == "a,,3\n"

"""Tables in Markdown and on a terminal, files, and bars."""

import json
from xml.etree import ElementTree as ET

import pytest

from benchmarks.measuring.plot import Group, bars
from benchmarks.measuring.report import Report, Table, shown

TABLE = Table("Speed", ("Job", "A second", "Met"), (("read", 1234.5, True), ("poll", None, False)))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (1234567, "1,234,567"),
        (1234.5, "1,234"),
        (99.94, "99.9"),
        (9.994, "9.99"),
        (0.004, "0.00"),
        ("words", "words"),
    ],
)
def test_a_figure_is_shown_with_the_digits_that_count(value, text):
    assert shown(value) == text


def test_a_table_is_markdown():
    assert TABLE.markdown() == (
        "### Speed\n\n| Job | A second | Met |\n|---|---:|---:|\n"
        "| read | 1,234 | yes |\n| poll | | no |"
    )


def test_a_report_is_printed_for_a_person_and_for_a_page(capsys):
    report = Report("speed", [TABLE], {})

    report.print(as_markdown=False)
    shown_to_a_person = capsys.readouterr().out
    report.print(as_markdown=True)

    assert all(word in shown_to_a_person for word in ("Speed", "read", "1,234", "no"))
    assert capsys.readouterr().out == f"{TABLE.markdown()}\n"


def test_a_report_is_written_as_json_and_svg(tmp_path):
    drawn = bars("Speed", ("ours", "theirs"), [Group("a < b", (1000.0, None)), Group("c", (1.0,))])

    files = Report("speed", [TABLE], {"read": 1234.5}, {"sqlite": drawn}).write(tmp_path)

    assert [file.name for file in files] == ["speed.json", "speed-sqlite.svg"]
    assert json.loads(files[0].read_text()) == {"read": 1234.5}
    texts = [one.text for one in ET.parse(files[1]).iter() if one.tag.endswith("text")]  # noqa: S314
    assert texts == ["Speed", "ours", "theirs", "a < b", "1,000", "c", "1.00"]


def test_bars_are_as_long_as_their_logarithm():
    root = ET.fromstring(bars("", ("ours",), [Group("a", (10.0, 100.0, 1000.0))]))  # noqa: S314

    lengths = [float(one.get("width")) for one in root.iter() if one.get("height") == "11"][1:]
    assert lengths == [1.0, 280.0, 560.0]

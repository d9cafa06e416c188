"""The sheet of lines and its page, held against the tests."""

from tests.conformance.r4.__main__ import Outcomes, table
from tests.conformance.r4.sheet import NOT_APPLICABLE, PAGE, held, line_of, lines, page

# Search over all types, and Subscription: no other line may be left out.
MAY_BE_LEFT_OUT = {19, 66, *range(91, 96)}


def test_every_line_has_a_test_or_a_reason_and_never_both():
    assert list(lines()) == list(range(1, 101))
    assert held().keys() | NOT_APPLICABLE.keys() == lines().keys()
    assert held().keys() & NOT_APPLICABLE.keys() == set()


def test_only_what_may_be_left_out_is_left_out():
    assert set(NOT_APPLICABLE) <= MAY_BE_LEFT_OUT
    assert all(NOT_APPLICABLE.values())


def test_the_page_is_as_the_tests_are():
    assert PAGE.read_text(encoding="utf-8") == page()


def test_a_test_s_line_is_read_off_its_name():
    assert line_of("test_020_a_valid_body[sqlite]") == 20
    assert line_of("test_every_line") is None


def test_a_line_fails_where_one_of_its_tests_failed_or_none_has_run():
    outcomes = Outcomes()
    for number in lines().keys() - NOT_APPLICABLE.keys() - {20}:
        outcomes.passed[number] = 1
    assert table(outcomes)[1] == {"passed": 93, "failed": 1, "not applicable": 6}

    outcomes.passed[20] = 2
    assert table(outcomes)[1] == {"passed": 94, "failed": 0, "not applicable": 6}
    outcomes.failed[20].append("test_020_a_valid_body[sqlite]")
    assert table(outcomes)[1] == {"passed": 93, "failed": 1, "not applicable": 6}

"""Time limits by kind, and a clock that stands still while the provider has to bring something."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clocks import Clock, Kind, Priority, TimeLimit, limit_for, limits
from app.domain.codes import ClaimUse, Coding
from app.domain.decisions import Ending
from tests.builders import NOW

WEEK = timedelta(days=7)
KIND = Kind(ClaimUse.PREAUTHORIZATION, Priority.NORMAL)
RUNNING = Clock(KIND, NOW, NOW + WEEK)
PHARMACY = Coding("http://terminology.hl7.org/CodeSystem/claim-type", "pharmacy")
ORAL = Coding(PHARMACY.system, "oral")


def after(**time: float):
    return NOW + timedelta(**time)


# --- how a rule is spelled


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=72h",
        "claims=30d",
        "claim/urgent=30d",
        "claim=30",
        "claim=0d",
        "claim=-1d",
        "claim=1.5d",
        "claim=3651d",
        f"claim//{'t' * 256}=1d",
        "claim=30 d",
        "claim",
    ],
)
def test_what_is_no_time_limit_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        TimeLimit.parse(text)


@pytest.mark.parametrize(
    ("text", "kind", "within"),
    [
        ("claim=30d", Kind(ClaimUse.CLAIM), timedelta(days=30)),
        ("claim=3650d", Kind(ClaimUse.CLAIM), timedelta(days=3650)),
        ("claim/deferred=90m", Kind(ClaimUse.CLAIM, Priority.DEFERRED), timedelta(minutes=90)),
        ("predetermination/stat=72h", Kind(ClaimUse.PREDETERMINATION, Priority.STAT), 3 * WEEK / 7),
        (f"claim//{'t' * 255}=7d", Kind(ClaimUse.CLAIM, None, "t" * 255), WEEK),
        ("claim//oral=7d", Kind(ClaimUse.CLAIM, None, "oral"), WEEK),
        ("claim//http://x.test/a/=1h", Kind(ClaimUse.CLAIM, None, "http://x.test/a/"), WEEK / 168),
        (
            "claim/normal/http://a.test/b=c|oral=7d",
            Kind(ClaimUse.CLAIM, Priority.NORMAL, "http://a.test/b=c|oral"),
            WEEK,
        ),
    ],
)
def test_a_time_limit_is_read_and_written_alike(text, kind, within):
    assert TimeLimit.parse(text) == TimeLimit(kind, within)
    assert str(TimeLimit(kind, within)) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("claim=60m", "claim=1h"), ("claim=3d", "claim=72h"), ("claim=96h", "claim=4d")],
)
def test_one_time_is_told_in_one_way(text, canonical):
    assert str(TimeLimit.parse(text)) == canonical


# --- which rule holds


@pytest.mark.parametrize(
    ("use", "priority", "within"),
    [
        ("claim", "stat", timedelta(days=30)),
        ("claim", "normal", timedelta(days=30)),
        ("preauthorization", "stat", timedelta(hours=72)),
        ("preauthorization", "normal", timedelta(days=7)),
        ("preauthorization", "deferred", timedelta(days=7)),
        ("predetermination", "stat", timedelta(hours=72)),
        ("predetermination", "deferred", timedelta(days=7)),
    ],
)
def test_without_rules_of_its_own_a_payer_has_the_defaults(use, priority, within):
    assert limit_for((), ClaimUse(use), Priority(priority), ORAL).within == within


@pytest.mark.parametrize(
    ("priority", "type", "rule"),
    [
        ("normal", ORAL, "preauthorization=5d"),
        ("stat", ORAL, "preauthorization/stat=72h"),
        ("normal", PHARMACY, "preauthorization//pharmacy=24h"),
        # A rule with a type is nearer than the default for everything that is urgent.
        ("stat", PHARMACY, "preauthorization//pharmacy=24h"),
        ("deferred", PHARMACY, "preauthorization/deferred/pharmacy=96h"),
        ("deferred", None, "preauthorization/deferred=10d"),
    ],
)
def test_of_several_rules_the_one_about_the_type_then_about_the_priority_holds(
    priority, type, rule
):
    own = tuple(
        TimeLimit.parse(text)
        for text in (
            "preauthorization=5d",
            "preauthorization/deferred=10d",
            "preauthorization//pharmacy=24h",
            "preauthorization/deferred/pharmacy=96h",
        )
    )

    found = limit_for(own, ClaimUse.PREAUTHORIZATION, Priority(priority), type)

    assert found == TimeLimit.parse(rule)


@pytest.mark.parametrize("code", ["emergency", "pharmacy"])
def test_of_two_rules_about_a_type_the_one_with_its_system_holds(code):
    """The alphabet decides nothing: one code sorts before `http`, the other after it."""
    named = TimeLimit.parse(f"claim//http://x.test|{code}=2h")
    own = (TimeLimit.parse(f"claim//{code}=1h"), named)

    ours, theirs = (
        limit_for(own, ClaimUse.CLAIM, Priority.NORMAL, Coding(system, code))
        for system in ("http://x.test", "http://y.test")
    )

    assert (ours, theirs) == (named, own[0])


@pytest.mark.parametrize(("type", "days"), [(PHARMACY, 1), (Coding("other", "pharmacy"), 7)])
def test_a_type_with_a_system_is_of_that_system(type, days):
    own = (TimeLimit.parse(f"preauthorization//{PHARMACY.key}=24h"),)

    found = limit_for(own, ClaimUse.PREAUTHORIZATION, Priority.NORMAL, type)

    assert found.within == timedelta(days=days)


def test_a_rule_takes_the_place_of_one_of_its_kind():
    told = [str(one) for one in limits((TimeLimit.parse("claim=14d"),))]

    assert told == [
        "claim=14d",
        "preauthorization=7d",
        "preauthorization/stat=72h",
        "predetermination=7d",
        "predetermination/stat=72h",
    ]


# --- the clock, by hand


def test_two_days_of_waiting_move_the_due_date_by_two_days():
    asked = RUNNING.paused(after(days=1))
    back = asked.resumed(after(days=3))
    ended = back.ended(after(days=4, hours=6), Ending.APPROVED)

    assert (asked.left(after(days=2)), asked.elapsed(after(days=2))) == (
        timedelta(days=6),
        timedelta(days=1),
    )
    assert (back.decide_by, back.left(after(days=3))) == (after(days=9), timedelta(days=6))
    assert (ended.elapsed(after(days=99)), ended.paused_for) == (
        timedelta(days=2, hours=6),
        timedelta(days=2),
    )
    assert ended.left(after(days=99)) == timedelta(days=4, hours=18)
    assert (ended.is_extended, RUNNING.is_extended) == (True, False)


def test_a_clock_that_ends_while_it_stands_still_has_waited_until_then():
    ended = RUNNING.paused(after(days=1)).ended(after(days=20), Ending.CANCELLED)

    assert (ended.paused_at, ended.paused_for) == (None, timedelta(days=19))
    assert ended.elapsed(after(days=20)) == timedelta(days=1)
    assert not ended.is_breached(after(days=99))


@pytest.mark.parametrize(
    ("at", "is_breached"), [(after(days=7), False), (after(days=7, microseconds=1), True)]
)
def test_the_last_moment_is_in_time(at, is_breached):
    assert RUNNING.is_breached(at) is is_breached
    assert RUNNING.ended(at, Ending.DENIED).is_breached(after(days=30)) is is_breached
    # What stood still before is not late, however long it does.
    assert not RUNNING.paused(after(days=6)).is_breached(at)


# --- the clock, whatever happens

SOON = st.timedeltas(timedelta(0), timedelta(days=20))
MOVES = st.lists(st.tuples(st.sampled_from(["pause", "resume"]), SOON), max_size=8)


def moved(moves):
    """A clock after these moves, each so long after the one before, and the instant of the last."""
    clock, now = RUNNING, NOW
    for move, pause in moves:
        now += pause
        clock = clock.paused(now) if move == "pause" else clock.resumed(now)
    return clock, now


@given(MOVES, SOON, st.booleans())
def test_what_ran_and_what_waited_is_all_the_time_there_was(moves, pause, is_ended):
    clock, now = moved(moves)
    now += pause
    if is_ended:
        clock = clock.ended(now, Ending.DENIED)

    assert clock.elapsed(now) + clock.waited(now) == now - NOW
    assert clock.elapsed(now) >= timedelta(0)
    assert clock.waited(now) >= timedelta(0)
    assert clock.left(now) + clock.elapsed(now) == WEEK
    assert clock.is_breached(now) is (clock.elapsed(now) > WEEK)


@given(MOVES, SOON, SOON)
def test_a_pause_takes_nothing_of_what_is_left(moves, pause, later):
    clock, now = moved(moves)

    back = clock.paused(now).resumed(now + pause)

    assert back.left(now + pause) == clock.left(now)
    assert back.left(now + pause + later) == clock.resumed(now).left(now + later)


@given(MOVES, SOON)
def test_nothing_moves_a_clock_that_has_ended(moves, later):
    clock, now = moved(moves)
    ended = clock.ended(now, Ending.APPROVED)

    for again in (ended.paused(now + later), ended.resumed(now + later)):
        assert again == ended
    assert ended.ended(now + later, Ending.DENIED) == ended

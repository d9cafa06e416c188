"""A process is killed at any point: what is left is before or after, and a retry has one effect.

Points are before and after each statement that changes rows and each commit. An operation of
several transactions may be found between two of them, and nowhere else.
"""

from collections import Counter

import pytest

from tests.builders import an_eligibility_request, identifier
from tests.reliability.crash.operations import OPERATIONS
from tests.reliability.crash.places import Copies, File
from tests.reliability.crash.renaming import AGAIN, FIRST
from tests.reliability.crash.scene import Scene

# In the short form, on SQLite, where each point costs a copy of a file.
OF_EACH_KIND = ("submit", "cancel", "poll", "adjudicate a batch")
# Several transactions; everything else is one.
IN_PARTS = {"adjudicate one", "adjudicate a batch", "adjudicate again", "payment run"}
# Its effect is one, and each time that it is asked for is told.
TOLD_EACH_TIME = {"acknowledge"}


def _case(backend, name, *, is_long):
    marks = pytest.mark.soak if is_long else ()
    length = "every point" if is_long else "short"
    return pytest.param(backend, name, is_long, marks=marks, id=f"{backend} {name} {length}")


each_operation = pytest.mark.parametrize(
    ("backend", "name", "is_long"),
    [
        *(_case("sqlite", name, is_long=False) for name in OF_EACH_KIND),
        *(
            _case(backend, name, is_long=True)
            for backend in ("sqlite", "postgresql")
            for name in OPERATIONS
        ),
    ],
    indirect=["backend"],
)

# From Python 3.12 on a fork beside other threads is warned of. What runs in the other process is
# this test alone, on connections of its own, until it is killed.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


@pytest.fixture
def scene(backend, database, request, tmp_path):
    if backend == "sqlite":
        place = File(database, tmp_path / "eclaims.sqlite3")
    else:
        place = Copies(database, request.getfixturevalue("cluster"))
    begun = Scene(place)
    yield begun
    begun.store.close()


@each_operation
def test_killed_anywhere_it_leaves_before_or_after_and_a_retry_has_one_effect(
    scene, name, is_long, figures
):
    act = OPERATIONS[name](scene)
    scene.keep()
    states = [scene.state()]
    scene.ids.begin(FIRST)
    scene.store.begin()
    scene.store.at_commit = lambda: states.append(scene.state())
    answer = act()
    scene.store.at_commit = lambda: None
    points, done = list(scene.store.points), scene.renamed(answer)
    figures |= {"points": len(points), "commits": len(states) - 1}
    assert states[0] != states[-1]
    assert len(states) == 2 or name in IN_PARTS

    retried: set[int] = set()
    for number, point in enumerate(points):
        if not is_long and point.name.startswith("after") and point.name != "after commit":
            # Nothing happens from here to the next point.
            continue
        scene.put_back()
        scene.killed_at(number, act)

        assert scene.state() == states[point.commits], (number, point)
        # From equal states a retry does the same: the short form tries it once from each.
        if is_long or point.commits not in retried:
            retried.add(point.commits)
            scene.ids.begin(AGAIN)
            again = scene.renamed(act())
            more = [line for line in (again - done).elements() if not line.startswith("audit")]
            assert (more, done - again) == ([], Counter()), (number, point)
            is_told = name in TOLD_EACH_TIME and point.commits == len(states) - 1
            assert (again - done).total() == is_told, (number, point)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("identity", "effects"), [("E", 1), (None, 2)])
def test_what_has_no_identity_is_found_to_be_done_twice(scene, identity, effects):
    own = [identifier("http://happyvalley.test/eligibility", identity)] if identity else None
    question = an_eligibility_request(identifier=own)
    scene.ids.begin(FIRST)
    first = scene.renamed(scene.wire.post("CoverageEligibilityRequest", question).text)

    scene.ids.begin(AGAIN)
    again = scene.renamed(scene.wire.post("CoverageEligibilityRequest", question).text)

    assert (again == first) == (effects == 1)
    assert len(scene.state()["submission"]) == effects

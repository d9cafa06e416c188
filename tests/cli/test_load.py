"""`eclaims load`: everything that can be used, or nothing and every reason."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.parties import Scope
from app.settings import read as read_settings
from tests.builders import a_claim, a_coverage


def patient(id: str, **elements):
    return {"resourceType": "Patient", "id": id, "birthDate": "1984-07-19", **elements}


def written(folder: Path, name: str, *documents) -> Path:
    """A file of JSON, or of NDJSON where there are several or the name says so."""
    file = folder / name
    file.write_text("\n".join(json.dumps(each, default=float) for each in documents))
    return file


def bundle(*resources):
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": each} for each in resources],
    }


def kept(eclaims, type: str, id: str) -> tuple[int, str] | None:
    """Version and text of what the payer has; None where it has nothing."""
    from app import create_installation

    payer = eclaims.json("payer", "list")[0]["payer_id"]
    installation = create_installation(read_settings(eclaims.instance, {}))
    try:
        found = installation.read(Scope(payer), lambda work: work.resources.find(type, id))
    finally:
        installation.store.close()
    return None if found is None else (found.version, found.text)


# --- what is refused: nothing is loaded, and every problem is told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("", "bad.json: ", id="empty"),
        pytest.param('{\n"resourceType": }', "not JSON at line 2", id="no-json"),
        pytest.param("[]", "bad.json: ", id="list"),
        pytest.param('{"id": "a"}', "resourceType", id="no-type"),
        pytest.param('{"resourceType": "Nonsense"}', "no such resource type", id="unknown-type"),
        pytest.param(
            '{"resourceType": "Patient", "id": "p", "birthDate": "soon"}',
            "(Patient.birthDate)",
            id="bad-date",
        ),
        pytest.param(json.dumps(a_claim(), default=float), "Claim is not reference", id="claim"),
        pytest.param(
            json.dumps({"resourceType": "Bundle", "type": "collection", "entry": {}}),
            "Bundle.entry",
            id="bundle",
        ),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(on_sqlite, tmp_path, text, told):
    bad, good = tmp_path / "bad.json", written(tmp_path, "good.json", patient("good"))
    bad.write_text(text)

    result = on_sqlite("load", good, bad)

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Nothing was loaded.\n")
    assert str(bad) in result.stderr
    assert told in result.stderr
    assert kept(on_sqlite, "Patient", "good") is None


def test_every_bad_line_of_every_file_is_told(on_sqlite, tmp_path):
    first = tmp_path / "first.ndjson"
    first.write_text(
        f"{json.dumps(patient('a'))}\n\n{{\n{json.dumps(patient('b', gender='x', colour=1))}\n"
    )
    second = written(tmp_path, "second.json", bundle(patient("c"), patient("d", gender="x")))

    result = on_sqlite("load", first, second)

    lines = result.stderr.splitlines()
    assert result.exit_code == 1
    assert [line.partition(": ")[0] for line in lines[1:]] == [
        f"{first}:3",
        f"{first}:4",
        str(second),
    ]
    assert "Patient.gender" in lines[2]
    assert "colour" in lines[2]
    assert "entry[1]" in lines[3]
    assert kept(on_sqlite, "Patient", "a") is None


def test_a_plan_that_nobody_could_apply_is_told_by_its_name(on_sqlite, tmp_path):
    plan = {
        "resourceType": "InsurancePlan",
        "id": "gold",
        "identifier": [{"value": "gold"}],
        "plan": [{"generalCost": [{"type": {"text": "whatever"}}]}],
    }
    file = written(tmp_path, "plans.ndjson", patient("a"), plan)

    result = on_sqlite("load", file)

    assert result.exit_code == 1
    assert f"{file}:2, InsurancePlan/gold" in result.stderr
    assert kept(on_sqlite, "Patient", "a") is None


def test_a_second_plan_of_the_same_name_is_refused(on_sqlite, tmp_path):
    plan = {
        "resourceType": "InsurancePlan",
        "id": "mine",
        "identifier": [{"value": "default"}],
        "status": "active",
    }
    result = on_sqlite("load", written(tmp_path, "plan.json", plan))

    assert result.exit_code == 1
    assert "InsurancePlan/mine: Another InsurancePlan has the identifier value default." in (
        result.stderr
    )

    plan["identifier"][0]["value"] = "gold"
    assert on_sqlite("load", written(tmp_path, "plan.json", plan)).exit_code == 0


def test_very_many_problems_are_counted(on_sqlite, tmp_path):
    file = written(tmp_path, "many.ndjson", *(patient(f"p{n}", gender="x") for n in range(25)))

    lines = on_sqlite("load", file).stderr.splitlines()

    assert len(lines) == 22
    assert lines[-1] == "… and 5 more"


def test_a_file_that_is_not_there_is_bad_usage(on_sqlite, tmp_path):
    assert on_sqlite("load", tmp_path / "none.json").exit_code == 2


def test_a_payer_that_is_not_there_is_refused(on_sqlite, tmp_path):
    result = on_sqlite("load", written(tmp_path, "p.json", patient("a")), "--payer", "Nobody")

    assert result.exit_code == 1
    assert "There is no payer 'Nobody'" in result.stderr


def test_nothing_to_load_and_a_set_that_nobody_ships_are_bad_usage(on_sqlite):
    for words in (["load"], ["load", "--shipped", "hearing"]):
        result = on_sqlite(*words)
        assert result.exit_code == 2
        assert "dental" in result.stderr or "--list" in result.stderr


# --- what is loaded


def test_a_shipped_set_is_loaded_beside_files(on_sqlite, tmp_path):
    file = written(tmp_path, "p.json", patient("a"))

    assert on_sqlite.json("load", file, "--shipped", "dental", "--shipped", "family") == {
        "added": 43
    }

    assert kept(on_sqlite, "Patient", "a") is not None
    assert kept(on_sqlite, "Coverage", "example-dental-maria") is not None
    assert "1500.00" in kept(on_sqlite, "InsurancePlan", "example-dental-plan")[1]
    assert kept(on_sqlite, "InsurancePlan", "example-medical-plan") is None
    assert on_sqlite.json("load", "--shipped", "dental") == {"unchanged": 30}


def test_the_shipped_sets_are_listed_and_nothing_is_loaded(eclaims):
    listed = eclaims.json("load", "--list")

    assert [one["name"] for one in listed] == ["dental", "medical", "family"]
    assert listed[2]["resources"] == {"Coverage": 8, "Patient": 4}
    assert "medical" in eclaims("load", "--list").stdout
    assert not eclaims.instance.exists()


def test_a_resource_a_bundle_and_lines_are_loaded_under_their_ids(installed, tmp_path):
    files = [
        written(tmp_path, "one.json", patient("a")),
        written(tmp_path, "bundle.json", bundle(patient("b"), a_coverage())),
        written(tmp_path, "lines.ndjson", patient("c"), patient("d")),
        written(tmp_path, "lines.jsonl", patient("e")),
    ]

    assert installed.json("load", *files) == {"added": 6}

    assert all(kept(installed, "Patient", id) for id in "abcde")
    assert kept(installed, "Coverage", "coverage-M1") is not None


def test_numbers_keep_their_zeros(on_sqlite, tmp_path):
    file = tmp_path / "coverage.json"
    cost = (
        '"costToBeneficiary": [{"type": {"text": "visit"}, '
        '"valueMoney": {"value": 10.10, "currency": "EUR"}}]'
    )
    file.write_text(json.dumps(a_coverage()).removesuffix("}") + f", {cost}}}")

    on_sqlite.json("load", file)

    assert "10.10" in kept(on_sqlite, "Coverage", "coverage-M1")[1]


def test_more_than_one_batch_is_loaded(on_sqlite, tmp_path):
    file = written(tmp_path, "many.ndjson", *(patient(f"p{n}") for n in range(401)))

    assert on_sqlite.json("load", file) == {"added": 401}


def test_a_bundle_of_nothing_loads_nothing(on_sqlite, tmp_path):
    file = written(tmp_path, "empty.json", {"resourceType": "Bundle", "type": "collection"})

    assert on_sqlite.json("load", file) == {}


def test_off_a_terminal_there_is_no_progress(on_sqlite, tmp_path):
    result = on_sqlite("load", written(tmp_path, "p.json", patient("a")))

    assert (result.stdout, result.stderr) == ("1 added\n", "")


def test_on_a_terminal_there_is_progress_and_none_with_json(on_sqlite, tmp_path):
    file = written(tmp_path, "p.json", patient("a"))
    words = [sys.executable, "-m", "app.cli", "load", file, "--instance", on_sqlite.instance]

    def on_a_terminal(*options: str) -> tuple[bytes, bytes]:
        reading, writing = os.openpty()
        with os.fdopen(reading, "rb", buffering=0) as screen:
            done = subprocess.run(
                [*words, *options], stdout=subprocess.PIPE, stderr=writing, check=True
            )
            os.write(writing, b"|")
            os.close(writing)
            return done.stdout, screen.read(100_000)

    assert on_a_terminal("--json") == (b'{\n  "added": 1\n}\n', b"|")
    out, shown = on_a_terminal()
    assert out == b"1 unchanged\n"
    assert b"Loading" in shown


# --- what happens twice


def test_what_is_loaded_again_replaces_what_is_there(installed, tmp_path):
    file = written(tmp_path, "people.ndjson", patient("a"), patient("b"))
    assert installed.json("load", file) == {"added": 2}
    written(tmp_path, "people.ndjson", patient("a"), patient("b", gender="female"))

    assert installed.json("load", file) == {"unchanged": 1, "replaced": 1}

    assert kept(installed, "Patient", "a")[0] == 1
    version, text = kept(installed, "Patient", "b")
    assert (version, json.loads(text)["gender"]) == (2, "female")


def test_two_payers_may_have_the_same_id(on_sqlite, tmp_path):
    on_sqlite.json("payer", "add", "Second")
    file = written(tmp_path, "p.json", patient("a"))

    assert on_sqlite.json("load", file) == {"added": 1}
    assert on_sqlite.json("load", file, "--payer", "Second") == {"added": 1}

"""The threat model names its proofs, and each is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
PROOF = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
PROOFS = sorted(set(PROOF.findall(PAGE)))


def rows():
    """The rows of the tables of risks and safeguards: their cells."""
    cells = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if "::test_" in line]
    return [[cell.strip(" |") for cell in row] for row in cells]


def named_in(file):
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}


@pytest.mark.parametrize(("file", "name"), PROOFS, ids=[name for _, name in PROOFS])
def test_a_proof_that_is_named_is_a_test(file, name):
    assert name.startswith("test_")
    assert name in named_in(file)


def test_a_proof_that_is_not_there_would_be_noticed():
    file, name = PROOFS[0]

    assert f"{name}_at_all" not in named_in(file)


def test_each_of_the_ten_risks_has_a_row_with_a_control_a_requirement_and_a_proof():
    found = rows()

    assert [row[0].partition(",")[0] for row in found[:10]] == [f"API{n}" for n in range(1, 11)]
    for row in found:
        assert len(row[1]) > 20, row[0]
        assert re.match(r"\d+\.\d+\.\d+|164\.312\(", row[2]), row[0]
        assert PROOF.findall(row[3]), row[0]
        assert PROOF.sub("", row[3]).strip(" ,") == "", row[0]

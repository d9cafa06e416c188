"""Revisions after 0012 let the version before run on beside them, and keep nobody waiting.

CONTRIBUTING.md, "A table or column", tells the rule; here each revision is read and held to it.
"""

import ast
from pathlib import Path

import pytest

from app.store import migrations

VERSIONS = Path(migrations.__file__).parent / "versions"
FIRST = "0013"
# What the version before still reads or writes must not go. A revision that takes away what nothing
# uses any more says so: CONTRACTS = "what, and since which revision nothing uses it".
GOING = {"drop_column", "drop_table", "rename_table", "drop_constraint"}
DECLARED = "CONTRACTS"


def broken(source):
    """What a revision does in `upgrade` that it must not."""
    tree = ast.parse(source)
    declared = any(
        isinstance(one, ast.Assign) and one.targets[0].id == DECLARED for one in tree.body
    )
    [upgrade] = [one for one in tree.body if getattr(one, "name", None) == "upgrade"]
    calls = [one for one in ast.walk(upgrade) if isinstance(one, ast.Call)]
    new = {_text(one, 0) for one in calls if _name(one) == "create_table"}
    found = (_broken(one, new, declared) for one in calls)
    return sorted({told for told in found if told is not None})


def _broken(call, new, declared):
    name = _name(call)
    if name in GOING and not declared:
        return name
    if name == "alter_column" and not declared:
        return "alter_column"
    if name == "execute" and not declared and _is_ddl_that_takes_away(call):
        return "execute"
    if name == "create_index" and _is_of_op(call) and _text(call, 1) not in new:
        return "create_index of a table that is there"
    if name == "add_column" and _is_mandatory(call.args[1]):
        return "a column that the version before does not fill"
    return None


def _is_ddl_that_takes_away(call):
    words = (ast.unparse(call.args[0]) if call.args else "").upper()
    return any(word in words for word in ("DROP ", "RENAME ", " TYPE ", "SET NOT NULL"))


def _is_mandatory(column):
    keywords = {one.arg: one.value for one in column.keywords}
    is_nullable = keywords.get("nullable")
    has_default = "server_default" in keywords
    return isinstance(is_nullable, ast.Constant) and is_nullable.value is False and not has_default


def _name(call):
    return getattr(call.func, "attr", getattr(call.func, "id", None))


def _is_of_op(call):
    return isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", None) == "op"


def _text(call, place):
    if len(call.args) <= place:
        return None
    return (
        ast.literal_eval(call.args[place]) if isinstance(call.args[place], ast.Constant) else None
    )


@pytest.mark.parametrize(
    "file", [one.name for one in sorted(VERSIONS.glob("0*.py")) if one.name >= FIRST]
)
def test_a_revision_lets_the_version_before_run_on(file):
    assert broken((VERSIONS / file).read_text()) == []


@pytest.mark.parametrize(
    ("refused", "accepted"),
    [
        ('op.drop_column("task", "note")', 'op.add_column("task", sa.Column("note", sa.Text))'),
        ('op.drop_table("task")', 'op.create_table("other", sa.Column("id", sa.Text))'),
        ('op.rename_table("task", "job")', 'op.create_table("job", sa.Column("id", sa.Text))'),
        (
            'op.alter_column("task", "a", new_column_name="b")',
            'op.execute("UPDATE task SET b = a")',
        ),
        ('op.execute("ALTER TABLE task RENAME a TO b")', 'op.execute("UPDATE task SET b = a")'),
        ('op.create_index("i", "task", ["a"])', 'create_index("i", "task", ["a"])'),
        (
            'op.create_index("i", "task", ["a"])',
            'op.create_table("task", sa.Column("a", sa.Text)); op.create_index("i", "task", ["a"])',
        ),
        (
            'op.add_column("task", sa.Column("a", sa.Text, nullable=False))',
            'op.add_column("task", sa.Column("a", sa.Text, nullable=False, server_default="x"))',
        ),
        (
            'op.add_column("task", sa.Column("a", sa.Text, nullable=False))',
            'op.create_table("task", sa.Column("a", sa.Text, nullable=False))',
        ),
    ],
    ids=range(1, 10),
)
def test_what_would_stop_the_version_before_is_found(refused, accepted):
    assert broken(f"def upgrade():\n    {refused}\n") != []
    assert broken(f"def upgrade():\n    {accepted}\n") == []


def test_what_nothing_uses_any_more_goes_where_that_is_declared():
    goes = 'def upgrade():\n    op.drop_column("task", "note")\n'

    assert broken(goes) == ["drop_column"]
    assert broken(f'{DECLARED} = "task.note, since 0014"\n{goes}') == []

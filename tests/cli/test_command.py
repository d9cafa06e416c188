"""The command as a whole: what it says of itself, and how it ends."""

import subprocess
import sys

import click
import pytest

from app.cli import main
from app.cli.faults import Commands
from app.cli.options import NO_ANSWER
from app.store.database.engine import Busy, CommitUnknown, DiskFull


def commands(group: click.Group, *path: str):
    """Every command that does something, by its words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield pytest.param((*path, name), command, id=" ".join((*path, name)))


ALL = list(commands(main))


@pytest.mark.parametrize(("words", "command"), ALL)
def test_every_command_tells_what_it_does_and_takes(eclaims, words, command):
    result = eclaims.runner.invoke(main, [*words, "--help"])

    assert result.exit_code == 0
    assert command.help
    names = {option for each in command.params for option in each.opts}
    assert "--instance" in names or words == ("demo",)
    assert "--json" in names or words == ("serve",)
    assert "--json" not in names or "--json" in result.output


@pytest.mark.parametrize(
    ("words", "command"), [each for each in ALL if each.id not in {"init", "demo"}]
)
def test_every_command_says_how_to_begin(eclaims, words, command, tmp_path):
    needed = {
        "load": [__file__],
        "submitter add": ["A", "--identifier", "a|b"],
        "requeue": ["parked"],
        "pay proof": ["1"],
        "submitter scope": ["A", "--everything"],
        "submitter disable": ["A"],
        "submitter rotate": ["A"],
        "submitter keys": ["A"],
        "payer client": ["A", "--jwks-url", "https://a.test/jwks.json"],
        "keys retire": ["A"],
        "payer add": ["A"],
        "payer token": ["A"],
        "nullify approve": ["A"],
        "nullify refuse": ["A"],
        "hold": ["Claim/1"],
        "replay": ["Claim/1"],
        "review distinct": ["Claim/1"],
        "review duplicate": ["Claim/1"],
        "review again": ["Claim/1"],
        "decisions": ["--from", "2026-01-01", "--to", "2026-02-01"],
        "db downgrade": ["base", "--yes"],
        "backup": [str(tmp_path / "to")],
        "restore": [str(tmp_path)],
        "tombstones export": [str(tmp_path / "list")],
        "tombstones apply": [__file__],
    }

    result = eclaims(*words, *needed.get(" ".join(words), []))

    assert result.exit_code == 1
    told = f"Error: {eclaims.instance} is no installation yet: run `eclaims init` for it first.\n"
    assert result.stderr == told


@pytest.mark.parametrize("words", [["nonsense"], ["payer", "nonsense"], ["serve", "--nonsense"]])
def test_what_is_not_understood_is_bad_usage(eclaims, words):
    result = eclaims.runner.invoke(main, words)

    assert result.exit_code == 2
    assert "nonsense" in result.stderr


def test_settings_that_are_wrong_are_told_in_one_line(on_sqlite):
    result = on_sqlite("payer", "list", ECLAIMS_PORT="many")

    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {on_sqlite.instance}/settings.toml: ECLAIMS_PORT is no port from 1 to 65535\n"
    )
    assert on_sqlite("payer", "list", ECLAIMS_PORT="8081").exit_code == 0


def test_a_database_that_went_away_is_told_in_one_line(on_sqlite):
    result = on_sqlite("payer", "list", ECLAIMS_DATABASE="postgresql://u@127.0.0.1:1/none")

    assert result.exit_code == 1
    assert result.stderr == f"Error: {NO_ANSWER}\n"


def test_a_folder_that_may_not_be_read_is_told_in_one_line(eclaims, instance):
    (instance / "settings.toml").mkdir(parents=True)

    result = eclaims("payer", "list")

    assert result.exit_code == 1
    assert result.stderr == f"Error: {instance}/settings.toml cannot be read: Is a directory\n"


# --- what happens when something outside fails while a command runs


@pytest.fixture
def failing():
    """A command that ends in a fault of the test's choice."""

    def run(fault):
        @click.group(cls=Commands)
        def group():
            pass

        @group.command()
        def fail():
            raise fault

        return group, ["fail"]

    return run


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        pytest.param(Busy(), "The database does not answer", id="busy"),
        pytest.param(DiskFull(), "The disk is full", id="disk-full"),
        pytest.param(CommitUnknown(), "look what is there", id="commit-unknown"),
        pytest.param(
            PermissionError(13, "Permission denied", "/var/lib/x"),
            "/var/lib/x: Permission denied.",
            id="permission",
        ),
    ],
)
def test_a_fault_from_outside_is_one_line_and_exit_code_1(eclaims, failing, fault, told):
    result = eclaims.runner.invoke(*failing(fault))

    assert result.exit_code == 1
    assert told in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_interrupt_ends_quietly(eclaims, failing):
    result = eclaims.runner.invoke(*failing(KeyboardInterrupt()))

    assert (result.exit_code, result.output) == (130, "")


def test_a_fault_of_ours_keeps_its_traceback(eclaims, failing):
    group, words = failing(ZeroDivisionError("ours"))

    assert isinstance(eclaims.runner.invoke(group, words).exception, ZeroDivisionError)


# --- what it costs to ask


def imported_by(*words: str) -> set[str]:
    """The top-level packages that a command imports, in a process of its own."""
    code = (
        "import sys\n"
        "from app.cli import main\n"
        f"main({list(words)!r}, standalone_mode=False)\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.splitlines()}


HEAVY = {"flask", "sqlalchemy", "alembic", "fhir", "pydantic", "marshmallow", "granian", "rich"}


@pytest.mark.parametrize(
    "words",
    [("--help",), ("--version",), ("init", "--help"), ("demo", "--help"), ("payer", "--help")],
    ids=" ".join,
)
def test_asking_for_help_imports_nothing_heavy(words):
    assert imported_by(*words) & HEAVY == set()


def test_a_command_that_does_something_imports_what_it_needs(on_sqlite):
    found = imported_by("payer", "list", "--instance", str(on_sqlite.instance))

    assert {"sqlalchemy", "marshmallow"} <= found
    assert "flask" not in found


def test_another_index_key_is_refused_before_anything_is_written_under_it(on_sqlite):
    settings = on_sqlite.instance / "settings.toml"
    written = settings.read_text(encoding="utf-8")
    key = written.partition('index_key = "')[2][:64]
    settings.write_text(written.replace(key, "0" * 64), encoding="utf-8")

    refused = on_sqlite("submitter", "add", "A", "--identifier", "sid|A")
    assert refused.exit_code == 1
    assert "index_key is not the one" in refused.output

    settings.write_text(written, encoding="utf-8")
    assert on_sqlite("submitter", "add", "A", "--identifier", "sid|A").exit_code == 0

"""`eclaims init`: a new installation, or nothing at all."""

import pytest

from app.cli import main
from app.store.database.engine import Store
from tests.cli.processes import free_port
from tests.postgresql import Cluster


@pytest.fixture
def empty_database(request, tmp_path):
    """Databases without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'rows.sqlite3'}"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.create_database()
    yield url
    cluster.drop(url)


# --- what is refused


@pytest.mark.parametrize("name", ["settings.toml", "notes.txt", "eclaims.sqlite3"])
def test_a_folder_that_somebody_lives_in_is_refused(eclaims, instance, name):
    instance.mkdir()
    (instance / name).write_text("mine")

    result = eclaims("init")

    assert result.exit_code == 1
    assert f"is not empty: it holds {name}. Name a new directory." in result.stderr
    assert [(one.name, one.read_text()) for one in instance.iterdir()] == [(name, "mine")]


def test_a_file_is_no_folder(eclaims, instance):
    instance.write_text("mine")

    assert eclaims("init").exit_code == 2


def test_a_database_in_use_is_refused_and_left_alone(eclaims, tmp_path):
    url = f"sqlite:///{tmp_path / 'rows.sqlite3'}"
    eclaims.json("init", "--database", url, "--payer", "First")
    other = type(eclaims)(tmp_path / "other")

    result = other("init", "--database", url)

    assert result.exit_code == 1
    assert "The database is in use: it has the payer 'First'." in result.stderr
    assert not other.instance.exists()
    assert [one["name"] for one in eclaims.json("payer", "list")] == ["First"]


def test_a_database_of_another_version_is_refused_and_not_upgraded(eclaims, tmp_path):
    url = f"sqlite:///{tmp_path / 'rows.sqlite3'}"
    eclaims.json("init", "--database", url)
    store = Store(url)
    store.write(
        lambda connection: connection.exec_driver_sql(
            "UPDATE alembic_version SET version_num = '0000'"
        )
    )
    store.close()

    result = type(eclaims)(tmp_path / "other")("init", "--database", url)

    assert result.exit_code == 1
    assert "The database is in use by another version" in result.stderr


@pytest.mark.parametrize(
    "url",
    ["mysql://here/db", "sqlite:///:memory:", "postgresql://here:port/db", "nonsense"],
)
def test_a_url_of_no_database_of_ours_is_told_in_one_line(eclaims, url):
    result = eclaims("init", "--database", url)

    assert result.exit_code == 1
    assert "database is neither sqlite:///FILE nor postgresql://" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not eclaims.instance.exists()


def test_a_postgresql_out_of_reach_is_told_in_one_line(eclaims):
    url = f"postgresql://nobody:secret@127.0.0.1:{free_port()}/none"

    result = eclaims("init", "--database", url)

    assert result.exit_code == 1
    assert "The database does not answer" in result.stderr
    assert "secret" not in result.stderr
    assert result.stderr.count("\n") == 1
    assert not eclaims.instance.exists()


def test_a_file_in_a_folder_that_is_not_there_is_told(eclaims, tmp_path):
    result = eclaims("init", "--database", f"sqlite:///{tmp_path}/none/rows.sqlite3")

    assert result.exit_code == 1
    assert f"{tmp_path}/none is no directory" in result.stderr
    assert not eclaims.instance.exists()


def test_a_file_that_is_no_database_is_told_and_kept(eclaims, tmp_path):
    file = tmp_path / "letter.txt"
    file.write_text("Dear payer, this is a letter and not a database.\n" * 100)

    result = eclaims("init", "--database", f"sqlite:///{file}")

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert file.read_text().startswith("Dear payer")
    assert not eclaims.instance.exists()


# --- what is done


@pytest.mark.parametrize("empty_database", ["sqlite", "postgresql"], indirect=True)
def test_an_empty_database_gets_a_schema_and_a_payer_with_its_plan(eclaims, empty_database):
    told = eclaims.json("init", "--database", empty_database)

    payers = eclaims.json("payer", "list")
    assert told == {
        "instance": str(eclaims.instance),
        "payer": "Default Payer",
        "payer_id": payers[0]["payer_id"],
    }
    assert [(one["name"], one["default_plan"], one["identifiers"]) for one in payers] == [
        ("Default Payer", "default", [])
    ]


def test_without_a_database_a_file_of_the_owners_alone_is_made(eclaims, instance):
    result = eclaims("init")

    assert result.exit_code == 0
    assert f"eclaims serve --instance {instance}" in result.output
    assert f"Copy {instance / 'keys.json'} to a safe place" in result.output
    assert instance.stat().st_mode & 0o777 == 0o700
    modes = {one.name: one.stat().st_mode & 0o777 for one in instance.iterdir()}
    assert modes["settings.toml"] == modes["eclaims.sqlite3"] == 0o600


def test_a_folder_with_only_its_two_pages_counts_as_empty(eclaims, instance):
    instance.mkdir()
    for name in ("README.md", "settings.example.toml", ".gitignore"):
        (instance / name).write_text("a page")

    assert eclaims("init").exit_code == 0
    assert (instance / "README.md").read_text() == "a page"


def test_the_folder_may_come_from_the_environment(eclaims, instance, tmp_path):
    result = eclaims.runner.invoke(
        main,
        ["init", "--json"],
        env={"ECLAIMS_INSTANCE": str(instance)},
    )

    assert result.exit_code == 0
    assert (instance / "settings.toml").is_file()


def test_a_relative_file_is_the_one_that_was_typed(eclaims, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    eclaims.json("init", "--database", "sqlite:///rows.sqlite3")

    monkeypatch.chdir("/")

    assert (tmp_path / "rows.sqlite3").is_file()
    assert len(eclaims.json("payer", "list")) == 1


# --- what happens twice


def test_what_was_refused_can_be_tried_again(eclaims):
    assert eclaims("init", "--database", "nonsense").exit_code == 1

    assert eclaims("init").exit_code == 0


def test_a_second_init_is_refused_and_changes_nothing(eclaims, instance):
    eclaims.json("init")
    before = (instance / "settings.toml").read_text()

    assert eclaims("init").exit_code == 1
    assert (instance / "settings.toml").read_text() == before

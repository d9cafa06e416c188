"""`eclaims check`: what it looks at, and that a start refuses the same."""

import dataclasses
import json
import tomllib

import pytest

from app import settings
from app.cli.options import Refusal
from app.cli.production import findings, require_production
from app.settings import Settings
from tests.cli.processes import free_port

PRODUCTION = {
    "profile": "production",
    "base_url": "https://claims.payer.example",
    "trusted_proxies": ["10.0.0.5"],
}
# Of parts that a version may be without: what production asks of them where they are.
OTHERS = {"bearer_tokens": False, "encryption": True}
PRODUCTION |= {
    name: value
    for name, value in OTHERS.items()
    if name in {each.name for each in dataclasses.fields(Settings)}
}
RULES = [
    "profile",
    "debug",
    "index key",
    "address",
    "proxy",
    "database connection",
    "one process",
    "files",
    "rate limits",
    "bearer tokens",
    "encryption",
]
EXAMPLE_KEY = "0" * 64
SHOWN_KEY = "0123456789abcdef" * 4


def write(eclaims, **values):
    """Put settings into an installation's file."""
    file = eclaims.instance / "settings.toml"
    kept = tomllib.loads(file.read_text()) | values
    lines = [f"{name} = {json.dumps(value)}" for name, value in kept.items() if value is not None]
    file.write_text("\n".join(lines) + "\n")


def refused(eclaims, **environment):
    """The rules that refuse, with what they say."""
    result = eclaims("check", "--production", "--json", **environment)
    found = json.loads(result.stdout)["findings"]
    assert [one["rule"] for one in found] == RULES
    told = {one["rule"]: one["refused"] for one in found if one["refused"] is not None}
    assert result.exit_code == bool(told)
    return told


@pytest.fixture
def production(on_sqlite):
    """An installation that may go into production."""
    (on_sqlite.instance / "settings.toml").chmod(0o600)
    (on_sqlite.instance.parent / "rows.sqlite3").chmod(0o600)
    write(on_sqlite, **PRODUCTION)
    return on_sqlite


# --- what is refused


@pytest.mark.parametrize(
    ("values", "rule", "told"),
    [
        pytest.param({"profile": "development"}, "profile", "production", id="profile"),
        pytest.param({"log_level": "DEBUG"}, "debug", "log_level", id="debug"),
        pytest.param({"index_key": EXAMPLE_KEY}, "index key", "eclaims init", id="example-key"),
        pytest.param({"index_key": SHOWN_KEY}, "index key", "eclaims init", id="shown-key"),
        pytest.param({"index_key": "abcdef" * 10 + "abcd"}, "index key", "init", id="weak-key"),
        pytest.param({"base_url": None}, "address", "base_url", id="no-address"),
        pytest.param({"base_url": "http://c.example"}, "address", "https", id="plain-http"),
        pytest.param({"trusted_proxies": []}, "proxy", "trusted_proxies", id="no-proxy"),
        pytest.param({"trusted_proxies": ["0.0.0.0/0"]}, "proxy", "0.0.0.0/0", id="everybody"),
        pytest.param(
            {"trusted_proxies": ["10.0.0.0/8", "2000::/3"]}, "proxy", "2000::/3", id="nearly"
        ),
        pytest.param({"rate_limits": False}, "rate limits", "rate_limits", id="no-limits"),
        pytest.param(
            {"database": "postgresql://u@db.example/e"},
            "database connection",
            "sslmode=verify-full",
            id="database-in-the-clear",
        ),
    ],
)
def test_what_must_not_be_so_is_refused_with_what_to_do(production, values, rule, told):
    assert refused(production) == {}
    write(production, **values)

    found = refused(production)

    assert found.keys() == {rule}
    assert told in found[rule]
    assert found[rule].endswith(".")


@pytest.mark.parametrize(
    ("environment", "rule"),
    [
        ({"FLASK_DEBUG": "1"}, "debug"),
        ({"PYTHONDEVMODE": "1"}, "debug"),
        ({"GRANIAN_WORKERS": "2"}, "one process"),
        ({"WEB_CONCURRENCY": "4"}, "one process"),
    ],
)
def test_what_the_environment_says_is_refused_too(production, environment, rule):
    [name] = environment

    found = refused(production, **environment)

    assert found.keys() == {rule}
    assert name in found[rule]
    assert refused(production, **{name: "0" if rule == "debug" else "1"}) == {}


@pytest.mark.parametrize("which", ["settings", "rows"])
@pytest.mark.parametrize("mode", [0o644, 0o602, 0o601], ids=oct)
def test_files_that_everybody_may_open_are_refused(production, which, mode):
    folder = production.instance
    file = folder / "settings.toml" if which == "settings" else folder.parent / "rows.sqlite3"
    file.chmod(mode)

    found = refused(production)

    assert found.keys() == {"files"}
    assert str(file) in found["files"]
    file.chmod(0o640)
    assert refused(production) == {}


@pytest.mark.parametrize("words", [["serve", "--port", "0"], ["work", "--once"]])
def test_a_start_refuses_what_the_check_refuses(production, words):
    words = [str(free_port()) if one == "0" else one for one in words]
    write(production, base_url=None, rate_limits=False)

    result = production(*words)

    assert result.exit_code == 1
    told = refused(production)
    assert result.stderr.splitlines()[1:] == [f"  {one}" for one in told.values()]
    assert len(told) == 2


def test_a_start_in_development_refuses_nothing_of_it(production):
    write(production, profile="development", base_url=None, rate_limits=False)

    assert production("work", "--once").exit_code == 0
    write(production, **PRODUCTION, rate_limits=None)
    assert production("work", "--once").exit_code == 0


@pytest.mark.parametrize("setting", OTHERS)
def test_a_setting_of_another_part_counts_where_there_is_one(production, setting):
    more = dataclasses.make_dataclass(
        "More",
        [(name, bool, value) for name, value in OTHERS.items()],
        bases=(Settings,),
        frozen=True,
    )
    read = settings.read(production.instance, {})
    kept = {one.name: getattr(read, one.name) for one in dataclasses.fields(read)}
    good = more(**kept | OTHERS)
    bad = dataclasses.replace(good, **{setting: not OTHERS[setting]})

    [refusal] = [one for one in findings(bad, {}) if one.refused]
    assert refusal.rule == setting.replace("_", " ")
    with pytest.raises(Refusal, match="This is no start for production"):
        require_production(bad, {})
    assert [one.rule for one in findings(good, {}) if one.refused] == []
    require_production(good, {})


def test_a_database_that_does_not_answer_is_told(production):
    write(production, database="postgresql://u@127.0.0.1:1/none")

    result = production("check", "--production")

    assert result.exit_code == 1
    assert "The database does not answer" in result.stderr


# --- what is done


def test_a_server_in_production_tells_browsers_to_stay(production, processes):
    gateway = processes.serve()

    for answer in (gateway.get("metadata"), gateway.get("Claim/1"), gateway.ask("GET", "/x")):
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_server_counts_as_its_settings_say(on_sqlite, processes):
    token = on_sqlite.json("submitter", "add", "A", "--identifier", "sid|A")["token"]
    write(on_sqlite, rate_limits=True, requests_at_once=2, requests_per_second=1)
    gateway = processes.serve().as_client(token)

    answers = [gateway.get("Claim/1") for _ in range(30)]

    assert [one.status for one in answers[:2]] == [404, 404]
    told = [one for one in answers if one.status == 429]
    assert {int(one.headers["retry-after"]) for one in told} == {1}
    assert "strict-transport-security" not in told[0].headers


def test_a_fresh_installation_can_be_started(installed):
    result = installed("check")

    assert (result.exit_code, result.stdout) == (0, f"{installed.instance} can be started.\n")


def test_what_is_to_be_done_is_shown_as_a_table(on_sqlite):
    result = on_sqlite("check", "--production")

    assert result.exit_code == 1
    for told in ("Production", "what to do", "base_url", "trusted_proxies", "refused", "ok"):
        assert told in result.stdout
    # A database URL may hold a password, and the key is secret.
    written = tomllib.loads((on_sqlite.instance / "settings.toml").read_text())
    assert written["index_key"] not in result.output


def test_in_production_the_check_needs_no_word_for_it(production):
    assert production("check").exit_code == 0
    write(production, rate_limits=False)

    assert production("check").exit_code == 1
    write(production, profile="development")
    assert production("check").exit_code == 0

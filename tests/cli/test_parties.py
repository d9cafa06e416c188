"""`eclaims payer` and `eclaims submitter`: who may send, and by which rules."""

from pathlib import Path

import pytest

from app.domain.permissions import EVERYTHING
from app.gateway.administering.administration import Administration
from app.settings import read as read_settings


def client_behind(instance: Path, token: str):
    """The client that a token is known as, as the gateway looks it up."""
    from app import create_installation

    installation = create_installation(read_settings(instance, {}))
    try:
        return Administration(installation).client_behind(token)
    finally:
        installation.store.close()


def added(eclaims, name="Happy Valley", *options: str):
    return eclaims.json("submitter", "add", name, "--identifier", f"sid|{name}", *options)


# --- submitters: what is refused


def test_a_submitter_needs_an_identifier(on_sqlite):
    result = on_sqlite("submitter", "add", "Happy Valley")

    assert result.exit_code == 2
    assert "--identifier" in result.stderr


@pytest.mark.parametrize("option", ["--identifier", "--acts-for"])
@pytest.mark.parametrize("spelled", ["", "sid|"])
def test_an_identifier_is_spelled_system_and_value(on_sqlite, option, spelled):
    others = [] if option == "--identifier" else ["--identifier", "sid|1"]

    result = on_sqlite("submitter", "add", "Happy Valley", *others, option, spelled)

    assert result.exit_code == 2
    assert on_sqlite.json("submitter", "list") == []


def test_a_name_is_given_once(on_sqlite):
    added(on_sqlite)

    result = on_sqlite("submitter", "add", "Happy Valley", "--identifier", "sid|2")

    assert result.exit_code == 1
    assert "There is a client 'Happy Valley' already: " in result.stderr
    assert len(on_sqlite.json("submitter", "list")) == 1


def test_a_submitter_of_a_payer_that_is_not_there_is_refused(on_sqlite):
    result = on_sqlite("submitter", "add", "A", "--identifier", "sid|1", "--payer", "Nobody")

    assert result.exit_code == 1
    assert "There is no payer 'Nobody'; `eclaims payer list` shows those there are." in (
        result.stderr
    )


@pytest.mark.parametrize("verb", ["disable", "rotate"])
def test_a_client_that_is_not_there_is_told_with_the_next_step(on_sqlite, verb):
    result = on_sqlite("submitter", verb, "Nobody")

    assert result.exit_code == 1
    assert "There is no single client 'Nobody'; `eclaims submitter list`" in result.stderr


def test_a_name_that_two_payers_have_does_not_tell_which(on_sqlite):
    on_sqlite.json("payer", "add", "Second")
    first = added(on_sqlite)
    second = added(on_sqlite, "Happy Valley", "--payer", "Second")

    assert on_sqlite("submitter", "disable", "Happy Valley").exit_code == 1

    on_sqlite.json("submitter", "disable", "Happy Valley", "--payer", "Second")
    assert client_behind(on_sqlite.instance, second["token"]) is None
    assert client_behind(on_sqlite.instance, first["token"]) is not None


# --- submitters: what is done


def test_a_submitter_is_registered_and_its_token_is_known(installed):
    told = added(installed, "Happy Valley", "--acts-for", "sid|2", "--acts-for", "*")

    assert set(told) == {"client_id", "token", "name", "payer"}
    assert client_behind(installed.instance, told["token"]).id == told["client_id"]
    assert installed.json("submitter", "list") == [
        {
            "client_id": told["client_id"],
            "name": "Happy Valley",
            "kind": "submitter",
            "payer": "Default Payer",
            "identifiers": ["sid|Happy Valley"],
            "acts_for": ["*", "sid|2"],
            "handover": "on-handover",
            "may_enroll": False,
            "scopes": [],
            "disabled_at": None,
        }
    ]


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("system/Claim.sr", "The letters of a scope are of 'cruds', in that order, each once."),
        ("patient/Claim.rs", "A scope is 'system/', a type or *, a dot, and letters of 'cruds'."),
        ("system/Observation.rs", "There are no resources of type Observation here."),
    ],
)
def test_what_is_no_scope_here_is_refused(on_sqlite, scope, told):
    added(on_sqlite)
    for command in (
        ("submitter", "add", "B", "--identifier", "sid|B", "--scope", scope),
        ("submitter", "scope", "Happy Valley", scope),
        ("payer", "token", "Core", "--scope", scope),
    ):
        result = on_sqlite(*command)
        assert result.exit_code == 1
        assert told in result.stderr

    [listed] = on_sqlite.json("submitter", "list")
    assert (listed["name"], listed["scopes"]) == ("Happy Valley", [])


def test_what_a_credential_may_do_is_registered_changed_and_taken_back(installed):
    scopes = ("--scope", "system/Claim.rs", "--scope", "system/Task.c?code=poll")
    poller = added(installed, "Poller", *scopes)
    auditor = installed.json("payer", "token", "Auditor", "--scope", "system/AuditEvent.read")

    def allowed():
        listed = {one["name"]: one["scopes"] for one in installed.json("submitter", "list")}
        return listed["Poller"], listed["Auditor"]

    assert allowed() == (
        ["system/Claim.rs", "system/Task.c?code=poll"],
        ["system/AuditEvent.rs"],
    )
    known = client_behind(installed.instance, auditor["token"])
    assert str(known.permissions) == "system/AuditEvent.rs"

    told = installed.json("submitter", "scope", "Poller", "system/*.rs", "system/*.rs?_security=R")
    assert told["scopes"] == allowed()[0] == ["system/*.rs", "system/*.rs?_security=R"]
    for words in ((), ("--everything", "system/*.rs")):
        assert installed("submitter", "scope", "Poller", *words).exit_code == 2
    assert allowed()[0] == told["scopes"]
    told = installed.json("submitter", "scope", "Poller", "--everything")
    assert told["scopes"] == allowed()[0] == []
    assert client_behind(installed.instance, poller["token"]).permissions == EVERYTHING


def test_only_who_is_given_the_right_may_enroll(installed):
    may, may_not = added(installed, "Employer", "--may-enroll"), added(installed)

    listed = installed.json("submitter", "list")

    assert {one["name"]: one["may_enroll"] for one in listed} == {
        "Employer": True,
        "Happy Valley": False,
    }
    for told, right in ((may, True), (may_not, False)):
        assert client_behind(installed.instance, told["token"]).may_enroll is right


def test_a_disabled_clients_token_is_not_known(installed):
    told = added(installed)

    installed.json("submitter", "disable", "Happy Valley")

    assert client_behind(installed.instance, told["token"]) is None
    assert installed.json("submitter", "list")[0]["disabled_at"] is not None


def test_a_new_token_ends_the_old_one(installed):
    told = added(installed)

    again = installed.json("submitter", "rotate", told["client_id"])

    assert again["client_id"] == told["client_id"]
    assert client_behind(installed.instance, told["token"]) is None
    assert client_behind(installed.instance, again["token"]).id == told["client_id"]


def test_a_new_token_lets_a_disabled_client_in_again(on_sqlite):
    added(on_sqlite)
    on_sqlite.json("submitter", "disable", "Happy Valley")

    again = on_sqlite.json("submitter", "rotate", "Happy Valley")

    assert client_behind(on_sqlite.instance, again["token"]) is not None


def test_a_person_is_told_the_token_once(on_sqlite):
    shown = on_sqlite("submitter", "add", "Happy Valley", "--identifier", "sid|1")
    token = shown.output.splitlines()[-1]

    assert client_behind(on_sqlite.instance, token) is not None
    assert token not in on_sqlite("submitter", "list").output


# --- payers


def test_a_payers_name_is_given_once(on_sqlite):
    result = on_sqlite("payer", "add", "Default Payer")

    assert result.exit_code == 1
    assert "There is a payer 'Default Payer' already." in result.stderr
    assert len(on_sqlite.json("payer", "list")) == 1


@pytest.mark.parametrize(
    ("option", "wrong", "told", "code"),
    [
        ("--adjudicator", "oracle", "Installed adjudicators are: manual, standard.", 1),
        ("--zone", "Mars/Olympus", "There is no time zone 'Mars/Olympus'.", 1),
        ("--zone", "../etc/passwd", "There is no time zone", 1),
        ("--authorization-url", "ftp://payer.test", "is not an http or https address.", 1),
        ("--default-plan", "gold", "has no InsurancePlan 'gold': `eclaims load` it first.", 1),
        ("--await-coverage-days", "-1", "-1 is not in the range", 2),
        ("--await-information-days", "3651", "3651 is not in the range", 2),
        ("--real-time-budget-seconds", "30.001", "from 0 to 30", 2),
        ("--real-time-budget-seconds", "-0.5", "from 0 to 30", 2),
        ("--real-time-budget-seconds", "0.0001", "from 0 to 30", 2),
        ("--real-time-budget-seconds", "nan", "from 0 to 30", 2),
        ("--real-time-budget-seconds", "soon", "from 0 to 30", 2),
        ("--duplicate-claim-identifier", "perhaps", "'perhaps' is not one of", 2),
    ],
)
def test_a_wrong_rule_is_refused_and_changes_nothing(on_sqlite, option, wrong, told, code):
    before = on_sqlite.json("payer", "list")

    result = on_sqlite("payer", "set", option, wrong)

    assert (result.exit_code, told in result.stderr) == (code, True)
    assert on_sqlite.json("payer", "list") == before


@pytest.mark.parametrize(
    ("option", "right", "name", "value"),
    [
        ("--adjudicator", "manual", "adjudicator", "manual"),
        ("--zone", "Europe/Berlin", "zone", "Europe/Berlin"),
        (
            "--authorization-url",
            "https://payer.test/a",
            "authorization_url",
            "https://payer.test/a",
        ),
        ("--default-plan", "default", "default_plan", "default"),
        ("--await-coverage-days", "0", "await_coverage_days", 0),
        ("--await-information-days", "3650", "await_information_days", 3650),
        ("--preauthorization-run-out-days", "0", "preauthorization_run_out_days", 0),
        ("--keep-polls-days", "0", "keep_polls_days", 0),
        ("--real-time-budget-seconds", "30", "real_time_budget_seconds", 30.0),
        ("--real-time-budget-seconds", "0", "real_time_budget_seconds", 0.0),
        ("--real-time-budget-seconds", "2.125", "real_time_budget_seconds", 2.125),
        ("--duplicate-claim-identifier", "accept", "duplicate_claim_identifier", "accept"),
    ],
)
def test_a_rule_is_changed_and_the_others_stay(on_sqlite, option, right, name, value):
    before = on_sqlite.json("payer", "list")[0]

    changed = on_sqlite.json("payer", "set", option, right)

    assert changed == before | {name: value}
    assert on_sqlite.json("payer", "list") == [changed]


@pytest.mark.parametrize(
    ("option", "name"),
    [("nullify-paid", "nullify_paid"), ("nullify-approval", "nullify_needs_approval")],
)
def test_a_rule_is_switched_on_and_off_and_stays_when_it_is_not_named(on_sqlite, option, name):
    def told(*options: str) -> bool:
        return on_sqlite.json("payer", "set", *options)[name]

    assert on_sqlite.json("payer", "list")[0][name] is False
    assert [told(f"--{option}"), told("--zone", "UTC"), told(f"--no-{option}")] == [
        True,
        True,
        False,
    ]


def test_a_second_payer_has_its_identifiers_and_a_plan(installed):
    told = installed.json("payer", "add", "Second", "--identifier", "pid|2")

    assert (told["identifiers"], told["default_plan"]) == (["pid|2"], "default")
    assert [one["name"] for one in installed.json("payer", "list")] == ["Default Payer", "Second"]


def test_a_payers_own_client_is_registered(installed):
    told = installed.json("payer", "token", "Core system")

    assert set(told) == {"client_id", "token"}
    assert client_behind(installed.instance, told["token"]).kind == "payer-client"


def test_a_payers_own_client_has_a_name_of_its_own(on_sqlite):
    on_sqlite.json("payer", "token", "Core system")

    result = on_sqlite("payer", "token", "Core system")

    assert result.exit_code == 1
    assert "'Default Payer' has a client 'Core system' already." in result.stderr


@pytest.mark.parametrize("command", ["payer", "submitter"])
def test_a_list_is_a_table_for_a_person(on_sqlite, command):
    added(on_sqlite)

    result = on_sqlite(command, "list", COLUMNS="200")

    assert result.exit_code == 0
    assert "Default Payer" in result.output


# --- time limits


@pytest.mark.parametrize("spelled", ["claim", "claim=30", "claims=30d", "claim=0d", "=default"])
def test_a_time_limit_is_spelled_as_a_kind_and_a_time(on_sqlite, spelled):
    result = on_sqlite("payer", "set", "--decide-within", spelled)

    assert result.exit_code == 2
    assert "is no time limit such as 'preauthorization/stat=72h'" in result.stderr


def test_time_limits_are_set_one_by_one_and_taken_back(installed):
    def decide_within(*words):
        options = [part for word in words for part in ("--decide-within", word)]
        return installed.json("payer", "set", *options)["decide_within"]

    defaults = [
        "claim=30d",
        "preauthorization=7d",
        "preauthorization/stat=72h",
        "predetermination=7d",
        "predetermination/stat=72h",
    ]
    assert installed.json("payer", "list")[0]["decide_within"] == defaults
    national = ["claim=30d", "preauthorization=7d", "preauthorization/stat=1h", *defaults[3:]]
    assert decide_within("preauthorization/stat=60m") == national
    with_drugs = [*national[:2], "preauthorization//pharmacy=24h", *national[2:]]
    assert decide_within("preauthorization//pharmacy=24h") == with_drugs
    assert decide_within("preauthorization/stat=default") == [
        *defaults[:2],
        "preauthorization//pharmacy=24h",
        *defaults[2:],
    ]
    assert installed.json("payer", "list")[0]["zone"] == "UTC"

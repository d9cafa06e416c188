"""`eclaims serve` as a process: how it starts, what it names and logs, how it ends."""

import json
import signal
import threading

import pytest

from app.fhir import json_text
from tests.builders import a_claim, a_coverage, a_task, an_eligibility_request
from tests.cli.processes import end, free_port, log_lines, wait_for

MARKER = "zzmarkerzz"


def submitter(eclaims, name="Happy Valley", *options: str) -> str:
    """A submitter's token."""
    identifier = f"sid|{name}"
    return eclaims.json("submitter", "add", name, "--identifier", identifier, *options)["token"]


def outcome_of(response):
    """What was decided, and how much is paid."""
    benefits = [
        json_text.write(total["amount"])
        for total in response["total"]
        if total["category"]["coding"][0]["code"] == "benefit"
    ]
    return response["outcome"], benefits


def marked(document):
    """The document with a marker in every string that means nothing to the gateway."""
    text = json.dumps(document, default=float)
    for word in ("Happy Valley", "codes.test", "happyvalley.test", "payer.test", "1200", "M1"):
        text = text.replace(word, f"{word}{MARKER}")
    return json.loads(text)


# --- what is refused


def test_a_port_that_another_gateway_serves_is_refused(on_sqlite, processes, tmp_path):
    gateway = processes.serve()
    other = type(on_sqlite)(tmp_path / "other")
    other.json("init")

    done = type(processes)(other.instance).run("serve", "--port", str(gateway.port))

    assert done.returncode == 1
    assert done.stderr == (
        f"Error: Port {gateway.port} is in use. Stop what listens there, or name another port.\n"
    )


def test_a_host_that_nobody_knows_is_refused(on_sqlite, processes):
    done = processes.run("serve", "--host", "no host", "--port", str(free_port()))

    assert done.returncode == 1
    assert done.stderr.startswith("Error: The host 'no host' is not known")
    assert done.stderr.count("\n") == 1


def test_an_address_of_another_machine_is_refused(on_sqlite, processes):
    # Of a block for documentation: nobody's.
    done = processes.run("serve", "--host", "192.0.2.1", "--port", str(free_port()))

    assert done.returncode == 1
    assert "192.0.2.1 port" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [("serve",), ("work", "--once")], ids=" ".join)
def test_a_second_process_on_the_same_file_is_refused(on_sqlite, processes, command):
    processes.serve()

    done = processes.run(*command)

    assert done.returncode == 1
    assert "Another `eclaims serve` or `eclaims work` runs on this SQLite file." in done.stderr


def test_sqlite_has_one_worker(on_sqlite):
    result = on_sqlite("serve", "--workers", "2")

    assert result.exit_code == 2
    assert "SQLite has one writer: serve it with --workers 1." in result.stderr


def test_other_commands_run_beside_it(on_sqlite, processes):
    gateway = processes.serve()

    token = submitter(on_sqlite)

    assert gateway.as_client(token).post("Task", a_task("poll")).status == 201


# --- the contract for scripts


@pytest.fixture
def own_database(request):
    """The options of `init` for a database of this test's own, without a table in it."""
    if request.param == "sqlite":
        yield ()
        return
    cluster = request.getfixturevalue("cluster")
    url = cluster.create_database()
    yield ("--database", url)
    cluster.drop(url)


@pytest.mark.parametrize("own_database", ["sqlite"], indirect=True)
def test_a_fresh_installation_takes_a_claim_and_decides_it(processes, instance, own_database):
    assert processes.run("init", *own_database).returncode == 0
    added = processes.run("submitter", "add", "A", "--identifier", "sid|Happy Valley", "--json")
    told = json.loads(added.stdout)
    assert {"client_id", "token"} <= set(told)
    # Of the usual pace: nothing is set but the port.
    gateway = processes.serve(ECLAIMS_TICK_SECONDS="1").as_client(told["token"])

    taken = gateway.post("Claim", a_claim())
    decided = gateway.decided(taken)

    assert taken.status == 201
    assert taken.headers["location"].startswith(f"{gateway.base}/Claim/")
    # The payer keeps no Coverage, so there is no such member.
    assert outcome_of(decided) == ("complete", ['{"value":0.00,"currency":"EUR"}'])
    reasons = {
        row["reason"]["coding"][0]["code"]
        for row in decided["item"][0]["adjudication"]
        if "reason" in row
    }
    assert reasons == {"31"}


@pytest.mark.parametrize("own_database", ["sqlite", "postgresql"], indirect=True)
def test_a_claim_on_loaded_coverage_is_decided_by_the_default_plan(
    processes, eclaims, own_database, tmp_path
):
    eclaims.json("init", *own_database)
    (tmp_path / "coverage.json").write_text(json.dumps(a_coverage()))
    assert eclaims.json("load", tmp_path / "coverage.json") == {"added": 1}
    token = submitter(eclaims)
    gateway = processes.serve().as_client(token)
    if own_database:
        processes.start("work", ECLAIMS_TICK_SECONDS="0.1")

    decided = gateway.decided(gateway.post("Claim", a_claim(prices=["100.00", "35.50"])))
    polled = gateway.post("Task", a_task("poll"))

    # The member bears 20 %.
    assert outcome_of(decided) == ("complete", ['{"value":108.40,"currency":"EUR"}'])
    assert polled.document["status"] == "completed"
    assert polled.headers["location"].startswith(f"{gateway.base}/Task/")


# --- addresses and headers


def test_the_base_url_of_the_settings_stands_in_every_address(on_sqlite, processes):
    token = submitter(on_sqlite)
    gateway = processes.serve(ECLAIMS_BASE_URL="https://claims.example.org").as_client(token)

    taken = gateway.post("CoverageEligibilityRequest", an_eligibility_request())

    base = "https://claims.example.org/fhir/r4"
    assert taken.headers["location"].startswith(f"{base}/CoverageEligibilityRequest/")
    assert taken.headers["link"].startswith(f"<{base}/CoverageEligibilityResponse/")


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        pytest.param("localhost", "http://localhost", id="name"),
        pytest.param("0.0.0.0", "http://localhost", id="any"),  # noqa: S104
    ],
)
def test_a_host_may_be_a_name_or_any(on_sqlite, processes, host, origin):
    gateway = processes.serve("--host", host)

    code, _, err = end(gateway.process)

    assert code == 0
    assert err.splitlines()[0] == f"Serving {origin}:{gateway.port}/fhir/r4"


def test_answers_carry_their_headers(on_sqlite, processes):
    gateway = processes.serve()

    ready = gateway.ask("GET", "/health/ready")
    refused = gateway.post("Task", a_task("poll"))

    assert (ready.status, ready.document) == (200, {"status": "ready"})
    assert refused.status == 401
    for answer in (ready, refused):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert len(answer.headers["x-request-id"]) == 16
        # Neither a version nor the library behind.
        assert answer.headers.get("server", "granian") == "granian"


# --- what is logged


def test_logs_are_json_lines_without_content(on_sqlite, processes, tmp_path):
    token = submitter(on_sqlite, f"Happy Valley{MARKER}", "--acts-for", "*")
    coverage = tmp_path / "coverage.json"
    coverage.write_text(json.dumps(marked(a_coverage())))
    on_sqlite.json("load", coverage)
    gateway = processes.serve(ECLAIMS_LOG_LEVEL="DEBUG").as_client(token)

    taken = gateway.post("Claim", marked(a_claim(number=MARKER)))
    assert taken.status == 201
    assert MARKER in taken.text
    assert gateway.decided(taken)["outcome"] == "complete"
    broken = marked(a_claim()) | {"status": MARKER, MARKER: MARKER}
    assert gateway.post("Claim", broken).status == 400
    assert gateway.ask("POST", f"/fhir/r4/{MARKER}", {"id": MARKER}).status >= 400
    assert gateway.get(f"Claim/{MARKER}?name={MARKER}").status == 404
    assert gateway.as_client(MARKER).get("Claim/1").status == 401

    code, out, err = end(gateway.process)

    assert (code, out) == (0, "")
    assert MARKER not in err
    assert token not in err
    requests = [line for line in log_lines(err) if line["event"] == "request"]
    posted = next(line for line in requests if line["method"] == "POST")
    assert (posted["status"], posted["level"]) == (201, "info")
    assert posted["request_id"] == taken.headers["x-request-id"]
    assert {"client", "route", "milliseconds", "timestamp"} <= set(posted)


# --- how it ends


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT], ids=["terminated", "ctrl-c"])
def test_it_ends_quietly_when_asked(on_sqlite, processes, asked):
    gateway = processes.serve()

    gateway.process.send_signal(asked)
    out, err = gateway.process.communicate(timeout=60)

    assert (gateway.process.returncode, out) == (0, "")
    assert all(line["level"] == "info" for line in log_lines(err))


def test_what_is_running_is_finished(on_sqlite, processes):
    token = submitter(on_sqlite)
    gateway = processes.serve().as_client(token)
    answers, faults = [], []
    go_on = threading.Event()

    def send():
        while not go_on.is_set():
            try:
                answers.append(gateway.post("Claim", a_claim()).status)
            except OSError as fault:
                faults.append(fault)
                return

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    wait_for(lambda: True if len(answers) >= 20 else None)
    code, _, err = end(gateway.process)
    go_on.set()
    for sender in senders:
        sender.join(60)

    assert code == 0
    # Whoever was answered was answered in full; the others could not connect any more.
    assert set(answers) == {201}
    logged = [line for line in log_lines(err) if line.get("method") == "POST"]
    assert [line["status"] for line in logged] == [201] * len(logged)
    assert len(answers) == len(logged)


def test_it_starts_again_on_the_same_port_and_file(on_sqlite, processes):
    token = submitter(on_sqlite)
    first = processes.serve().as_client(token)
    taken = first.post("Claim", a_claim())
    first.process.kill()
    first.process.communicate()

    port = str(first.port)
    second = type(first)(processes.start("serve", "--port", port), first.port, token)

    def read():
        try:
            return second.get(taken.headers["location"])
        except OSError:
            return None

    assert wait_for(read).text == taken.text

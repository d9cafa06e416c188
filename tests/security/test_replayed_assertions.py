"""One assertion, sent by many at the same moment, gives one token."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import urllib3
from sqlalchemy import func, select

from app.store import tables
from tests.cli.processes import Processes
from tests.security.keyed import ASSERTION_TYPE, KID, SCOPE, Keyed, a_set, ec, public, signed

THREADS = 60


@pytest.mark.parametrize(
    "replays", [THREADS, pytest.param(1020, marks=pytest.mark.soak)], ids="{} replays".format
)
def test_an_assertion_that_is_sent_by_many_at_once_gives_one_token(
    app, http, installation, registry, figures, replays
):
    keyed = Keyed.register(http, installation, registry.payer)
    assertion, begin = keyed.assertion(), Barrier(THREADS)

    def send(_):
        client = app.test_client()
        begin.wait()
        form = keyed.form(assertion)
        each = range(replays // THREADS)
        return [client.post("/auth/token", data=form).status_code for _ in each]

    with ThreadPoolExecutor(THREADS) as pool:
        answers = Counter(status for found in pool.map(send, range(THREADS)) for status in found)
    figures |= {f"answers {status}": count for status, count in sorted(answers.items())}

    query = select(func.count()).select_from(tables.used_assertion)
    assert answers[200] == 1
    # Too many at once may be told to come again; nobody else is told anything but no.
    assert answers.keys() <= {200, 401, 503}
    assert answers.total() == replays
    assert installation.store.read(lambda on: on.execute(query).scalar_one()) == 1
    assert keyed.ask().status_code == 200


@pytest.mark.soak
def test_an_assertion_that_is_sent_to_several_processes_gives_one_token(
    database, tmp_path, figures
):
    file = tmp_path / "public.jwks.json"
    file.write_text(a_set(public(ec())))
    options = ("--identifier", "sid|Replayed", "--jwks", str(file), "--json")
    with Processes(tmp_path / "instance") as processes:
        assert processes.run("init", "--database", database).returncode == 0
        added = processes.run("submitter", "add", "Replayed", *options)
        workers = () if database.startswith("sqlite") else ("--workers", "2")
        # Nobody reads its log meanwhile.
        gateway = processes.serve(*workers, ECLAIMS_LOG_LEVEL="ERROR")
        assertion = an_assertion(json.loads(added.stdout)["client_id"], gateway)

        def send(_):
            with urllib3.PoolManager(retries=False) as pool:
                return [asked(pool, gateway, assertion) for _ in range(1020 // THREADS)]

        with ThreadPoolExecutor(THREADS) as pool:
            answers = Counter(
                status for found in pool.map(send, range(THREADS)) for status in found
            )
    figures |= {f"answers {status}": count for status, count in sorted(answers.items())}

    assert answers[200] == 1
    assert answers.keys() <= {200, 401, 503}


def an_assertion(client_id, gateway):
    """Right for a gateway that is served, whose time is that of this machine."""
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "exp": now + 240, "jti": "j" * 20}
    return signed({"alg": "ES384", "typ": "JWT", "kid": KID}, {**claims, "aud": at(gateway)}, ec())


def asked(pool, gateway, assertion):
    """The status of one attempt."""
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        "scope": SCOPE,
    }
    return pool.request("POST", at(gateway), fields=form, encode_multipart=False).status


def at(gateway):
    """The token endpoint of a served gateway."""
    return f"{gateway.base.removesuffix('/fhir/r4')}/auth/token"

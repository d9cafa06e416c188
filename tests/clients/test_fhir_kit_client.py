"""fhir-kit-client, a client for Node, where Node is installed.

https://github.com/Vermonster/fhir-kit-client
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.stories import MOST_POLLS, ON_A_PAGE, PAUSE_SECONDS, claim, people, poll

FOLDER = Path(__file__).parent / "node"
NEEDED = 20
DEADLINE = 60
# What npm says where no registry can be reached; a package that is not as locked is a failure.
OUT_OF_REACH = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "ENOTCACHED")


def run(*words, **options):
    return subprocess.run(
        words, capture_output=True, text=True, timeout=DEADLINE, check=False, **options
    )


@pytest.fixture
def script(tmp_path):
    """The script beside the packages that its lock names."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node is not installed")
    version = run("node", "--version").stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < NEEDED:
        pytest.skip(f"Node {version} is older than fhir-kit-client needs")
    for name in ("package.json", "package-lock.json", "script.mjs"):
        shutil.copy(FOLDER / name, tmp_path)
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=0")
    installed = run("npm", "ci", *quiet, cwd=tmp_path)
    if installed.returncode != 0 and any(one in installed.stderr for one in OUT_OF_REACH):
        pytest.skip("no package registry can be reached")
    assert installed.returncode == 0, installed.stderr
    return tmp_path / "script.mjs"


def test_the_lock_names_no_registry_and_every_hash():
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))

    packages = [one for path, one in lock["packages"].items() if path]
    assert packages
    assert all(one["integrity"].startswith("sha512-") for one in packages)
    assert not any("resolved" in one for one in packages)


def test_fhir_kit_client_creates_searches_sends_and_polls(served, script, tmp_path):
    told = {
        "token": served.token,
        "people": people("Kit"),
        "claim": claim("later"),
        "poll": poll(),
        "pageSize": ON_A_PAGE,
        "mostPolls": MOST_POLLS,
        "pauseSeconds": PAUSE_SECONDS,
    }
    file = tmp_path / "told.json"
    file.write_text(json.dumps(told), encoding="utf-8")

    done = run("node", str(script), served.base, str(file))

    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert [len(page) for page in seen["pages"]] == [2, 2, 1]
    assert [one for page in seen["pages"] for one in page] == sorted(seen["made"])
    assert seen["claims"] == [seen["claim"]]
    assert seen["handedOver"] == ["ClaimResponse", "ExplanationOfBenefit"]
    assert (seen["history"], seen["version"]) == (1, "4.0.1")
    assert seen["unknown"] == [404, "OperationOutcome"]
    assert seen["invalid"] == [400, "OperationOutcome"]

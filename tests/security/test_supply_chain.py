"""What comes in with the lock files is listed, and the checker of the code finds what it should."""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
PIN = re.compile(
    r"^([a-z0-9-]+)==([^\s;]+)[^\n]*((?:\\\n +--hash=sha256:[0-9a-f]{64}[^\n]*?)+)$", re.MULTILINE
)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def program(name, *arguments, folder=ROOT):
    return subprocess.run(
        [Path(sys.executable).with_name(name), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def bill(lock, to):
    made = program(
        "cyclonedx-py",
        *("requirements", str(lock), "--pyproject", str(ROOT / "pyproject.toml")),
        *("--output-reproducible", "--no-validate", "--of", "JSON", "-o", str(to)),
    )
    assert made.returncode == 0, made.stderr
    return to.read_bytes()


def listed(text):
    """Each component of a bill with its version and its hashes."""
    return {
        one["name"]: (
            one["version"],
            {
                found["content"]
                for reference in one.get("externalReferences", ())
                for found in reference.get("hashes", ())
            },
        )
        for one in json.loads(text)["components"]
    }


def test_the_bill_of_materials_lists_every_locked_package_with_its_hashes(tmp_path):
    text = LOCK.read_text(encoding="utf-8")
    locked = {
        name: (version, set(HASH.findall(hashes))) for name, version, hashes in PIN.findall(text)
    }
    assert len(locked) == len(re.findall(r"^[a-z0-9-]+==", text, re.MULTILINE)) > 30

    made = bill(LOCK, tmp_path / "sbom.json")

    assert listed(made) == locked
    root = json.loads(made)["metadata"]["component"]
    assert (root["name"], root["type"]) == ("eclaims-gateway", "application")
    assert json.loads(made)["bomFormat"] == "CycloneDX"
    # The same lock file, the same bytes.
    assert bill(LOCK, tmp_path / "again.json") == made


WEAK = {
    "B201": "flask.Flask('app').run(debug=True)",
    "B301": "pickle.loads(b'')",
    "B306": "tempfile.mktemp()",
    "B323": "ssl._create_unverified_context()",
    "B324": "hashlib.md5(b'')",
}
SOUND = [
    "flask.Flask('app').run()",
    "json.loads(b'{}')",
    "tempfile.mkdtemp()",
    "ssl.create_default_context()",
    "hashlib.sha256(b'')",
]


def weaknesses(folder, expressions):
    folder.mkdir()
    for at, expression in enumerate(expressions):
        module = expression.partition(".")[0]
        (folder / f"m{at}.py").write_text(f"import {module}\n\nfound = {expression}\n")
    arguments = ("--quiet", "--configfile", str(ROOT / "pyproject.toml"), "--format", "json")
    done = program("bandit", *arguments, "--recursive", str(folder))
    return done.returncode, {one["test_id"] for one in json.loads(done.stdout)["results"]}


def test_a_weakness_in_the_code_ends_the_check(tmp_path):
    code, found = weaknesses(tmp_path / "weak", WEAK.values())
    assert code == 1
    assert found >= WEAK.keys()

    assert weaknesses(tmp_path / "sound", SOUND) == (0, set())

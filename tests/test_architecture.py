"""What holds for the whole tree: who imports what, how long a file is, what a dependency needs.

The layers themselves are contracts in pyproject.toml, checked by import-linter in `make check`.
Here stand the rules that it cannot say, and the proof that its contracts catch what they should.
"""

import ast
import importlib
import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APP = ROOT / "app"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MODULES = sorted(APP.rglob("*.py"))
LOCKS = ["requirements.lock", "requirements-dev.lock"]

# A name that says nothing about what is inside draws everything in.
NAMES_WITHOUT_AN_IDEA = {"utils", "util", "helpers", "helper", "common", "misc", "base"}

LONGEST_FILE = 300
# Files that are longer, each with the reason why a second file would be worse.
LONGER_FILES: dict[str, str] = {
    "app/store/migrations/versions/0001_the_first_schema.py": "one revision is one list of tables",
}

# import-linter can forbid a library by its name, but not "every library", so these two layers are
# read here: they decide about money, and a payer's own adjudicator is held to the same.
PLAIN_LAYERS = {"domain": {"domain"}, "adjudicators": {"domain", "adjudicators"}}


def imported(source):
    """The names that a module imports, wherever in it; `from a import b` gives a and a.b."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def foreign(source, layers):
    """Of what a module imports, that which is neither the standard library nor in `layers`."""
    outside = set()
    for name in imported(source):
        package, _, rest = name.partition(".")
        if package == "app":
            if rest and rest.split(".")[0] not in layers:
                outside.add(name)
        elif package not in sys.stdlib_module_names:
            outside.add(name)
    return outside


def imports_factory(source):
    """Whether a module imports something that app/__init__.py itself defines."""
    layers = {path.stem for path in APP.iterdir()}
    return any(
        name.removeprefix("app.") not in layers
        for name in imported(source)
        if re.fullmatch(r"app\.\w+", name)
    )


def canonical(requirement):
    """The name of a requirement as lock files spell it."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def direct_dependencies(*extras):
    project = PROJECT["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][name] for name in extras)]
    return {canonical(requirement) for each in lists for requirement in each}


def pins(lock):
    """The versions that a lock file pins, by name."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", text, re.MULTILINE))


def unhashed(text):
    """The pins of a lock file that no hash follows."""
    return re.findall(r"^([a-z0-9-]+==[^\s;]+)(?![^\n]*\\\n +--hash=sha256:)", text, re.MULTILINE)


def documented_dependencies():
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    return {canonical(name) for name in re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)}


def lint_imports(tree):
    """Check the contracts on a tree that holds pyproject.toml and app/; the exit code and text."""
    outcome = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    return outcome.returncode, outcome.stdout + outcome.stderr


def plant(tree, files):
    """Copy the project's layers to `tree` and add modules to them."""
    shutil.copytree(APP, tree / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    for name, source in files.items():
        path = tree / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.joinpath("__init__.py").touch()
        path.write_text(source, encoding="utf-8")


# --- the guards themselves


@pytest.mark.parametrize(
    ("source", "outside"),
    [
        pytest.param("import json, app.domain.money", set(), id="standard-library-and-domain"),
        pytest.param("import yaml", {"yaml"}, id="library"),
        pytest.param("def f():\n    import yaml", {"yaml"}, id="library-inside-a-function"),
        pytest.param("import app.store.tables", {"app.store.tables"}, id="layer-above"),
        pytest.param(
            "from app import settings", {"app.settings"}, id="layer-above-through-the-root"
        ),
    ],
)
def test_a_plain_layer_may_import_the_standard_library_and_the_domain(source, outside):
    assert foreign(source, {"domain"}) == outside


@pytest.mark.parametrize(
    ("source", "is_factory"),
    [
        pytest.param("from app import create_app", True, id="defined-by-the-root"),
        pytest.param("from app import domain", False, id="layer"),
        pytest.param("from app.domain import money", False, id="module-of-a-layer"),
    ],
)
def test_only_a_name_that_the_root_defines_is_the_factory(source, is_factory):
    assert imports_factory(source) == is_factory


def test_a_pin_without_a_hash_is_noticed():
    hashed = "alembic==1.20.1 \\\n    --hash=sha256:00\n"

    assert unhashed(
        hashed + "click==8.5.1\nflask==3.1.3 ; os == 'x' \\\n    --hash=sha256:00\n"
    ) == ["click==8.5.1"]


INTRUDERS = {
    "domain/intruder.py": ("import app.store", "app.domain.intruder -> app.store"),
    "store/intruder.py": ("import app.fhir", "app.store.intruder -> app.fhir"),
    "gateway/reader.py": ("import fhir.resources", "app.gateway.reader -> fhir"),
    "gateway/writer.py": ("def f():\n    import sqlalchemy", "app.gateway.writer -> sqlalchemy"),
    "gateway/viewer.py": ("from flask import g", "app.gateway.viewer -> flask"),
    "gateway/caller.py": ("import urllib3.util", "app.gateway.caller -> urllib3"),
    "api/ticker.py": ("import apscheduler.triggers", "app.api.ticker -> apscheduler"),
}
INHABITANTS = {
    "store/inhabitant.py": "import app.domain",
    "fhir/inhabitant.py": "import fhir.resources",
    "store/writer.py": "import sqlalchemy",
    "api/viewer.py": "from flask import g",
    "console/viewer.py": "from flask import g",
    "outbound/caller.py": "import urllib3.util",
    "scheduler/ticker.py": "import apscheduler.triggers",
}


def test_the_contracts_name_every_import_that_they_forbid(tmp_path):
    plant(tmp_path, {name: source for name, (source, _) in INTRUDERS.items()})

    code, text = lint_imports(tmp_path)

    assert code == 1
    flat = " ".join(text.split())
    assert [finding for _, finding in INTRUDERS.values() if finding not in flat] == []


def test_the_contracts_name_a_package_that_is_no_layer(tmp_path):
    plant(tmp_path, {"utils/text.py": ""})

    code, text = lint_imports(tmp_path)

    assert code == 1
    assert "utils" in text


def test_the_contracts_allow_each_layer_its_own(tmp_path):
    plant(tmp_path, INHABITANTS)

    code, text = lint_imports(tmp_path)

    assert code == 0, text


# --- the tree


@pytest.mark.parametrize("layer", PLAIN_LAYERS)
def test_a_layer_that_decides_imports_no_library(layer):
    findings = {
        str(path.relative_to(ROOT)): outside
        for path in (APP / layer).rglob("*.py")
        if (outside := foreign(path.read_text(encoding="utf-8"), PLAIN_LAYERS[layer]))
    }

    assert findings == {}


@pytest.mark.parametrize(
    ("package", "other"), [("handlers", "jobs"), ("jobs", "handlers")], ids=["handlers", "jobs"]
)
def test_handlers_and_jobs_do_not_know_each_other(package, other):
    findings = {
        str(path.relative_to(ROOT)): sorted(known)
        for path in (APP / "gateway" / package).rglob("*.py")
        if (
            known := {
                name
                for name in imported(path.read_text(encoding="utf-8"))
                if f"{name}.".startswith(f"app.gateway.{other}.")
            }
        )
    }

    assert findings == {}


def test_only_the_command_line_imports_the_factory():
    importers = {
        path.relative_to(APP).parts[0].removesuffix(".py")
        for path in MODULES
        if path != APP / "__init__.py" and imports_factory(path.read_text(encoding="utf-8"))
    }

    assert importers <= {"cli"}


def test_a_module_is_named_for_its_idea():
    named = {part for path in MODULES for part in path.relative_to(APP).with_suffix("").parts}

    assert named & NAMES_WITHOUT_AN_IDEA == set()


def test_a_file_stays_under_300_lines():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in MODULES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }

    assert {name: lines for name, lines in long.items() if name not in LONGER_FILES} == {}
    assert set(LONGER_FILES) - set(long) == set(), "no longer long: strike the exemption"


def test_everything_that_the_code_reads_is_packaged():
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["app"]
    data = [
        path.relative_to(APP)
        for path in APP.rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    ]

    unpackaged = {
        str(path)
        for path in data
        if not any(fnmatch(path.name, pattern.removeprefix("**/")) for pattern in patterns)
    }
    assert unpackaged == set()


def entry_points():
    project = PROJECT["project"]
    groups = {"scripts": project["scripts"], **project["entry-points"]}
    return {
        f"{group}:{name}": target
        for group, targets in groups.items()
        for name, target in targets.items()
    }


@pytest.mark.parametrize("target", entry_points().values(), ids=entry_points().keys())
def test_what_is_published_can_be_loaded(target):
    module, _, name = target.partition(":")

    assert callable(getattr(importlib.import_module(module), name))


# --- dependencies


def test_a_direct_dependency_has_its_reason_in_the_documentation():
    declared = direct_dependencies("build", "dev")

    assert declared - documented_dependencies() == set(), "each needs a row in docs/dependencies.md"
    assert documented_dependencies() - declared == set(), "no longer a dependency: strike its row"


def test_a_lock_holds_every_direct_dependency():
    assert direct_dependencies("build") - pins("requirements.lock").keys() == set()
    assert direct_dependencies("build", "dev") - pins("requirements-dev.lock").keys() == set()


def test_development_runs_on_the_versions_of_production():
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_hashes_every_pin(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")

    assert re.findall(r"\w+://\S+|--(?:extra-)?index-url|--find-links|@ ?file", text) == []
    assert pins(lock) != {}
    assert unhashed(text) == []

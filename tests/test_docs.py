"""Documentation that can fail: what the pages list, link, show and promise, held against the code.

A page with `<!-- scene: … -->` is played: each request that it shows is sent to a gateway on
SQLite, and each answer that it shows has to be the one that comes back.
"""

import json
import re
from collections import deque
from dataclasses import dataclass, fields
from functools import partial
from http import HTTPStatus
from pathlib import Path
from shutil import copy

import click
import pytest
from flask.testing import FlaskClient
from uuid_utils import uuid7

from app import create_app, create_worker
from app.cli import main
from app.domain.codes import TaskCode
from app.domain.issues import ErrorCode
from app.domain.parties import Client, ClientKind, Payer, PayerSettings, Scope
from app.domain.references import Identifier
from app.fhir import json_patch, json_text
from app.fhir.validation import check
from app.gateway.administering.administration import Administration
from app.gateway.administering.new_payer import new_payer
from app.gateway.administering.reference_data import keep
from app.gateway.installation import Installation
from app.gateway.registry import handling_of
from app.settings import Settings
from app.store.database.engine import Store
from app.store.hashing import Hasher
from tests.builders import NOW, a_claim, a_coverage, identifier

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = {*ROOT.glob("*.md"), *ROOT.glob("[!.]*/*.md"), *DOCS.rglob("*.md")}
NAMES = sorted(str(page.relative_to(ROOT)) for page in PAGES)
BASE = "http://127.0.0.1:8080/fhir/r4"
SENDER = Identifier("http://registry.example/provider", "happy-valley")
LARGEST = 1024 * 1024

# Named as an example of what must not exist.
NOT_MEANT_TO_EXIST = {"app/utils"}

FENCE = r"^```(?P<language>\w*)\n(?P<text>.*?)^```$"
STEP = re.compile(rf"^<!-- (?P<word>\w+): ?(?P<names>.*?) ?-->$|{FENCE}", re.MULTILINE | re.DOTALL)
CURL = re.compile(
    r"^curl [^\n]*/fhir/r4/(?P<path>\S+).*?-d '(?P<body>\{.*?\})'$", re.MULTILINE | re.DOTALL
)
HERE = re.compile(r"<<'EOF'\n(?P<body>\{.*?)^EOF$", re.MULTILINE | re.DOTALL)


def fences(text, *languages):
    found = re.finditer(FENCE, text, re.MULTILINE | re.DOTALL)
    return [one["text"] for one in found if one["language"] in languages]


def bodies(text):
    """Every JSON text that a page shows: alone, in an HTTP message, in a shell command."""
    shown = fences(text, "json")
    shown += [body for each in fences(text, "http") if (body := each.partition("\n\n")[2].strip())]
    for each in fences(text, "sh"):
        shown += [one["body"] for pattern in (CURL, HERE) for one in pattern.finditer(each)]
    return shown


def rows(text, columns):
    """The rows of the tables of so many columns, without their heads; backquotes taken off."""
    found = (re.split(r" ?(?<!\\)\| ?", line)[1:-1] for line in text.splitlines() if "|" in line)
    cells = [[cell.strip("` ") for cell in row] for row in found if len(row) == columns]
    return [row for row in cells if not set("".join(row)) <= set("-")]


def page(name):
    return (ROOT / name).read_text(encoding="utf-8")


@dataclass
class Stage:
    """A gateway with one payer, one submitter, a clock that stands still, and ids as announced."""

    installation: Installation
    http: FlaskClient
    payer: Payer
    token: str
    ids: deque

    def ask(self, method, path, body=None, headers=()):
        sent = {"Content-Type": "application/fhir+json", **dict(headers)}
        sent["Authorization"] = f"Bearer {self.token}"
        return self.http.open(path, method=method, data=body, headers=sent)

    def load(self, text):
        document = json_text.read(text.encode(), LARGEST)
        effect = partial(keep, document, text, "load")
        self.installation.write(Scope(self.payer.id), effect)

    def decide(self, ids):
        self.ids.extend(["lease", *ids])
        create_worker(self.installation).drain()

    def scene(self, name):
        """`empty`: a fresh installation. `claims`: decided, decided, queued; nothing polled yet."""
        if name == "empty":
            return
        self.load(json_text.write(a_coverage()))
        for number, use in enumerate(("claim", "preauthorization", "claim"), 1):
            own = [identifier("http://happy-valley.example/claim", f"100{number}")]
            sender = {"identifier": identifier(SENDER.system, SENDER.value)}
            self.ids.extend([f"claim-{number}", f"response-{number}"])
            claim = json_text.write(a_claim(use, identifier=own, provider=sender))
            assert self.ask("POST", "/fhir/r4/Claim", claim).status_code == 201
            if number < 3:
                self.decide([f"benefit-{number}"])
            self.ids.clear()


@pytest.fixture
def stage(sqlite_template, tmp_path):
    file = tmp_path / "eclaims.sqlite3"
    copy(sqlite_template, file)
    ids, store = deque(), Store(f"sqlite:///{file}")
    new_id = partial(next, iter(lambda: ids.popleft() if ids else str(uuid7()), None))
    installation = Installation(store, Hasher(b"a key for pages"), BASE, lambda: NOW, new_id)
    payer = new_payer(installation, "Default Payer", is_default=True)
    client = Client(
        "happy-valley", payer, ClientKind.SUBMITTER, "Happy Valley", (SENDER,), may_enroll=True
    )
    issued = Administration(installation).add_client(client)
    yield Stage(installation, create_app(installation).test_client(), payer, issued.token, ids)
    store.close()


def played(text, stage):
    """Every answer that a page shows, as (the shown text, the real response)."""
    response, loads_next = None, False
    for step in STEP.finditer(text):
        words = (step["names"] or "").split()
        if step["word"] == "scene":
            stage.scene(words[0])
        elif step["word"] == "ids":
            stage.ids.extend(words)
        elif step["word"] == "decide":
            stage.decide(words)
        elif step["word"] == "load":
            loads_next = True
        elif step["language"] == "json" and loads_next:
            stage.load(step["text"])
            loads_next = False
        elif step["language"] == "http" and step["text"].startswith("HTTP/"):
            yield step, response
        elif step["language"] == "http":
            head, _, body = step["text"].partition("\n\n")
            first, *headers = head.splitlines()
            method, path = first.split()
            response = stage.ask(method, path, body, [line.split(": ", 1) for line in headers])


def differences(shown, response):
    head, _, body = shown.partition("\n\n")
    status, *headers = head.strip().splitlines()
    real = f"HTTP/1.1 {response.status_code} {HTTPStatus(response.status_code).phrase}"
    sent = [f"{name}: {value}" for name, value in response.headers]
    found = [line for line in (status, *headers) if line not in {real, *sent}]
    # Numbers are compared as they are written, to the last zero.
    exact, text = partial(json.loads, parse_float=str), response.get_data(as_text=True)
    return found + ([text] if body.strip() and exact(body) != exact(text) else [])


@pytest.mark.parametrize("name", [name for name in NAMES if "<!-- scene: " in page(name)])
def test_a_page_shows_what_the_gateway_answers(name, stage):
    answers = [differences(step["text"], response) for step, response in played(page(name), stage)]

    assert answers != []
    assert [each for each in answers if each] == []


def test_an_answer_that_differs_in_one_digit_is_noticed(stage):
    text = page("docs/task-codes/status.md")
    wrong = text.replace('"value": 80.00', '"value": 80.0')
    assert wrong != text

    assert any(differences(step["text"], response) for step, response in played(wrong, stage))


def test_the_commands_of_the_readme_end_in_a_decision(stage):
    text = page("README.md")
    stage.load(HERE.search(text)["body"])
    answers = []
    for command in CURL.finditer(text):
        answers.append(stage.ask("POST", f"/fhir/r4/{command['path']}", command["body"]).json)
        stage.decide([])

    assert [answer["resourceType"] for answer in answers[:2]] == ["Claim", "Task"]
    assert [answer["status"] for answer in answers[1:]] == ["completed"] * (len(answers) - 1)
    assert "ClaimResponse/" in json.dumps(answers[1]["output"])


# --- what the pages list


def test_every_error_has_its_line_with_the_catalogue_s_own_words():
    listed = [row[:4] for row in rows(page("docs/errors.md"), 5) if row[0] != "Id"]

    catalogue = (code.entry for code in ErrorCode)
    expected = [[one.id, str(one.status), str(one.type), one.meaning] for one in catalogue]
    assert sorted(listed) == sorted(expected)


def test_every_task_code_has_a_handler_and_a_page():
    assert {one.stem for one in DOCS.glob("task-codes/*.md")} == set(TaskCode)
    assert all(callable(handling_of(code).handler) for code in TaskCode)


def test_the_tables_of_settings_and_of_rules_list_each_and_nothing_else():
    text = page("docs/settings.md")
    settings = [(row[0], row[1]) for row in rows(text, 4)[1:]]
    rules = [row[0] for row in rows(text, 5)[1:]]

    variables = {one.name: f"ECLAIMS_{one.name.upper()}" for one in fields(Settings)}
    assert sorted(settings) == sorted(variables.items())
    assert sorted(rules) == sorted(one.name for one in fields(PayerSettings))


def commands(command=main, name="eclaims"):
    if not isinstance(command, click.Group):
        return {name: command}
    inner = (commands(each, f"{name} {word}") for word, each in command.commands.items())
    own = {name: command} if command.invoke_without_command else {}
    return own | {path: each for found in inner for path, each in found.items()}


def sections():
    text = page("docs/command-line.md")
    return dict(re.findall(r"^#+ `(eclaims[^`]*)`\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL))


def test_every_command_has_a_section_and_nothing_else_has():
    assert sections().keys() == commands().keys()


@pytest.mark.parametrize("name", commands())
def test_a_command_s_section_names_its_options_and_has_an_example(name):
    section = sections()[name]
    options = {
        option
        for parameter in commands()[name].params
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--")
    }

    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", section)) == options
    assert any(
        f"{name} " in f"{line} " for each in fences(section, "sh") for line in each.split("\n")
    )


# --- what the pages name and link


def leads_somewhere(name, target):
    path, _, anchor = target.partition("#")
    file = (ROOT / name).parent / path if path else ROOT / name
    if not anchor:
        return file.exists()
    headings = re.findall(r"^#+ (.*)", file.read_text(encoding="utf-8"), re.MULTILINE)
    return anchor in {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("name", NAMES)
def test_a_relative_link_leads_to_a_file_and_to_a_heading_in_it(name):
    targets = re.findall(r"\]\((?!\w+:)([^)]+)\)", page(name))

    assert [each for each in targets if not leads_somewhere(name, each)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_page_names_only_errors_files_and_words_of_make_that_exist(name):
    text = page(name)
    errors = {code.entry.id for code in ErrorCode}
    words = set(re.findall(r"^([a-z]+):.*##", page("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?<![\w/.])(?:app|tests|docs|benchmarks)/[\w./-]*\w(?![\w<])", text))

    assert set(re.findall(r"\bECG-[A-Z-]*[A-Z]\b", text)) - errors == set()
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)) - words == set()
    assert {one for one in named - NOT_MEANT_TO_EXIST if not (ROOT / one).exists()} == set()


@pytest.mark.parametrize("name", NAMES)
def test_the_json_of_a_page_is_strict_and_every_resource_in_it_is_valid(name):
    # An array is a patch.
    shown = [body.encode() for body in bodies(page(name))]
    documents = [json_text.read(body, LARGEST) for body in shown if not body.startswith(b"[")]
    assert all(json_patch.read(body, LARGEST) for body in shown if body.startswith(b"["))

    resources = [each for each in documents if "resourceType" in each]
    assert [issues for each in resources if (issues := check(each))] == []

"""Where keys come from: a file, a variable, a program; what is wrong there is told in one line."""

import sys
from dataclasses import replace

import pytest

from app.store.encryption.ring import Ring, WrongKeys
from app.store.encryption.sources import Given, KeyCommand, KeyFile
from app.store.encryption.vault import Vault
from tests.keys import KEY

RING = Ring.of(KEY.id, KEY)
ANOTHER = replace(KEY, id="another")


def a_program(tmp_path, text):
    file = tmp_path / "program.py"
    file.write_text(text)
    return KeyCommand((sys.executable, str(file)))


@pytest.mark.parametrize("content", [b"", b"\xff", b"{}"])
def test_a_file_that_holds_no_keys_is_told_by_its_name(tmp_path, content):
    file = KeyFile(tmp_path / "keys.json")
    file.path.write_bytes(content)

    with pytest.raises(WrongKeys, match=r"keys\.json is no"):
        file.read()
    file.write(RING)
    assert file.read() == RING


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path):
    with pytest.raises(WrongKeys, match="cannot be read"):
        KeyFile(tmp_path).read()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("raise SystemExit(3)", "ended with exit code 3"),
        ("print('{}')", "is not the JSON of keys"),
        ("import sys; sys.stdout.buffer.write(bytes([255]))", "printed no text"),
    ],
)
def test_a_program_that_gives_no_keys_is_told(tmp_path, text, told):
    with pytest.raises(WrongKeys, match=told):
        a_program(tmp_path, text).read()
    assert a_program(tmp_path, f"print({RING.written()!r})").read() == RING


def test_a_program_that_is_not_there_is_told():
    with pytest.raises(WrongKeys, match="cannot be run"):
        KeyCommand(("/nowhere/keys",)).read()


def test_a_wrong_variable_is_told_by_its_name():
    with pytest.raises(WrongKeys, match=r"^ECLAIMS_ENCRYPTION_KEYS is not"):
        Given("{}").read()
    assert Given(RING.written()).read() == RING


def test_a_file_of_keys_is_its_owners_alone_and_there_as_a_whole(tmp_path):
    file = KeyFile(tmp_path / "keys.json")

    file.write(RING)

    assert file.path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["keys.json"]


def test_without_a_file_there_are_no_keys_and_one_that_comes_is_seen(tmp_path):
    file = KeyFile(tmp_path / "keys.json")
    vault = Vault(file)
    assert vault.ring() is None

    file.write(RING)

    assert vault.ring() == RING


def test_keys_that_are_taken_away_are_kept_in_mind(tmp_path):
    file = KeyFile(tmp_path / "keys.json")
    file.write(RING)
    vault = Vault(file)
    assert vault.ring() == RING

    file.path.unlink()

    # Else what comes next would be written plain.
    assert vault.ring() == RING


def test_a_program_is_asked_again_only_for_a_key_that_is_missing(tmp_path):
    now = [0.0]
    asked = tmp_path / "asked"
    text = f"open({str(asked)!r}, 'a').write('x'); print({RING.written()!r})"
    program = KeyCommand(a_program(tmp_path, text).arguments, lambda: now[0])
    vault = Vault(program)
    for _ in range(3):
        assert vault.ring() == RING

    for now[0] in (10.0, 11.0, 20.0):
        with pytest.raises(Exception, match="unknown"):
            vault.unwrap("p", "k", "unknown", b"w" * 60)

    assert asked.read_text() == "xxx"


def test_what_a_killed_command_left_beside_the_file_goes_with_the_next_change(tmp_path):
    file = KeyFile(tmp_path / "keys.json")
    file.write(RING)
    left, other = tmp_path / ".keys.json-4711", tmp_path / ".other.json-4711"
    for beside in (left, other):
        beside.write_text(RING.written())

    with file.alone():
        file.change(RING, RING.with_new(ANOTHER))

    assert (file.read().current, left.exists(), other.exists()) == (ANOTHER.id, False, True)

"""`eclaims restore`: what a credential may not do any more since the backup, it may not again."""

import pytest

from tests.cli.installations import PROGRAMS
from tests.security.keyed import KID, a_set, ec, public

NARROW = "system/Claim.rs"


@pytest.fixture
def changed(installed, tmp_path):
    """Clients with a key each, of which all but one were changed after the backup."""
    files = {}
    for nth, name in enumerate(("old", "new")):
        files[name] = tmp_path / f"{name}.jwks.json"
        files[name].write_text(a_set(public(ec(nth=nth))))
    added = ("--identifier", "sid|1", "--jwks", files["old"])
    for name in ("Narrowed", "Other keys", "Same"):
        installed.json("submitter", "add", name, *added)
    installed.json("backup", tmp_path / "copy", *PROGRAMS)
    installed.json("submitter", "scope", "Narrowed", NARROW)
    installed.json("submitter", "keys", "Other keys", "--jwks", files["new"], "--keep-token")
    installed.json("tombstones", "export", tmp_path / "since")
    return installed


def standing(eclaims):
    """Of each client its scopes and the keys that are believed."""
    return {
        one["name"]: (one["scopes"], eclaims.json("submitter", "keys", one["name"])["kids"])
        for one in eclaims.json("submitter", "list")
        if one["name"] != "Core"
    }


def test_scopes_and_keys_that_were_changed_since_do_not_come_back(changed, tmp_path):
    before = standing(changed)
    told = changed.json("restore", tmp_path / "copy", "--replace", *PROGRAMS)

    assert told["applied"]["rights"] == 2
    # Public keys are in no list: whose were others has none.
    after = standing(changed)
    assert after == before | {"Other keys": (before["Other keys"][0], [])}
    assert after["Narrowed"] != after["Same"] == (before["Same"][0], [KID])

    # By the list alone it is the same, and what was restored is no newer for it.
    changed.json("restore", tmp_path / "copy", "--replace", "--no-tombstones", *PROGRAMS)
    listed = ("--tombstones", tmp_path / "since")
    changed.json("restore", tmp_path / "copy", "--replace", *listed, *PROGRAMS)
    assert standing(changed) == after

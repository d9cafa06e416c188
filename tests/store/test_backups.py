"""What lies beside a file while it is restored, and who is connected to a database."""

import os
import signal

import pytest
from sqlalchemy import make_url

from app.cli.process import ending_in_order
from app.store.backups import postgresql, sqlite
from app.store.database.engine import Store


@pytest.fixture
def beside(tmp_path):
    """A file, and what a restore that is killed leaves beside it."""
    (tmp_path / ".file-restoring").write_text("of a backup")
    (tmp_path / ".file-restoring-wal").write_text("of a backup")
    (tmp_path / "file").write_text("living")
    return tmp_path / "file"


def names(file):
    return sorted(one.name for one in file.parent.iterdir())


def half_made(file, number):
    with ending_in_order(), sqlite.beside(file) as made:
        made.write_text("of another backup")
        os.kill(os.getpid(), number)


def told_to_end(number):
    with ending_in_order():
        os.kill(os.getpid(), number)


# --- what is refused


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_stop_clears_what_is_half_made(beside, number):
    before = signal.getsignal(number)

    with pytest.raises(SystemExit) as ended:
        half_made(beside, number)

    assert ended.value.code == 128 + number
    assert names(beside) == ["file"]
    assert signal.getsignal(number) is before


def test_who_is_deaf_to_a_hang_up_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        told_to_end(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
    with pytest.raises(SystemExit):
        told_to_end(signal.SIGHUP)


def test_a_session_of_another_role_is_in_the_way(cluster):
    url = make_url(cluster.create_database())
    mighty = Store(cluster.as_superuser(spelled(url)))
    serving = Store(spelled(url.set(username="serving")))
    mighty.write(lambda rows: rows.exec_driver_sql("CREATE ROLE restoring LOGIN"))
    mighty.write(lambda rows: rows.exec_driver_sql("CREATE ROLE serving LOGIN"))
    mighty.close()
    restoring = url.set(username="restoring")

    postgresql.require_room(restoring, replaces=True)
    with serving.engine.connect(), pytest.raises(postgresql.InUse):
        postgresql.require_room(restoring, replaces=True)

    serving.close()
    mighty.write(lambda rows: rows.exec_driver_sql("DROP ROLE restoring, serving"))
    mighty.close()
    cluster.drop(spelled(url))


def spelled(url):
    return url.render_as_string(hide_password=False)


# --- what is done


def test_what_a_kill_left_is_gone_before_the_next(beside):
    with sqlite.beside(beside) as made:
        assert names(beside) == ["file"]
        made.write_text("of another backup")

    assert names(beside) == ["file"]
    assert beside.read_text() == "living"


def test_a_file_that_takes_the_place_of_another_belongs_to_the_same(tmp_path):
    file, new = tmp_path / "file", tmp_path / "new"
    for one in (file, new):
        one.touch()
    # Only root can give a file away.
    owner = 12_345 if os.geteuid() == 0 else os.getuid()
    os.chown(file, owner, -1)

    sqlite.put_in_place(new, file)

    assert (file.stat().st_uid, new.exists()) == (owner, False)


def test_an_address_may_have_options_of_its_own(cluster):
    url = cluster.create_database()
    own = make_url(url).update_query_dict({"options": "-c search_path=public"})

    postgresql.require_room(own, replaces=False)
    other = Store(url)
    with other.engine.connect(), pytest.raises(postgresql.InUse):
        postgresql.require_room(own, replaces=False)

    other.close()
    cluster.drop(url)

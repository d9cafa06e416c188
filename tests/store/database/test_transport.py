"""Whether what goes to a database can be read on the way."""

import re

import pytest

from app.store.database.transport import is_protected

P = "postgresql+psycopg://"


@pytest.mark.parametrize(
    ("url", "environment"),
    [
        (f"{P}u@db.example/e", {}),
        (f"{P}u@db.example/e?sslmode=require", {}),
        (f"{P}u@db.example/e?sslmode=verify-ca", {}),
        (f"{P}u@10.0.0.5/e?sslmode=prefer", {}),
        (f"{P}u@localhost,db.example/e", {}),
        (f"{P}/e?host=/run/postgresql,db.example", {}),
        (f"{P}u@localhost/e?hostaddr=10.0.0.5", {}),
        (f"{P}u@localhost.example/e", {}),
        (f"{P}/e?service=claims", {}),
        (f"{P}/e", {"PGHOST": "db.example"}),
        (f"{P}/e", {"PGHOSTADDR": "10.0.0.5"}),
        (f"{P}/e", {"PGSERVICE": "claims"}),
        (f"{P}u@[2001:db8::1]/e", {}),
        (f"{P}u@db.example/e?nonsense=1", {}),
    ],
)
def test_a_database_elsewhere_is_reached_by_verified_tls_alone(url, environment):
    assert not is_protected(url, environment)

    if "nonsense" not in url:
        plain = re.sub(r"\?sslmode=[a-z-]+", "", url)
        joined = f"{plain}{'&' if '?' in plain else '?'}sslmode=verify-full"
        assert is_protected(joined, environment)


@pytest.mark.parametrize(
    ("url", "environment"),
    [
        ("sqlite:////srv/eclaims.sqlite3", {}),
        (f"{P}/e", {}),
        (f"{P}u@/e?host=/run/postgresql", {}),
        (f"{P}u@localhost:5432/e", {}),
        (f"{P}u@127.0.0.1/e", {}),
        (f"{P}u@127.0.0.1,localhost/e", {}),
        (f"{P}u@[::1]/e", {}),
        (f"{P}/e", {"PGHOST": "/run/postgresql"}),
        (f"{P}u@localhost/e", {"PGHOST": "db.example"}),
        (f"{P}u@%2Frun%2Fpostgresql/e", {}),
    ],
)
def test_a_socket_and_this_machine_need_none(url, environment):
    assert is_protected(url, environment)

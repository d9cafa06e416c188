"""Tokens that somebody made up, took away, kept too long or sends twice: each is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select

from app import create_app
from app.domain.parties import ClientKind
from app.gateway.administering.new_payer import new_payer
from app.gateway.administering.retention import forget_expired
from app.gateway.trust import access_tokens
from app.gateway.trust.client_keys import KeysOf
from app.gateway.trust.signing_keys import SigningKeys
from app.store import tables
from tests.security.keyed import KID, TOKEN_URL, Keyed, a_set, ec, part, public, rsa, signed

# One database is enough for what is decided before a row is looked for.
ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def keyed(http, installation, registry):
    """A submitter with a key on P-384."""
    return Keyed.register(http, installation, registry.payer)


@pytest.fixture
def with_rsa(http, installation, registry):
    """A submitter with an RSA key."""
    return Keyed.register(http, installation, registry.payer, "RSA", key=rsa(), alg="RS384")


def refusal(response: Any) -> tuple[int, str]:
    """Status and error, once the answer is found to be of the one shape."""
    told = response.json
    assert set(told) == {"error", "error_description"}
    assert response.headers["Cache-Control"] == "no-store"
    assert "Pragma" in response.headers
    return response.status_code, told["error"]


def used(installation) -> int:
    """How many assertions were taken."""
    query = select(func.count()).select_from(tables.used_assertion)
    return installation.store.read(lambda connection: connection.execute(query).scalar_one())


NO_CLIENT = (401, "invalid_client")


# --- assertions: each differs from one that is accepted in one thing


def secret_of_public_key(key: Any) -> bytes:
    """A public key taken for a secret, as a library that looks only at the header would."""
    pem: bytes = key.as_pem(private=False)
    return pem


def unsigned(keyed: Keyed) -> str:
    return f"{part(keyed.header(alg='none'))}.{part(keyed.claims())}."


def with_other_signature(keyed: Keyed) -> str:
    first, second = keyed.assertion(), keyed.assertion()
    return ".".join([*first.split(".")[:2], second.split(".")[2]])


def with_other_claims(keyed: Keyed) -> str:
    header, _, signature = keyed.assertion().split(".")
    return f"{header}.{part(keyed.claims())}.{signature}"


def raw(keyed: Keyed, claims: str) -> str:
    """An assertion of claims as they are written."""
    return signed(keyed.header(), claims, keyed.key)


def claims_text(keyed: Keyed, name: str, written: str) -> str:
    """The claims as a text in which one value is written as given."""
    rest = json.dumps(keyed.claims(**{name: None}))
    return f'{rest[:-1]}, "{name}": {written}}}'


HOSTILE: dict[str, Callable[[Keyed], str]] = {
    # how it is signed
    "alg none": unsigned,
    "alg none with a signature": lambda k: k.assertion({"alg": "none"}),
    "alg None": lambda k: k.assertion({"alg": "None"}),
    "alg HS256 with the public key": lambda k: k.assertion(
        {"alg": "HS256"}, secret_of_public_key(k.key)
    ),
    "alg HS384 with the public key": lambda k: k.assertion(
        {"alg": "HS384"}, secret_of_public_key(k.key)
    ),
    "alg ES256": lambda k: k.assertion({"alg": "ES256"}, ec("P-256")),
    "alg ES512": lambda k: k.assertion({"alg": "ES512"}, ec("P-521")),
    "alg RS384 with a key on a curve": lambda k: k.assertion({"alg": "RS384"}, rsa()),
    "alg RS256": lambda k: k.assertion({"alg": "RS256"}, rsa()),
    "alg PS384": lambda k: k.assertion({"alg": "PS384"}, rsa()),
    "alg a list": lambda k: k.assertion({"alg": ["ES384"]}),
    "alg missing": lambda k: k.assertion({"alg": None}),
    "alg in small letters": lambda k: k.assertion({"alg": "es384"}),
    "somebody else's key": lambda k: k.assertion(key=ec(nth=1)),
    "signature of another token": with_other_signature,
    "claims of another token": with_other_claims,
    "signature empty": lambda k: k.assertion().rpartition(".")[0] + ".",
    "signature of zeros": lambda k: k.assertion().rpartition(".")[0] + "." + part("\0" * 96),
    # what it brings along
    "jwk": lambda k: k.assertion({"jwk": public(ec(nth=1))}, ec(nth=1)),
    "jwk of the right key": lambda k: k.assertion({"jwk": public(k.key)}),
    "jku": lambda k: k.assertion({"jku": "https://elsewhere.test/jwks.json"}),
    "jku empty": lambda k: k.assertion({"jku": ""}),
    "x5c": lambda k: k.assertion({"x5c": ["MIIB"]}),
    "x5u": lambda k: k.assertion({"x5u": "https://elsewhere.test/certificate"}),
    "x5t": lambda k: k.assertion({"x5t": "AAAA"}),
    "crit": lambda k: k.assertion({"crit": ["exp"], "exp": 1}),
    "crit empty": lambda k: k.assertion({"crit": []}),
    "b64 false": lambda k: k.assertion({"b64": False}),
    # which key
    "kid unknown": lambda k: k.assertion({"kid": "key-2"}),
    "kid missing": lambda k: k.assertion({"kid": None}),
    "kid a number": lambda k: k.assertion({"kid": 1}),
    "kid a path": lambda k: k.assertion({"kid": "../../dev/null"}),
    "kid SQL": lambda k: k.assertion({"kid": "' OR '1'='1"}),
    "kid with NUL": lambda k: k.assertion({"kid": "key-1\0"}),
    # what it is
    "typ missing": lambda k: k.assertion({"typ": None}),
    "typ at+jwt": lambda k: k.assertion({"typ": "at+jwt"}),
    "typ JOSE": lambda k: k.assertion({"typ": "JOSE"}),
    # who
    "iss missing": lambda k: k.assertion(iss=None),
    "sub missing": lambda k: k.assertion(sub=None),
    "iss and sub differ": lambda k: k.assertion(sub="somebody"),
    "iss unknown": lambda k: k.assertion(iss="nobody", sub="nobody"),
    "iss a list": lambda k: k.assertion(iss=[k.client.id], sub=[k.client.id]),
    "iss with NUL": lambda k: k.assertion(iss=f"{k.client.id}\0", sub=f"{k.client.id}\0"),
    "iss half a character": lambda k: raw(k, claims_text(k, "iss", '"\\ud800"')),
    "iss by name": lambda k: k.assertion(iss="Keyed", sub="Keyed"),
    # for whom
    "aud missing": lambda k: k.assertion(aud=None),
    "aud a list": lambda k: k.assertion(aud=[TOKEN_URL]),
    "aud the FHIR base": lambda k: k.assertion(aud="http://gateway.test/fhir/r4"),
    "aud with a slash": lambda k: k.assertion(aud=f"{TOKEN_URL}/"),
    "aud in capitals": lambda k: k.assertion(aud=TOKEN_URL.upper()),
    # when
    "exp missing": lambda k: k.assertion(exp=None),
    "exp text": lambda k: k.assertion(exp=str(k.now + 240)),
    "exp 1e308": lambda k: raw(k, claims_text(k, "exp", "1e308")),
    "exp 1e999": lambda k: raw(k, claims_text(k, "exp", "1e999")),
    "exp NaN": lambda k: raw(k, claims_text(k, "exp", "NaN")),
    "exp Infinity": lambda k: raw(k, claims_text(k, "exp", "Infinity")),
    "exp of 5,000 digits": lambda k: raw(k, claims_text(k, "exp", "9" * 5000)),
    "exp negative": lambda k: k.assertion(exp=-1),
    "exp a fraction": lambda k: k.assertion(exp=k.now + 240.0),
    "exp true": lambda k: k.assertion(exp=True),
    "exp over": lambda k: k.assertion(exp=k.now - 30),
    "exp too far": lambda k: k.assertion(exp=k.now + 331),
    "iat in the future": lambda k: k.assertion(iat=k.now + 31),
    "iat text": lambda k: k.assertion(iat="now"),
    "nbf in the future": lambda k: k.assertion(nbf=k.now + 31),
    # once
    "jti missing": lambda k: k.assertion(jti=None),
    "jti short": lambda k: k.assertion(jti="x" * 15),
    "jti long": lambda k: k.assertion(jti="x" * 257),
    "jti a number": lambda k: k.assertion(jti=1234567890123456),
    # how it is written
    "more than 8 KiB": lambda k: k.assertion(more="x" * 8192),
    "claims twice": lambda k: raw(k, claims_text(k, "exp", f'{k.now}, "exp": {k.now + 240}')),
    "claims a list": lambda k: raw(k, "[]"),
    "claims no JSON": lambda k: raw(k, "{"),
    "claims deep": lambda k: raw(k, claims_text(k, "deep", "[" * 2500 + "]" * 2500)),
    "claims no UTF-8": lambda k: ".".join([k.assertion().split(".")[0], "_w", "AAAA"]),
    "two parts": lambda k: k.assertion().rpartition(".")[0],
    "five parts": lambda k: f"{k.assertion()}.a.b",
    "a space in it": lambda k: k.assertion().replace(".", ". ", 1),
    "JSON serialization": lambda _: json.dumps({"payload": "e30", "signatures": []}),
    "no token at all": lambda _: "x",
}


@ON_SQLITE
@pytest.mark.parametrize("made", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_assertion_gives_no_token(keyed, made):
    assert refusal(keyed.ask(made(keyed))) == NO_CLIENT
    assert used(keyed.installation) == 0
    # The twin: the same client's own.
    assert keyed.ask().status_code == 200


HARMLESS: dict[str, Callable[[Keyed], str]] = {
    "exp just now over, within what clocks differ": lambda k: k.assertion(exp=k.now - 29),
    "exp as far as may be": lambda k: k.assertion(exp=k.now + 330),
    "iat and nbf within what clocks differ": lambda k: k.assertion(iat=k.now + 30, nbf=k.now + 30),
    "jti of 16": lambda k: k.assertion(jti="x" * 16),
    "jti of 256": lambda k: k.assertion(jti="é" * 256),
    "claims of its own": lambda k: k.assertion(more={"a": [1.5, None]}),
    "header of its own": lambda k: k.assertion({"vendor": "x"}),
    "nearly 8 KiB": lambda k: k.assertion(more="x" * 5500),
}


@ON_SQLITE
@pytest.mark.parametrize("made", HARMLESS.values(), ids=HARMLESS.keys())
def test_an_unusual_assertion_that_is_right_gives_a_token(keyed, made):
    assert keyed.ask(made(keyed)).status_code == 200
    assert used(keyed.installation) == 1


@ON_SQLITE
def test_a_client_with_an_rsa_key_gets_a_token_by_rs384_alone(with_rsa):
    for alg in ("RS256", "RS512", "PS384"):
        assert refusal(with_rsa.ask(with_rsa.assertion({"alg": alg}))) == NO_CLIENT
    public_key = secret_of_public_key(with_rsa.key)
    assert refusal(with_rsa.ask(with_rsa.assertion({"alg": "HS256"}, public_key))) == NO_CLIENT
    assert refusal(with_rsa.ask(with_rsa.assertion({"alg": "ES384"}, ec()))) == NO_CLIENT
    assert with_rsa.ask().status_code == 200


# --- the form


@ON_SQLITE
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"grant_type": None}, (400, "invalid_request"), id="no grant_type"),
        pytest.param(
            {"grant_type": "password"}, (400, "unsupported_grant_type"), id="grant_type password"
        ),
        pytest.param({"client_assertion_type": None}, NO_CLIENT, id="no client_assertion_type"),
        pytest.param({"client_assertion_type": "jwt"}, NO_CLIENT, id="client_assertion_type jwt"),
        pytest.param({"client_assertion": None}, NO_CLIENT, id="no client_assertion"),
        pytest.param({"client_id": "somebody"}, NO_CLIENT, id="client_id of another"),
        pytest.param({"client_secret": "secret"}, NO_CLIENT, id="client_secret"),
        pytest.param({"scope": None}, (400, "invalid_scope"), id="no scope"),
        pytest.param({"scope": ""}, (400, "invalid_scope"), id="empty scope"),
        pytest.param({"scope": "openid"}, (400, "invalid_scope"), id="scope openid"),
        pytest.param(
            {"scope": "system/Claim.sc"}, (400, "invalid_scope"), id="letters in disorder"
        ),
        pytest.param({"scope": "patient/Claim.r"}, (400, "invalid_scope"), id="scope of a patient"),
        pytest.param({"scope": ["a", "b"]}, (400, "invalid_request"), id="scope twice"),
        pytest.param({"more": "x" * 16384}, (400, "invalid_request"), id="more than 16 KiB"),
    ],
)
def test_a_form_that_is_not_right_gives_no_token(keyed, changes, error):
    assertion = keyed.assertion()
    form = keyed.form(assertion) | changes
    sent = {name: value for name, value in form.items() if value is not None}

    assert refusal(keyed.http.post("/auth/token", data=sent)) == error
    # Nothing was used up: the assertion may be sent again with what was wrong put right.
    assert keyed.ask(assertion, client_id=keyed.client.id).status_code == 200


@ON_SQLITE
def test_only_a_plain_form_is_read(keyed):
    form = keyed.form()

    as_json = keyed.http.post("/auth/token", json=form)
    in_query = keyed.http.post("/auth/token", query_string=form)
    in_both = keyed.http.post("/auth/token?a=b", data=form)
    in_parts = keyed.http.post("/auth/token", data=form, content_type="multipart/form-data")
    packed = keyed.http.post("/auth/token", data=form, headers={"Content-Encoding": "gzip"})
    answers = [refusal(one) for one in (as_json, in_query, in_both, in_parts, packed)]

    assert answers == [(400, "invalid_request")] * 5
    assert keyed.http.get("/auth/token").status_code == 405
    assert keyed.http.post("/auth/token", data=form).status_code == 200


@ON_SQLITE
def test_every_reason_is_told_in_the_same_words(keyed):
    answers = {keyed.ask(made(keyed)).data for made in HOSTILE.values()}

    assert len(answers) == 1


# --- twice


def test_an_assertion_is_taken_once(keyed):
    assertion = keyed.assertion()

    assert keyed.ask(assertion).status_code == 200
    assert refusal(keyed.ask(assertion)) == NO_CLIENT
    assert used(keyed.installation) == 1


def test_a_jti_is_taken_once_whatever_else_the_assertion_says(keyed):
    jti = "j" * 20

    assert keyed.ask(keyed.assertion(jti=jti)).status_code == 200
    assert refusal(keyed.ask(keyed.assertion(jti=jti, exp=keyed.now + 100))) == NO_CLIENT
    assert keyed.ask(keyed.assertion(jti=jti + "k")).status_code == 200


def test_two_clients_may_use_the_same_jti(keyed, http, installation, registry):
    another = Keyed.register(http, installation, registry.payer, "Other", key=ec(nth=2))

    for one in (keyed, another):
        assert one.ask(one.assertion(jti="j" * 20)).status_code == 200


# --- somebody else's


def test_a_client_does_not_speak_for_another_of_its_payer_or_of_another(
    keyed, http, installation, registry
):
    second = new_payer(installation, "Second")
    for payer in (registry.payer, second):
        another = Keyed.register(http, installation, payer, "Other", key=ec(nth=3))
        stolen = keyed.claims(iss=another.client.id, sub=another.client.id)

        assert refusal(keyed.ask(signed(keyed.header(), stolen, keyed.key))) == NO_CLIENT
        assert another.ask().status_code == 200


def test_a_disabled_client_gets_no_token_and_those_it_has_count_no_more(keyed, administration):
    token = keyed.token()
    assert keyed.read(token).status == 200

    administration.disable(keyed.client)

    assert keyed.read(token).status == 401
    assert refusal(keyed.ask()) == NO_CLIENT


def test_a_client_without_keys_gets_no_token(keyed, administration):
    assert keyed.ask().status_code == 200

    administration.set_keys(keyed.client, None)

    assert refusal(keyed.ask()) == NO_CLIENT


def test_only_the_keys_that_are_registered_now_count(keyed, administration):
    administration.set_keys(keyed.client, KeysOf(a_set(public(ec(nth=4), "key-2"))))

    assert refusal(keyed.ask()) == NO_CLIENT
    assert keyed.ask(keyed.assertion({"kid": "key-2"}, ec(nth=4))).status_code == 200


def test_with_keys_a_bearer_token_is_known_no_more_unless_it_is_kept(
    http, registry, administration
):
    issued = registry.submitter("Before")
    plain = Keyed(http, registry.installation, issued.client)
    assert plain.read(issued.token).status == 200

    administration.set_keys(issued.client, KeysOf(a_set(public(ec()))), keeps_token=True)
    assert plain.read(issued.token).status == 200
    administration.set_keys(issued.client, KeysOf(a_set(public(ec()))))

    assert plain.read(issued.token).status == 401
    assert plain.read().status == 200


# --- access tokens


@pytest.fixture
def forge(keyed):
    """Makes access tokens that are signed by the gateway's own key, right but for what is named."""

    def made(header=None, key=None, **changes):
        signer = SigningKeys(keyed.installation).current()
        right = {
            "iss": "http://gateway.test",
            "sub": keyed.client.id,
            "aud": "http://gateway.test/fhir/r4",
            "iat": keyed.now,
            "nbf": keyed.now,
            "exp": keyed.now + 300,
            "jti": "j" * 20,
            "client_id": keyed.client.id,
            "scope": "system/*.rs",
        } | changes
        claims = {name: value for name, value in right.items() if value is not None}
        members = {"alg": "ES384", "typ": "at+jwt", "kid": signer.kid} | (header or {})
        kept = {name: value for name, value in members.items() if value is not None}
        return signed(kept, claims, key or signer.key)

    return SimpleNamespace(make=made, keyed=keyed, signer=SigningKeys(keyed.installation).current)


FORGED: dict[str, Callable[[Any], str]] = {
    "somebody else's key": lambda f: f.make(key=ec(nth=5)),
    "alg none": lambda f: f.make({"alg": "none"}),
    "alg HS384 with our public key": lambda f: f.make(
        {"alg": "HS384"}, secret_of_public_key(f.signer().key)
    ),
    "alg RS384": lambda f: f.make({"alg": "RS384"}, rsa()),
    "typ JWT": lambda f: f.make({"typ": "JWT"}),
    "typ missing": lambda f: f.make({"typ": None}),
    "kid unknown": lambda f: f.make({"kid": "nobody's"}),
    "kid missing": lambda f: f.make({"kid": None}),
    "kid of the client's key": lambda f: f.make({"kid": KID}, f.keyed.key),
    "jwk": lambda f: f.make({"jwk": public(ec(nth=5))}, ec(nth=5)),
    "jku": lambda f: f.make({"jku": "https://elsewhere.test/jwks.json"}),
    "crit": lambda f: f.make({"crit": ["exp"]}),
    "iss another": lambda f: f.make(iss="https://issuer.test"),
    "iss missing": lambda f: f.make(iss=None),
    "aud another": lambda f: f.make(aud="https://elsewhere.test/fhir"),
    "aud a list": lambda f: f.make(aud=["http://gateway.test/fhir/r4"]),
    "aud the token endpoint": lambda f: f.make(aud=TOKEN_URL),
    "exp over": lambda f: f.make(exp=f.keyed.now),
    "exp text": lambda f: f.make(exp="9999999999"),
    "exp missing": lambda f: f.make(exp=None),
    "exp a fraction": lambda f: f.make(exp=f.keyed.now + 300.5),
    "nbf in the future": lambda f: f.make(nbf=f.keyed.now + 31),
    "iat in the future": lambda f: f.make(iat=f.keyed.now + 31),
    "client unknown": lambda f: f.make(client_id="nobody", sub="nobody"),
    "client missing": lambda f: f.make(client_id=None),
    "sub another": lambda f: f.make(sub="somebody"),
    "scope missing": lambda f: f.make(scope=None),
    "scope a list": lambda f: f.make(scope=["system/*.rs"]),
    "scope nonsense": lambda f: f.make(scope="everything"),
    "cnf of a certificate": lambda f: f.make(cnf={"x5t#S256": "A" * 43}),
    "cnf of a key": lambda f: f.make(cnf={"jkt": "A" * 43}),
    "cnf text": lambda f: f.make(cnf="x"),
    "cnf null": lambda f: f.make(cnf={"x5t#S256": None}),
    "an assertion": lambda f: f.keyed.assertion(),
    "an assertion made out to the API": lambda f: f.keyed.assertion(
        {"typ": "at+jwt"},
        aud="http://gateway.test/fhir/r4",
        iss="http://gateway.test",
        client_id=f.keyed.client.id,
        scope="system/*.rs",
    ),
    "more than 8 KiB": lambda f: f.make(more="x" * 8192),
    "two dots": lambda _: "..",
    "a dot too many": lambda f: f"{f.make()}.",
}


@ON_SQLITE
@pytest.mark.parametrize("made", FORGED.values(), ids=FORGED.keys())
def test_a_forged_access_token_is_nobodys(forge, made):
    reply = forge.keyed.read(made(forge))

    assert (reply.status, reply.errors) == (401, ["ECG-LOGIN"])
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    # The twin: signed by the same key, and right.
    assert forge.keyed.read(forge.make()).status == 200


@ON_SQLITE
def test_an_access_token_is_no_assertion(keyed):
    assert refusal(keyed.ask(keyed.token())) == NO_CLIENT


def test_a_token_counts_for_five_minutes(keyed, clock):
    token = keyed.token()

    clock.forward(seconds=299)
    assert keyed.read(token).status == 200
    clock.forward(seconds=1)

    assert keyed.read(token).status == 401
    assert keyed.read().status == 200


# --- our own keys


def test_a_key_that_is_rotated_away_is_believed_as_long_as_what_it_signed(keyed, clock):
    own = SigningKeys(keyed.installation)
    token = keyed.token()
    before = own.current().kid

    after = own.rotate()

    assert own.current().kid == after.kid != before
    assert keyed.read(token).status == 200
    published = [one["kid"] for one in own.published()["keys"]]
    assert published == [after.kid, before]
    clock.forward(seconds=599)
    assert len(own.published()["keys"]) == 2
    clock.forward(seconds=1)
    assert [one["kid"] for one in own.published()["keys"]] == [after.kid]
    assert keyed.read().status == 200


def test_what_a_retired_key_signed_is_not_believed_from_the_next_request_on(keyed):
    own = SigningKeys(keyed.installation)
    token = keyed.token()
    assert keyed.read(token).status == 200

    own.retire(own.current().kid)

    assert keyed.read(token).status == 401
    assert len(own.published()["keys"]) == 1
    assert keyed.read().status == 200


def test_a_private_key_is_kept_sealed_and_wiped_when_it_signs_no_more(keyed):
    own = SigningKeys(keyed.installation)
    private = own.current().key.as_dict(private=True)["d"]

    own.rotate()

    newest, before = own.listed()
    assert newest.sealed is not None
    assert before.sealed is None
    assert private not in newest.sealed + newest.public + before.public
    assert "d" not in json.loads(before.public)


# --- who may still come with a bearer token


@ON_SQLITE
def test_bearer_tokens_can_be_switched_off(installation, registry):
    issued = registry.submitter()
    answers = {}
    for allowed in (True, False):
        terms = replace(installation.terms, bearer_tokens=allowed)
        application = create_app(replace(installation, terms=terms))
        http = application.test_client()
        keyed = Keyed.register(http, installation, registry.payer, f"Keyed {allowed}")
        answers[allowed] = (keyed.read(issued.token).status, keyed.read().status)

    assert answers == {True: (200, 200), False: (401, 200)}


def test_a_payer_client_gets_a_token_that_names_no_submitter(http, installation, registry):
    core = Keyed.register(http, installation, registry.payer, "Core", kind=ClientKind.PAYER_CLIENT)
    token = core.token(scope="system/AuditEvent.r system/Coverage.rs")

    client = access_tokens.client_of(installation, token, None)

    assert (client.id, client.kind) == (core.client.id, ClientKind.PAYER_CLIENT)
    assert str(client.permissions) == "system/AuditEvent.r system/Coverage.rs"
    assert core.wire(token).get("Coverage").status == 200


def test_lapsed_assertions_are_forgotten_by_the_night(keyed, installation, administration, clock):
    assert keyed.ask().status_code == 200
    (payer,) = administration.payers()
    assert forget_expired(installation, payer).assertions == 0
    clock.now += timedelta(seconds=241 + 30)

    assert forget_expired(installation, payer).assertions == 1
    assert used(installation) == 0


def test_it_is_recorded_who_got_a_token_and_who_having_proved_its_key_got_none(keyed):
    assertion = keyed.assertion()
    assert keyed.ask(assertion).status_code == 200
    assert keyed.ask(assertion).status_code == 401
    assert keyed.ask(scope="openid").status_code == 400
    assert keyed.ask(keyed.assertion(key=ec(nth=6))).status_code == 401

    a = tables.audit.c
    query = select(a.action, a.outcome).where(a.actor == keyed.client.id).order_by(a.seq)
    found = keyed.installation.store.read(lambda on: on.execute(query).all())

    assert [tuple(one) for one in found] == [
        ("token", "granted"),
        ("denied", "invalid_client"),
        ("denied", "invalid_scope"),
    ]

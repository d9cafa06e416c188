"""Encryption turned on, its keys changed, and how it stands. Docs: docs/encryption.md."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from app.domain.parties import Scope
from app.gateway.administering.administration import Administration
from app.gateway.installation import Installation
from app.store.database.engine import Busy
from app.store.database.walls import EVERYBODY
from app.store.encryption.converting import Converted, Key
from app.store.encryption.registry import Place, Registered, Registry
from app.store.encryption.ring import Ring, WrappingKey, new_key
from app.store.encryption.sources import KeyFile, Source
from app.store.encryption.vault import Vault

# So many at a time are one transaction: few enough to let requests in between.
TOGETHER = 100
KEYS_TOGETHER = 500
_ROUNDS = 5
# How many resources or keys are done of how many.
Told = Callable[[int, int], None]


class NoKeys(Exception):
    """There are no keys, or not all; and none can be made where they do not come from a file."""


class StillRead(Exception):
    """Somebody still reads what was there before: the old keys are not destroyed yet."""


@dataclass(frozen=True, slots=True)
class Status:
    """The id of the key that wraps what is new, None without encryption; all keys; what is plain.

    `held` are the keys that this process has, `missing` those that it needs and does not have, or
    has with another secret.
    """

    current: str | None
    keys: tuple[Registered, ...]
    held: tuple[str, ...]
    missing: tuple[str, ...]
    plain: int


def status(installation: Installation) -> Status:
    """How it stands; raises WrongKeys."""
    ring = _vault(installation).source.read()
    held = tuple(ring.keys) if ring is not None else ()

    def query(registry: Registry) -> Status:
        known, missing = tuple(registry.registered()), tuple(registry.not_opened(ring))
        current = ring.current if ring is not None else None
        return Status(current, known, held, missing, registry.plain())

    return installation.store.read(lambda connection: query(Registry(connection)), EVERYBODY)


def require_keys(installation: Installation, *, is_required: bool) -> None:
    """Pass where every key is here that something is encrypted under; raises NoKeys, WrongKeys.

    `is_required`: there have to be some in any case.
    """
    ring = _vault(installation).source.read()
    if ring is None and is_required:
        raise NoKeys
    if installation.store.read(lambda connection: Registry(connection).not_opened(ring), EVERYBODY):
        raise NoKeys


def missing_keys(installation: Installation, wanted: Iterable[str]) -> list[str]:
    """Those of some keys that are not here; raises WrongKeys."""
    vault = installation.store.vault
    ring = vault.source.read() if vault is not None else None
    return sorted({*wanted} - {*(ring.keys if ring is not None else ())})


def know_current(installation: Installation) -> None:
    """Let a database of another time know the key that wraps what is new, if there is one."""
    if installation.store.vault is not None and installation.store.vault.source.read() is not None:
        begin(installation)


def plain(installation: Installation) -> int:
    """How many texts are plain though there are keys; raises WrongKeys."""
    vault = installation.store.vault
    if vault is None or vault.source.read() is None:
        return 0
    return installation.store.read(lambda rows: Registry(rows).plain(), EVERYBODY)


def begin(installation: Installation) -> Ring:
    """Have keys, those that are there or new ones, so that whatever is written is encrypted.

    Known to the database first: nobody can use a key before that. Raises NoKeys, WrongKeys,
    BeingChanged.
    """
    source = _vault(installation).source
    ring = source.read()
    if ring is None:
        with _alone(source):
            ring = source.read() or _first(installation, source)
    _make_known(installation, ring.keys[ring.current])
    return ring


def _first(installation: Installation, source: Source) -> Ring:
    require_keys(installation, is_required=False)
    if not isinstance(source, KeyFile):
        raise NoKeys
    made = new_key(installation.clock())
    _make_known(installation, made)
    ring = Ring.of(made.id, made)
    source.change(None, ring)
    return ring


def _make_known(installation: Installation, key: WrappingKey) -> None:
    installation.store.write(lambda connection: Registry(connection).add(key), EVERYBODY)


def _alone(source: Source) -> AbstractContextManager[None]:
    """While nobody else changes the keys, where it is here that they are changed."""
    return source.alone() if isinstance(source, KeyFile) else nullcontext()


def convert(installation: Installation, told: Told, at_a_time: int = TOGETHER) -> int:
    """Encrypt what is plain; how many texts were. May be broken off and begun again."""
    changed = 0
    # Once more until nothing is left: who began to write before there were keys wrote plain.
    while found := sum(_converted(installation, told, at_a_time)):
        changed += found
    return changed


def _converted(installation: Installation, told: Told, most: int) -> Iterator[int]:
    scopes = [Scope(payer.id) for payer in Administration(installation).payers()]
    total = sum(installation.read(scope, lambda work: work.converting.count()) for scope in scopes)
    done = 0
    for scope in scopes:
        last: Key = ("", "")
        while (part := _part(installation, scope, last, most)) is not None:
            last, done = part.last, done + part.resources
            told(done, total)
            yield part.texts
        while count := installation.write(scope, lambda work: work.converting.decisions(most)):
            yield count


def _part(installation: Installation, scope: Scope, last: Key, most: int) -> Converted | None:
    return installation.write(scope, lambda work: work.converting.next(last, most))


def rotate(installation: Installation, told: Told, at_a_time: int = KEYS_TOGETHER) -> Ring:
    """Make a new key that wraps others, unless one waits for its turn, and wrap all under it.

    The old ones stay until `finish`. May be broken off and begun again. Raises NoKeys, also where
    one is not here that is used, WrongKeys, BeingChanged.
    """
    source = _vault(installation).source
    with _alone(source):
        require_keys(installation, is_required=True)
        ring = begin(installation)
        if isinstance(source, KeyFile) and len(ring.keys) == 1:
            key = new_key(installation.clock())
            _make_known(installation, key)
            before, ring = ring, ring.with_new(key)
            source.change(before, ring)
        _rewrap(installation, ring, told, at_a_time)
        return ring


def finish(
    installation: Installation,
    told: Told,
    wait: Callable[[], bool],
    at_a_time: int = KEYS_TOGETHER,
) -> list[str]:
    """Wrap all under the current key, and destroy all others; which they were.

    `wait` is asked between two looks whether to look again. Raises StillRead, NoKeys, WrongKeys,
    BeingChanged, Busy where another goes on wrapping under an old key.
    """
    source = _vault(installation).source
    with _alone(source):
        require_keys(installation, is_required=True)
        ring = begin(installation)
        old = _without_others(installation, ring, told, at_a_time)
        _await_readers(installation, wait)
        _require_unused(installation, ring)
        if isinstance(source, KeyFile):
            source.change(ring, ring.only())
        return sorted({*old, *ring.keys} - {ring.current})


def _require_unused(installation: Installation, ring: Ring) -> None:
    """Pass where nothing is wrapped under another key again, as by the keys of before."""
    known = installation.store.read(lambda rows: Registry(rows).registered(), EVERYBODY)
    if any(key.wraps for key in known if key.id != ring.current):
        raise Busy


def _without_others(
    installation: Installation, ring: Ring, told: Told, at_a_time: int
) -> list[str]:
    for _ in range(_ROUNDS):
        _rewrap(installation, ring, told, at_a_time)
        try:
            return installation.store.write(
                lambda connection: Registry(connection).only(ring.current), EVERYBODY
            )
        except Busy:
            # Somebody wrapped something under an old one meanwhile.
            continue
    raise Busy


def _await_readers(installation: Installation, wait: Callable[[], bool]) -> None:
    """Return once nobody can read what is wrapped under another key; raises StillRead."""
    since = installation.store.read(lambda connection: Registry(connection).instant(), EVERYBODY)
    while not installation.store.is_settled(since):
        if not wait():
            raise StillRead


def _rewrap(installation: Installation, ring: Ring, told: Told, at_a_time: int) -> None:
    store, after, done = installation.store, ("", ""), 0
    total = store.read(lambda connection: Registry(connection).count(), EVERYBODY)
    while (part := _rewrapped(installation, ring, after, at_a_time)) is not None:
        after, done = part[0], done + part[1]
        told(done, total)


def _rewrapped(
    installation: Installation, ring: Ring, after: Place, most: int
) -> tuple[Place, int] | None:
    vault = _vault(installation)
    return installation.store.write(
        lambda connection: Registry(connection).rewrap(vault, ring, after, most), EVERYBODY
    )


def _vault(installation: Installation) -> Vault:
    vault = installation.store.vault
    if vault is None:
        raise NoKeys
    return vault

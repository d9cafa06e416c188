"""Keyed hashes: values that can be compared and never be read back."""

from hashlib import blake2b

_DIGEST_BYTES = 24


class Hasher:
    """Hashes under the installation's index key; the same parts always give the same text."""

    def __init__(self, key: bytes) -> None:
        self._key = key[:64]

    def __call__(self, *parts: str) -> str:
        """One hash over several parts; where a part ends is part of what is hashed."""
        framed = b"".join(f"{len(part)}:{part}".encode() for part in parts)
        return blake2b(framed, key=self._key, digest_size=_DIGEST_BYTES).hexdigest()

    def key_for(self, purpose: str) -> bytes:
        """A secret of 24 bytes for one purpose, which tells nothing of the index key."""
        return bytes.fromhex(self("key", purpose))

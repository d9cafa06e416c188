"""Keyed hashes: values that can be compared and never be read back."""

from hashlib import blake2b

_DIGEST_BYTES = 24


class Hasher:
    """Hashes under the installation's index key; the same parts always give the same text."""

    def __init__(self, key: bytes) -> None:
        # Taking in the key is most of the work: copied, it is done once.
        self._keyed = blake2b(key=key[:64], digest_size=_DIGEST_BYTES)

    def __call__(self, *parts: str) -> str:
        """One hash over several parts; where a part ends is part of what is hashed."""
        hashed = self._keyed.copy()
        hashed.update("".join([f"{len(part)}:{part}" for part in parts]).encode())
        return hashed.hexdigest()

    def key_for(self, purpose: str) -> bytes:
        """A secret of 24 bytes for one purpose, which tells nothing of the index key."""
        return bytes.fromhex(self("key", purpose))

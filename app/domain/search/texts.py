"""Texts as they are compared, and as they sound."""

import re
import unicodedata

LONGEST_NORMAL = 200

_SOUNDS = str.maketrans("bfpvcgjkqsxzdtlmnr", "111122222222334556")


def normal(text: str) -> str:
    """A text as texts are compared: without case, accents and surplus spaces."""
    if text.isascii():
        return " ".join(text.casefold().split())[:LONGEST_NORMAL]
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(bare.split())[:LONGEST_NORMAL]


def sounds(text: str) -> tuple[str, ...]:
    """How each word of a text sounds, as American Soundex: Robert and Rupert are both `r163`.

    A word that is not of the Latin alphabet sounds as it is compared.
    https://www.archives.gov/research/census/soundex
    """
    return tuple(dict.fromkeys(map(_sound, re.findall(r"[^\W\d_]+", normal(text)))))


def _sound(word: str) -> str:
    if not word.isascii():
        return word
    codes = word.translate(_SOUNDS)
    # h and w between two letters of one sound do not part them; a vowel does.
    spoken = codes[0] + re.sub(r"[hw]", "", codes[1:])
    apart = re.sub(r"(.)\1+", r"\1", spoken)
    return (word[0] + re.sub(r"[^1-6]", "", apart[1:]) + "000")[:4]

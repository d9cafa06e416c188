"""Reading a ClaimResponse of ours back into the decision it was written from.

What is read and written again is the same text, which is how a reissue carries lines over.
http://hl7.org/fhir/R4/claimresponse.html
"""

from app.domain.adjudication import Amount, Category, Decided, DecidedLine, Note
from app.domain.canonical import CHANGE_CAUSE
from app.domain.codes import Cause
from app.fhir.documents import Document, codings_of, money_of

_TIERS = ("item", "detail", "subDetail")


def read_decision(document: Document) -> Decided:
    """The decision in a complete ClaimResponse that the gateway wrote; postings are not in it."""
    return Decided(
        lines=_lines(document, ()),
        totals=_amounts(document.get("total", [])),
        disposition=document["disposition"],
        notes=tuple(_note(note) for note in document.get("processNote", [])),
    )


def _note(note: Document) -> Note:
    causes = (
        Cause(each["valueCoding"]["code"])
        for each in note.get("extension", [])
        if each["url"] == CHANGE_CAUSE
    )
    return Note(note["number"], note["text"], tuple(causes))


def _lines(parent: Document, path: tuple[int, ...]) -> tuple[DecidedLine, ...]:
    if len(path) == len(_TIERS):
        return ()
    tier = _TIERS[len(path)]
    return tuple(_line(each, (*path, each[f"{tier}Sequence"])) for each in parent.get(tier, []))


def _line(line: Document, path: tuple[int, ...]) -> DecidedLine:
    return DecidedLine(
        path=path,
        amounts=_amounts(line["adjudication"]),
        notes=tuple(line.get("noteNumber", ())),
        lines=_lines(line, path),
    )


def _amounts(rows: list[Document]) -> tuple[Amount, ...]:
    return tuple(_amount(row) for row in rows)


def _amount(row: Document) -> Amount:
    money = money_of(row["amount"])
    if money is None:
        raise ValueError("a row of ours has an amount")
    # HL7's codes and ours name different categories, so that the code alone tells which.
    category = Category(row["category"]["coding"][0]["code"])
    return Amount(category, money, codings_of(row.get("reason")))

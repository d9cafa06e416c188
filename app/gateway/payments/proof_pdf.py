"""The proof sheet of a payment as PDF: the same content is the same bytes.

The fonts are those that every reader has, so none is carried along; they know the letters of
Western Europe. Any other sign of a name is written as its code point, such as [U+4E2D], which loses
nothing; CSV and JSON carry it as it is. Docs: docs/payments.md.
"""

import io
import re
from collections.abc import Iterable, Sequence

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from app.gateway.payments.proof_sheet import DETAIL_COLUMNS, LEFT_OUT_COLUMNS, ProofSheet

_FONT, _BOLD = "Helvetica", "Helvetica-Bold"
_SIZE, _LINE, _MARGIN = 9, 13, 50
_WIDTH, _HEIGHT = A4
_RIGHT = _WIDTH - _MARGIN
# Where columns begin; one that ends at its place is aligned to the right.
_DETAILS = (_MARGIN, _MARGIN + 30, _MARGIN + 250, -(_MARGIN + 395), -_RIGHT)
_LEFT_OUT = (_MARGIN + 30, _MARGIN + 250, -_RIGHT)
_PAIRS = (_MARGIN, _MARGIN + 130)
_TERMS = (_MARGIN, -(_MARGIN + 395))
# What a line is not broken within: a code point, a word, forty letters of a longer one.
_PIECES = re.compile(r"\[U\+[0-9A-F]{4,6}\] ?|[^ \[]{1,40} ?|.")


def as_pdf(sheet: ProofSheet) -> bytes:
    """Pages in A4, each with its number and the payment's name."""
    file = io.BytesIO()
    paper = _Paper(file, sheet.title)
    paper.rows([(f"Proof of {sheet.title}",)], (_MARGIN,), _BOLD)
    paper.rows(sheet.facts, _PAIRS)
    paper.heading("Equation")
    paper.rows(sheet.equation, _TERMS)
    paper.heading("Details")
    paper.rows([DETAIL_COLUMNS], _DETAILS, _BOLD)
    paper.rows(sheet.details, _DETAILS)
    if sheet.left_out:
        paper.heading("Left out of this payment")
        paper.rows([LEFT_OUT_COLUMNS], _LEFT_OUT, _BOLD)
        paper.rows(sheet.left_out, _LEFT_OUT)
    paper.end()
    return file.getvalue()


def printable(text: str) -> str:
    """A text in the letters of the fonts; every other sign as its code point."""
    return "".join(each if _is_known(each) else f"[U+{ord(each):04X}]" for each in text)


def _is_known(sign: str) -> bool:
    return sign.isprintable() and bool(sign.encode("cp1252", "ignore"))


class _Paper:
    """Writes line below line, and begins a page where one is full."""

    def __init__(self, file: io.BytesIO, title: str) -> None:
        # Without `invariant` it would hold the time, and an id made of it.
        self._canvas = Canvas(file, pagesize=A4, invariant=1, pageCompression=1)
        self._canvas.setTitle(printable(title))
        self._title = title
        self._page = 0
        self._begin()

    def heading(self, text: str) -> None:
        self._y -= _LINE
        self.rows([(text,)], (_MARGIN,), _BOLD)

    def rows(
        self, rows: Iterable[Sequence[str]], columns: Sequence[float], font: str = _FONT
    ) -> None:
        """Each row a line; a column below zero ends at its place, and others begin there.

        What is too wide for the last column goes on below, in as many lines as it takes.
        """
        for row in rows:
            *others, last = (printable(text) for text in row)
            lines = [last] if columns[-1] < 0 else _wrapped(last, columns[-1], font)
            self._line([*others, lines[0]], columns, font)
            for line in lines[1:]:
                self._line([line], columns[-1:], font)

    def _line(self, texts: Sequence[str], columns: Sequence[float], font: str) -> None:
        if self._y < 2 * _MARGIN:
            self._canvas.showPage()
            self._begin()
        self._canvas.setFont(font, _SIZE)
        for text, at in zip(texts, columns, strict=True):
            if at < 0:
                self._canvas.drawRightString(-at, self._y, text)
            else:
                self._canvas.drawString(at, self._y, text)
        self._y -= _LINE

    def end(self) -> None:
        self._canvas.showPage()
        self._canvas.save()

    def _begin(self) -> None:
        self._page += 1
        self._y = _HEIGHT - _MARGIN
        self._canvas.setFont(_FONT, _SIZE)
        self._canvas.drawString(_MARGIN, _MARGIN, printable(self._title))
        self._canvas.drawRightString(_RIGHT, _MARGIN, f"Page {self._page}")


def _wrapped(text: str, at: float, font: str) -> list[str]:
    """A text in lines that end before the margin, broken at spaces where there are any."""
    lines, line = [], ""
    for piece in _PIECES.findall(text):
        if line and at + stringWidth(f"{line}{piece}".rstrip(), font, _SIZE) > _RIGHT:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()]

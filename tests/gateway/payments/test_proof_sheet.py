"""The proof sheet in every form: the same figures, the same bytes, any name."""

import base64
import re
import zlib
from dataclasses import replace
from datetime import date

import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth

from app.domain.parties import Payer
from app.domain.proofs import LeftOut, Line, Proof
from app.domain.settlement import DetailType, Fault
from app.gateway.payments.proof_pdf import as_pdf, printable
from app.gateway.payments.proof_sheet import as_csv, as_document, proof_sheet

PAYER = Payer("P", "Payer")
PROOF = Proof(
    payment_id="P1",
    payee="Happy Valley",
    issued_on=date(2026, 3, 2),
    currency="EUR",
    units=2_000,
    carried=-4_000,
    withdrawn=-4_000,
    settled=2_000,
    lines=(
        Line(1, "A", DetailType.ADJUSTMENT, -8_000, brought=-8_000),
        Line(2, "B", DetailType.PAYMENT, 10_000),
    ),
    left_out=(LeftOut("C", Fault.SUM, 700),),
)
CSV = """\
Payment,Reconciliation,PaymentReconciliation/P1
Payment,Payer,Payer
Payment,Payee,Happy Valley
Payment,Paid on,2026-03-02
Payment,Currency,EUR
Equation,Carried forward before,-40.00
Equation,Of that withdrawn,-40.00
Equation,Payments,100.00
Equation,Adjustments,0.00
Equation,Paid,20.00
Equation,Carried on,0.00
Details,No.,Claim,Type,Amount,Carried forward before
Details,1,Claim/A,adjustment,-80.00,-80.00
Details,2,Claim/B,payment,100.00,0.00
Left out,Claim,Reason,Amount
Left out,Claim/C,sum,7.00
"""


def sheet(**changes):
    return proof_sheet(PAYER, replace(PROOF, **changes))


def shown(pdf):
    """Every text that a PDF draws, page by page."""
    pages = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    drawn = [zlib.decompress(base64.a85decode(b"<~" + page.strip(), adobe=True)) for page in pages]
    return [
        [text.decode("latin-1") for text in re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", page)]
        for page in drawn
    ]


def test_a_sheet_is_written_as_csv():
    assert as_csv(sheet()).decode() == CSV.replace("\n", "\r\n")


def test_a_sheet_is_written_for_programs():
    document = as_document(sheet())

    assert document["payment"] == "PaymentReconciliation/P1"
    assert document["equation"]["of_that_withdrawn"] == "-40.00"
    assert document["details"][1] == {
        "position": "2",
        "claim": "Claim/B",
        "type": "payment",
        "amount": "100.00",
        "carried": "0.00",
    }
    assert document["left_out"] == [{"claim": "Claim/C", "reason": "sum", "amount": "7.00"}]


def test_a_pdf_shows_what_the_csv_holds():
    [page] = shown(as_pdf(sheet()))

    told = [cell for line in CSV.splitlines() for cell in line.split(",")[1:]]
    assert set(told) - {"Reconciliation"} <= set(page)
    assert "Page 1" in page


@pytest.mark.parametrize(("currency", "paid"), [("JPY", "2000"), ("KWD", "2.000")])
def test_a_sheet_is_in_its_currency_s_own_unit(currency, paid):
    of_currency = sheet(currency=currency)

    assert f"Equation,Paid,{paid}\r\n" in as_csv(of_currency).decode()
    assert paid in shown(as_pdf(of_currency))[0]


def test_the_same_content_is_the_same_bytes():
    assert as_pdf(sheet()) == as_pdf(sheet())
    assert as_pdf(sheet()) != as_pdf(sheet(payee="Sister Clinic"))


def test_many_details_are_on_many_pages():
    lines = tuple(Line(number, f"C{number}", DetailType.PAYMENT, 10) for number in range(1, 201))

    pages = shown(as_pdf(sheet(units=2_000, carried=0, withdrawn=0, lines=lines)))

    claims = [text for page in pages for text in page if text.startswith("Claim/C")]
    assert claims == [*(f"Claim/C{number}" for number in range(1, 201)), "Claim/C"]
    assert [page[0] for page in pages] == ["PaymentReconciliation/P1"] * len(pages)
    assert len(pages) > 3


NAMES = {
    "Müller & Søn": "Müller & Søn",
    "中文": "[U+4E2D][U+6587]",
    "عيادة": "[U+0639][U+064A][U+0627][U+062F][U+0629]",
    "a\nb\u200f": "a[U+000A]b[U+200F]",
    "\U0001f9b7": "[U+1F9B7]",
}


@pytest.mark.parametrize(("name", "written"), NAMES.items())
def test_a_sign_that_the_fonts_lack_is_written_as_its_code_point(name, written):
    assert printable(name) == written
    assert f"Payment,Payee,{name}" in as_csv(sheet(payee=name)).decode().replace('"', "")
    assert as_pdf(sheet(payee=name)) == as_pdf(sheet(payee=written))


LONG = {
    "words": ("Clinic " * 40).strip(),
    "one word": "W" * 200,
    "signs that the fonts lack": "北京大学第一医院口腔科" * 4,
    "brackets": "[" * 300,
}


@pytest.mark.parametrize("name", LONG.values(), ids=LONG)
def test_a_name_that_is_too_long_for_its_line_goes_on_below(name):
    [page] = shown(as_pdf(sheet(payee=name)))

    lines = page[page.index("Payee") + 1 : page.index("Paid on")]
    assert len(lines) > 1
    joined = (" " if " " in name else "").join(lines)
    assert joined == printable(name)
    # From 180 points to the margin at 545.28, in letters of 9 points.
    assert all(stringWidth(line, "Helvetica", 9) <= 365.28 for line in lines)
    assert all(line.count("[U+") == line.count("]") for line in lines)


def test_a_name_without_end_is_cut_in_every_form():
    endless = sheet(payee="中" * 200_000)

    [name] = [value for fact, value in endless.facts if fact == "Payee"]
    assert name == "中" * 500 + "..."
    assert sheet(payee="中" * 500).facts[1] == ("Payee", "中" * 500)
    assert len(as_csv(endless)) < 3_000
    assert sum(text.count("[U+4E2D]") for page in shown(as_pdf(endless)) for text in page) == 500


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1+1", "@x"])
def test_a_name_is_no_formula(name):
    assert f"Payment,Payee,'{name}\r\n" in as_csv(sheet(payee=name)).decode()

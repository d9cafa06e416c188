"""Narratives: one row, one rule; the markup refused, and the accepted twin."""

import pytest

from app.domain.issues import ErrorCode
from app.fhir.answers.narrative import fault_of
from app.fhir.validation import check

NAMESPACE = 'xmlns="http://www.w3.org/1999/xhtml"'


def div(inner, attributes=NAMESPACE):
    return f"<div {attributes}>{inner}</div>"


ROWS = {
    "script": (div("x<script>alert(1)</script>"), div("x<code>alert(1)</code>")),
    "style element": (div("x<style>p {}</style>"), div('<p style="color: red">x</p>')),
    "form": (div("<form><p>x</p></form>"), div("<blockquote><p>x</p></blockquote>")),
    "input": (div('x<input value="y"/>'), div("x<br/>")),
    "iframe": (div('x<iframe src="http://x"/>'), div('x<img src="http://x/y.png" alt="z"/>')),
    "object": (div("x<object/>"), div("x<hr/>")),
    "svg": (div('<svg xmlns="http://www.w3.org/2000/svg"/>x'), div("<span>x</span>")),
    "link": (div('x<link href="a.css"/>'), div('<a href="a.html">x</a>')),
    "base": (div('x<base href="http://x"/>'), div('x<a name="y"/>')),
    "event attribute": (div('<p onclick="x()">x</p>'), div('<p title="x()">x</p>')),
    "event attribute on an image": (div('<img src="a" onerror="x"/>'), div('<img src="a"/>')),
    "capitals": (div('<p ONCLICK="x()">x</p>'), div("<p>ONCLICK</p>")),
    "javascript": (div('<a href="javascript:x()">x</a>'), div('<a href="https://x">x</a>')),
    "javascript in capitals": (
        div('<a href=" JaVaScRiPt:x()">x</a>'),
        div('<a href=" https://x">x</a>'),
    ),
    "javascript in pieces": (
        div('<a href="java&#10;script:x()">x</a>'),
        div('<a href="/java&#10;script">x</a>'),
    ),
    "javascript under a capital name": (
        div('<a HREF="javascript:x()">x</a>'),
        div('<a HREF="#x">x</a>'),
    ),
    "vbscript": (div('<a href="vbscript:x">x</a>'), div('<a href="mailto:a@b.c">x</a>')),
    "data as a page": (
        div('<a href="data:text/html;base64,eA==">x</a>'),
        div('<img src="data:image/png;base64,eA=="/>'),
    ),
    "data as a vector image": (
        div('<img src="data:image/svg+xml;base64,eA=="/>'),
        div('<img src="data:image/gif;base64,eA=="/>'),
    ),
    "a style that runs": (
        div('<p style="width: expression(x())">x</p>'),
        div('<p style="width: 10px">x</p>'),
    ),
    "a style that loads": (
        div('<p style="background: url(http://x)">x</p>'),
        div('<p style="background: #fff">x</p>'),
    ),
    "not closed": (div("<p>x"), div("<p>x</p>")),
    "not nested": (div("<b><i>x</b></i>"), div("<b><i>x</i></b>")),
    "an attribute without quotes": (div("<p class=x>x</p>"), div("<p class='x'>x</p>")),
    "an unknown entity": (div("x &nosuch; y"), div("x &nbsp;&eacute;&amp;&lt;&#233; y")),
    "a bare ampersand": (div("x & y"), div("x &amp; y")),
    "a doctype": ("<!DOCTYPE div [<!ENTITY a 'b'>]>" + div("&a;"), div("&quot;")),
    "a processing instruction": (div("x<?php x?>"), div("x<!-- y -->")),
    "no namespace": ("<div>x</div>", div("x")),
    "another namespace": (div("x", 'xmlns="http://x"'), div("x", f'{NAMESPACE} xml:lang="en"')),
    "another root": (f"<p {NAMESPACE}>x</p>", div("<p>x</p>")),
    "two roots": (div("x") + div("y"), div("<div>x</div><div>y</div>")),
    "text only": ("x", div("x")),
    "nothing": (div(""), div("x")),
    "nothing to see": (div(" <p> \n</p> "), div(' <p><img src="x"/> \n</p> ')),
    "a control character": (div("x\x01"), div("x\t")),
}


@pytest.mark.parametrize(("refused", "accepted"), ROWS.values(), ids=ROWS.keys())
def test_markup_is_allowed_or_not(refused, accepted):
    assert fault_of(refused) is not None
    assert fault_of(accepted) is None


def test_a_narrative_is_refused_at_its_place():
    patient = {"resourceType": "Patient"}
    hostile = {"status": "generated", "div": div("<script>x</script>")}

    issues = check(patient | {"text": hostile})

    assert [(issue.error, issue.expression) for issue in issues] == [
        (ErrorCode.NARRATIVE, "Patient.text.div")
    ]
    assert check(patient | {"text": hostile | {"div": div("x")}}) == []

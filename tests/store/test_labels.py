"""The label that is kept beside a resource is the one in its text, however that is spelled."""

import pytest

from app.domain.permissions import CONFIDENTIALITY
from app.store.labels import label_in

CODING = f'{{"system": "{CONFIDENTIALITY}", "code": "R"}}'


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (f'{{"meta": {{"security": [{CODING}]}}}}', "R"),
        (f'{{"\\u006deta": {{"\\u0073ecurity": [{CODING}]}}}}', "R"),
        (f'{{"meta": {{"security": [{CODING.replace("R", "V")}, {CODING}]}}}}', "V"),
        (f'{{"contained": [{{"meta": {{"security": [{CODING}]}}}}]}}', None),
        ('{"text": "security"}', None),
        ('{"meta": {"versionId": "1"}}', None),
    ],
)
def test_a_label_is_found_in_the_text(text: str, label: str | None) -> None:
    assert label_in(text) == label


def test_what_is_known_of_the_text_is_taken_for_it() -> None:
    document = {"meta": {"security": [{"system": CONFIDENTIALITY, "code": "V"}]}}

    assert label_in("{}", document) == "V"
    assert label_in(f'{{"meta": {{"security": [{CODING}]}}}}', {}) is None

"""What a cancel leaves behind: every document is found by the status that it has now."""

import pytest

from app.store.search.index import Indexed
from tests.builders import a_claim, a_task


@pytest.mark.parametrize("use", ["claim", "preauthorization"])
@pytest.mark.parametrize("is_decided", [True, False])
def test_the_index_of_what_was_cancelled_is_as_if_it_was_made_anew(
    desk, insured, worker, use, is_decided
):
    taken = desk.create(a_claim(use))
    if is_decided:
        worker.drain()
    desk.task(a_task("cancel", focus=taken.stored.reference))

    submission = desk.submission(taken)
    documents = [("Claim", submission.id), ("ClaimResponse", submission.response_id)]
    documents += [("ExplanationOfBenefit", submission.benefit_id)] if submission.benefit_id else []

    def mended(work):
        found = work.resources.find_each(documents)
        assert {one.text.count('"status":"cancelled"') > 0 for one in found.values()} == {True}
        return [
            work.index.replace_each(type, [Indexed(id, one.submitter_id, one.text)])
            for (type, id), one in found.items()
        ]

    assert desk.do(mended) == [0] * len(documents)

"""Task.code `release`, straight at its handler."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.domain.codes import InputType, OutputType, TaskCode
from app.domain.issues import ErrorCode, Missing, Refused, Unacceptable
from app.domain.money import Money
from app.domain.references import Identifier, Reference
from app.domain.tasks import Output, TaskInput, completed
from app.gateway.handlers.release import Release, release
from tests.builders import CLAIM_SYSTEM, a_claim, a_communication, a_quote, a_task
from tests.gateway.desk import on
from tests.store.terms import ledger

WAIT_SECONDS = 60


def releases(desk, focus, origresponse=None):
    """Release by a Task of its own; the outcome, committed."""
    inputs = []
    if origresponse is not None:
        inputs.append(TaskInput(InputType.ORIGRESPONSE, "Reference", origresponse, "Task.input[0]"))
    request = desk.request(TaskCode.RELEASE, Release(origresponse), focus, inputs)
    return desk.do(lambda work: release(request, work))


def refusal(desk, focus, error=Refused, **options):
    with pytest.raises(error) as refused:
        releases(desk, focus, **options)
    (issue,) = refused.value.issues
    return issue.error


def amount(taken, units, currency="EUR"):
    """How a release of so many minor units is answered."""
    released = Output(OutputType.AMOUNT, Money.of_minor_units(units, currency))
    return completed(released, focus=(taken.stored.type, taken.stored.id))


def balance(desk, taken):
    held = desk.see(lambda work: work.reservations.find(taken.stored.id))
    sums = held.amount
    return {"reserved": sums.reserved, "released": sums.released, "open": sums.open}


@pytest.fixture
def preauthorized(desk, insured, worker):
    """A preauthorization over 80.00."""
    taken = desk.create(a_claim("preauthorization", number="P1"))
    worker.drain()
    return taken


# --- refused


def test_a_task_without_a_focus_is_unacceptable(desk, preauthorized):
    assert refusal(desk, None, Unacceptable) is ErrorCode.TASK_FOCUS
    assert releases(desk, on(preauthorized)) == amount(preauthorized, 8000)


def test_what_is_a_strangers_is_as_if_missing(desk, stranger, preauthorized):
    by_identifier = Reference("Claim", identifier=Identifier(CLAIM_SYSTEM, "P1"))

    for focus in (on(preauthorized), by_identifier, Reference("Claim", "unknown")):
        assert refusal(stranger, focus, Missing) is ErrorCode.FOCUS_NOT_FOUND
    assert balance(desk, preauthorized)["open"] == 8000
    assert releases(desk, by_identifier) == amount(preauthorized, 8000)


def test_what_is_no_claim_is_refused_by_its_type(desk, preauthorized):
    communication = desk.create(a_communication())
    response = Reference(*preauthorized.related.split("/"))

    assert refusal(desk, on(communication)) is ErrorCode.FOCUS_TYPE
    assert refusal(desk, response) is ErrorCode.FOCUS_TYPE


@pytest.mark.parametrize("use", ["claim", "predetermination"])
def test_only_a_preauthorization_is_released(desk, insured, worker, use):
    other, preauthorization = desk.create(a_claim(use)), desk.create(a_claim("preauthorization"))
    worker.drain()

    assert refusal(desk, on(other)) is ErrorCode.NOT_A_PREAUTHORIZATION
    assert releases(desk, on(preauthorization)) == amount(preauthorization, 8000)


def test_what_is_not_decided_is_not_released(desk, insured, worker):
    taken = desk.create(a_claim("preauthorization"))

    assert refusal(desk, on(taken)) is ErrorCode.NOT_DECIDED
    worker.drain()
    assert releases(desk, on(taken)) == amount(taken, 8000)


def test_where_nothing_was_ever_reserved_nothing_is_released(desk, insured, worker):
    # One service was before the member's cover began, so that nothing was granted for it.
    denied = desk.create(a_claim("preauthorization", serviced="2019-12-31"))
    granted = desk.create(a_claim("preauthorization"))
    worker.drain()

    assert refusal(desk, on(denied)) is ErrorCode.NOT_POSSIBLE
    assert releases(desk, on(granted)) == amount(granted, 8000)


def test_the_original_response_must_answer_the_focus(desk, preauthorized, worker):
    other = desk.create(a_claim("preauthorization"))
    worker.drain()
    theirs, own = (Reference(*one.related.split("/")) for one in (other, preauthorized))

    for wrong in (theirs, Reference("ClaimResponse", "unknown")):
        assert refusal(desk, on(preauthorized), Missing, origresponse=wrong) is (
            ErrorCode.ORIGRESPONSE_NOT_FOUND
        )
    assert balance(desk, preauthorized)["open"] == 8000
    assert releases(desk, on(preauthorized), origresponse=own) == amount(preauthorized, 8000)


# --- done


def test_what_is_open_is_given_back(desk, preauthorized):
    assert releases(desk, on(preauthorized)) == amount(preauthorized, 8000)

    assert balance(desk, preauthorized) == {"reserved": 8000, "released": 8000, "open": 0}
    assert desk.document(preauthorized.stored.reference)["status"] == "active"
    assert desk.document(preauthorized.related)["status"] == "active"


def test_what_claims_have_used_is_theirs(desk, preauthorized, worker):
    using = a_claim(
        insurance=a_quote(preauthorized.stored.id), prices=["12.50"], serviced="2026-03-02"
    )
    desk.create(using)
    worker.drain()

    assert releases(desk, on(preauthorized)) == amount(preauthorized, 7000)
    late = {**using, "identifier": [{"system": CLAIM_SYSTEM, "value": "late"}]}
    desk.create(late)
    worker.drain()
    assert balance(desk, preauthorized) == {"reserved": 8000, "released": 7000, "open": 0}


@pytest.mark.parametrize(
    ("currency", "price", "units"), [("JPY", "1235", 988), ("KWD", "12.345", 9876)]
)
def test_the_amount_is_told_in_the_currencys_own_digits(
    desk, insured, worker, currency, price, units
):
    document = a_claim("preauthorization", prices=[price])
    [item] = document["item"]
    for amounts in (item["unitPrice"], item["net"], document["total"]):
        amounts["currency"] = currency
    taken = desk.create(document)
    worker.drain()

    released = releases(desk, on(taken))

    assert released == amount(taken, units, currency)
    assert str(released.outputs[0].value.amount) == {"JPY": "988", "KWD": "9.876"}[currency]


# --- twice


def test_the_second_release_gives_back_nothing(desk, preauthorized):
    releases(desk, on(preauthorized))

    assert releases(desk, on(preauthorized)) == amount(preauthorized, 0)
    assert balance(desk, preauthorized) == {"reserved": 8000, "released": 8000, "open": 0}


def test_the_same_task_again_tells_what_the_first_gave_back(desk, preauthorized):
    document = a_task("release", focus=preauthorized.stored.reference, number="R1")
    first, second = desk.ask(document), desk.ask(document)

    assert (first.is_new, second.is_new) == (True, False)
    assert first.stored.text == second.stored.text
    assert '"value":80.00' in first.stored.text


# --- together


def test_of_two_at_once_one_gives_it_back(desk, preauthorized):
    together = Barrier(2)

    def attempt(_):
        together.wait(WAIT_SECONDS)
        [output] = releases(desk, on(preauthorized)).outputs
        return output.value.minor_units

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, range(2))) == [0, 8000]
    assert balance(desk, preauthorized) == {"reserved": 8000, "released": 8000, "open": 0}


def test_of_a_release_and_a_claim_at_once_nothing_is_given_twice(desk, preauthorized, worker):
    quote = a_quote(preauthorized.stored.id)
    desk.create(a_claim(insurance=quote, prices=["12.50"], serviced="2026-03-02"))
    together = Barrier(2)

    def released():
        together.wait(WAIT_SECONDS)
        return releases(desk, on(preauthorized)).outputs[0].value.minor_units

    def decided():
        together.wait(WAIT_SECONDS)
        return worker.drain()

    with ThreadPoolExecutor(2) as pool:
        given_back, _ = pool.submit(released), pool.submit(decided)
    row = desk.see(lambda work: work.reservations.find(preauthorized.stored.id)).amount
    assert given_back.result() == row.released
    assert (row.released, row.consumed) in {(8000, 0), (7000, 1000)}
    assert (row.reserved, row.open) == (8000, 0)
    entries = desk.installation.store.read(
        lambda connection: ledger(connection, preauthorized.stored.id)
    )
    assert len(entries) == 2 + (row.consumed > 0)

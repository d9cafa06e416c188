"""What the machine draws from."""

from hypothesis import strategies as st

from tests.reliability.model.asked import Filter
from tests.reliability.model.decisions import MANNERS
from tests.reliability.model.documents import ASKED_ABOUT, PLAIN
from tests.reliability.model.model import Claim
from tests.reliability.model.table import CODES
from tests.reliability.model.world import SENDERS, STRANGER

MEMBERS = ("M0-0", "M0-1", STRANGER)
# Some of them are less than the deductible, which is 300.00.
PRICES = ("450.00", "80.00", "700.00")
ENDS = ("2026-04-15", "2026-03-03")
FILTERS: tuple[Filter, ...] = (
    None,
    ("include", "ClaimResponse"),
    ("include", "Task"),
    ("exclude", "ClaimResponse"),
    ("include", "PaymentReconciliation"),
)
# Keys of Tasks and Claims are kept longer than this: a machine never lives to see them lapse.
DAYS_AT_MOST = 200
MOST_FAILURES = 6

senders = st.sampled_from((SENDERS[0], SENDERS[0], SENDERS[1]))
lasts = st.sampled_from(ENDS)
points = st.none() | st.integers(0, 120)
uses = st.sampled_from(("claim", "preauthorization", "preauthorization", "predetermination"))
members = st.sampled_from((*MEMBERS[:2], *MEMBERS))
lines = st.lists(
    st.tuples(st.sampled_from(PRICES), st.sampled_from((PLAIN, PLAIN, PLAIN, ASKED_ABOUT))),
    min_size=1,
    max_size=3,
)
# Such as the plan mostly pays a part of.
granted = st.sampled_from((PRICES[2], PRICES[2], PRICES[1])).map(lambda price: [(price, PLAIN)])
followers = st.sampled_from((None, "claim", "claim", "predetermination"))
# Which Claim, counted from the newest.
claims = st.integers(0, 5)
kinds = st.sampled_from(("valid", "valid", "valid", "valid", "stat", "invalid"))
codes = st.sampled_from(CODES)
manners = st.sampled_from(("standard", "standard", *MANNERS))


Lines = list[tuple[str, str]]
VALID = {"is_stat": False, "is_valid": True}


def a_claim(sender: str, use: str, lines: Lines, member: str, ends: str) -> Claim:
    """What is to be sent, as the model knows it; `ends` counts for a preauthorization."""
    return VALID | {
        "sender": sender,
        "use": use,
        "member": member,
        "prices": [price for price, _ in lines],
        "services": [service for _, service in lines],
        "quotes": None,
        "ends": ends,
    }

"""What a decision was made from, and the decision itself, as exact texts that can be kept.

Docs: docs/replay.md.
"""

from app.domain import exact_text
from app.domain.adjudication import AdjudicationRequest, Decided
from app.domain.exact_text import Kinds, NotReadable
from app.domain.plan import Plan
from app.domain.reissue import Reissue

# Goes up where a text that was written before would be read as something else.
FORMAT = "inputs-1"

# The request names the reissue, and the reissue's module needs the request's.
_KINDS = Kinds(names=(("Reissue", Reissue),), shared=(Plan,))


def inputs_text(request: AdjudicationRequest) -> str:
    """Everything that an adjudicator was asked with."""
    return f"{FORMAT}\n{exact_text.text_of(request, _KINDS)}"


def request_of(text: str) -> AdjudicationRequest:
    """The request behind such a text; raises NotReadable."""
    format_, _, content = text.partition("\n")
    if format_ != FORMAT:
        raise NotReadable("another format")
    return exact_text.value_of(AdjudicationRequest, content, _KINDS)


def decision_text(decided: Decided) -> str:
    """A decision to the last byte: lines, totals, sentence, notes, and what it posts."""
    return exact_text.text_of(decided)

"""Who looks: two submitters of one payer, that payer itself, and a stranger's submitter."""

from app.domain.parties import Scope

MINE = Scope("payer-1", "submitter-1")
THEIRS = Scope("payer-1", "submitter-2")
PAYERS = Scope("payer-1")
# The same submitter id on purpose: only the payer tells the two apart.
FOREIGN = Scope("payer-2", "submitter-1")

"""`eclaims replay`: a decision is made again from what it was made from, and compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.options import (
    Refusal,
    administration_of,
    instance_option,
    json_option,
    open_installation,
    payer_of,
    payer_option,
    table,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.domain.adjudication import Amount, DecidedLine
    from app.gateway.deciding.replay import NotReplayable, Replayed
    from app.gateway.installation import Installation

DIFFERS = 3
_COLUMNS = ("line", "row", "told", "again", "reasons")


@click.command()
@click.argument("claim", metavar="CLAIM")
@click.option("--decision", "number", type=click.IntRange(min=1), help="Which; else the last one.")
@click.option("--with", "name", help="Ask this adjudicator, whatever rules it has.")
@payer_option
@instance_option
@json_option
def replay(
    claim: str,
    number: int | None,
    name: str | None,
    payer_name: str | None,
    instance: Path,
    as_json: bool,
) -> None:
    """Decide CLAIM once more from what is kept of its decision, and compare to the last byte.

    Nothing of the Claim changes. Exit code 3 where the decision differs.
    """
    installation = open_installation(instance)
    replayed = _replayed(installation, payer_name, claim.removeprefix("Claim/"), number, name)
    if as_json:
        told(_document(replayed))
    else:
        _show(claim.removeprefix("Claim/"), replayed)
    if replayed.verdict != "same":
        click.get_current_context().exit(DIFFERS)


def _replayed(
    installation: Installation,
    payer_name: str | None,
    id: str,
    number: int | None,
    name: str | None,
) -> Replayed:
    from app.gateway.adjudicators import installed
    from app.gateway.deciding.replay import NoDecision, NoSuchAdjudicator, NotReplayable, Replays

    owner, adjudicators = payer_of(administration_of(installation), payer_name), installed()
    try:
        return Replays(installation, adjudicators).replay(owner, id, number, name)
    except NoDecision:
        which = f"decision {number}" if number else "decision"
        text = f"{owner.name!r} has no {which} kept of Claim {id!r}"
        raise Refusal(f"{text}: name a Claim that is decided, by its id.") from None
    except NoSuchAdjudicator:
        text = f"No adjudicator {name!r} is installed"
        raise Refusal(f"{text}; there are: {', '.join(sorted(adjudicators))}.") from None
    except NotReplayable as fault:
        raise Refusal(_hindered(fault)) from None


def _hindered(fault: NotReplayable) -> str:
    from app.gateway.deciding.replay import Hindrance

    hindrance, *what = fault.args
    sentences = {
        Hindrance.EMPTIED: "What the decision was made from held another request that was "
        "nullified, and is emptied: it cannot be made again.",
        Hindrance.DAMAGED: "What is kept of the decision is not what was written (its digest "
        "differs): find out who changed the database, and compare with a backup.",
        Hindrance.UNREADABLE: "What is kept of the decision was written by a version that this one "
        "cannot read: install the version that decided it.",
        Hindrance.NOT_INSTALLED: f"It was decided by {', '.join(what)}, and no adjudicator that "
        "is installed has these rules: install that version, or see with "
        "`--with standard` what other rules say.",
        Hindrance.FAILED: f"The adjudicator raised {', '.join(what)}: ask who made it.",
        Hindrance.TOO_SLOW: "The adjudicator did not answer in the time that it has for a Claim: "
        "ask who made it.",
    }
    return sentences[hindrance]


def _show(id: str, replayed: Replayed) -> None:
    kept, decision = replayed.kept, replayed.kept.decision
    plan = f"plan {' version '.join(decision.plan)}" if decision.plan else "no plan"
    made = f"decision {kept.number} of {kept.decided_at:%Y-%m-%d %H:%M} by {decision.rules}, {plan}"
    rows = [(*row, "differs" if is_other else "") for row, is_other in _all_rows(replayed)]
    table(f"Claim/{id}, {made}", *_COLUMNS, "", rows=rows)
    for note in replayed.notes:
        click.echo(note)
    click.echo(_verdict(replayed))


def _verdict(replayed: Replayed) -> str:
    by = f"Made again by {replayed.rules}"
    if replayed.waits is not None:
        return f"{by}, it waits for {replayed.waits.awaiting}: {replayed.waits.text}"
    if replayed.verdict == "same":
        return f"{by}, the decision is the same to the last byte."
    if replayed.is_same_decision:
        return f"{by}, the decision is the same, but ClaimResponse/{_response(replayed)} is not."
    if replayed.is_same_response:
        return f"{by}, lines and totals are the same, but notes, sentence or counters are not."
    return f"{by}, the decision differs."


def _response(replayed: Replayed) -> str:
    return replayed.kept.decision.response_id


def _all_rows(replayed: Replayed) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Each row as it is shown, and whether amount or reasons differ."""
    from app.domain.adjudication import Category
    from app.domain.reissue import spelled

    for pair in replayed.lines:
        old, new = _amounts(pair.told), _amounts(pair.again)
        for category in (each for each in Category if each in old or each in new):
            before, after = old.get(category), new.get(category)
            shown = (_money(before), _money(after), _reasons(after or before))
            yield (spelled(pair.path), str(category), *shown), before != after


def _reasons(amount: Amount | None) -> str:
    """The reasons of now, or of then where the row is gone."""
    reasons = amount.reasons if amount else ()
    return ", ".join(f"{one.code} {one.display or ''}".strip() for one in reasons)


def _amounts(line: DecidedLine | None) -> dict[str, Amount]:
    return {row.category: row for row in line.amounts} if line else {}


def _money(amount: Amount | None) -> str:
    return f"{amount.money.amount:f} {amount.money.currency}" if amount else "-"


def _document(replayed: Replayed) -> dict[str, Any]:
    kept, decision = replayed.kept, replayed.kept.decision
    identifier, version = decision.plan or (None, None)
    waits = replayed.waits
    return {
        "verdict": replayed.verdict,
        "decision": kept.number,
        "decided_at": kept.decided_at.isoformat(),
        "response": f"ClaimResponse/{decision.response_id}",
        "rules": decision.rules,
        "made_again_by": replayed.rules,
        "plan": identifier,
        "plan_version": version,
        "inputs_digest": decision.inputs_digest,
        "decision_digest": decision.decision_digest,
        "is_same_decision": replayed.is_same_decision,
        "is_same_response": replayed.is_same_response,
        "rows": [
            {**dict(zip(_COLUMNS, row, strict=True)), "differs": is_other}
            for row, is_other in _all_rows(replayed)
        ],
        "notes": list(replayed.notes),
        "waits": None if waits is None else {"awaiting": waits.awaiting, "text": waits.text},
    }

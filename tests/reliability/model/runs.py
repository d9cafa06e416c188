"""What payment runs left behind: whose it is, and that it is what the model says."""

from collections import Counter
from typing import Any

from tests.reliability.model.model import Model
from tests.reliability.model.world import Rows, World


def learn_payment(row: dict[str, Any], model: Model, world: World) -> str:
    """Keep in the model what tells of a payment, and is about no Claim; to whom it goes."""
    [sender] = [name for name, id in world.clients.items() if id == row["submitter_id"]]
    model.pended.append(
        {
            "type": row["type"],
            "id": row["resource_id"],
            "version": row["version"],
            "claim": None,
            "sender": sender,
            "state": "undelivered",
        }
    )
    return f"to {sender}"


def learn_runs(new: list[dict[str, Any]], rows: Rows, model: Model, world: World) -> None:
    """Each payment is of the sender that it ought to be of, and has its proof."""
    owners = {row["id"]: row["submitter_id"] for row in rows["payment"]}
    names = {id: name for name, id in world.clients.items()}
    told = [row for row in new if row["action"] == "pay"]
    issued = [row["resource_id"] for row in told if row["outcome"] == "issued"]
    carried = sum(row["outcome"] == "carried" for row in told)
    for payment in issued:
        assert world.proof(payment) is not None
    ought = Counter(how for _, how in model.payables.runs)
    assert sorted(names[owners[payment]] for payment in issued) == sorted(
        sender for sender, how in model.payables.runs if how == "issued"
    )
    # What is only carried is carried, and told, again by the run after a crash.
    most = ought["carried"] * (2 if model.payables.is_told_twice else 1)
    assert ought["carried"] <= carried <= most
    world.figures["payments"] += len(issued)
    world.figures["carried forward"] += ought["carried"]
    model.payables.runs.clear()

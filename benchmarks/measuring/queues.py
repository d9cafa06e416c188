"""The queues of answers: what was handed over is put back, so that the next round finds it."""

from collections import Counter

from sqlalchemy import Connection, select, update

from app.store.tables import Delivery, pended
from benchmarks.measuring.servers import Site


def refilled(site: Site) -> list[int]:
    """Put back what polls took; answers how many wait for each submitter.

    What was delivered from the beginning was so in the instant that it was pended.
    """
    taken = (pended.c.state == Delivery.DELIVERED) & (pended.c.delivered_at > pended.c.pended_at)
    back = {"state": Delivery.UNDELIVERED, "delivered_at": None, "deliveries": 0, "leases": 0}
    waiting = select(pended.c.submitter_id).where(pended.c.state == Delivery.UNDELIVERED)

    def put_back(connection: Connection) -> Counter[str]:
        connection.execute(update(pended).where(taken).values(back))
        return Counter(connection.execute(waiting).scalars())

    with site.opened() as ours:
        counts = ours.store.write(put_back)
    return [counts[client.id] for client in site.clients]

"""What Claims are owed and were paid, worked out anew: a number each, in minor units."""


class Payables:
    """The payee ledgers of all submitters: each is one payee of its own, in one currency."""

    def __init__(self) -> None:
        self.entered: dict[str, int] = {}
        self.settled: dict[str, int] = {}
        self.carried: dict[str, int] = {}
        # Claims that were ever paid, also where that was taken back since.
        self.paid: set[str] = set()
        # What the runs of the last step did: whose ledger, and whether it was issued or carried.
        self.runs: list[tuple[str, str]] = []
        self.is_told_twice = False

    def decided(self, claim: str, benefit: int) -> None:
        """A Claim is owed its benefit, in the place of an earlier one."""
        self.entered[claim] = benefit

    def ended(self, claim: str) -> None:
        """A Claim is owed nothing any more."""
        if claim in self.entered:
            self.entered[claim] = 0

    def owed(self, claim: str) -> int:
        """What of a Claim is not settled; below zero it is owed back."""
        return self.entered.get(claim, 0) - self.settled.get(claim, 0)

    def is_paid(self, claim: str, benefit: int) -> bool:
        """Whether exactly this was paid before."""
        return claim in self.paid and self.settled[claim] == benefit

    def run(self, sender: str, ready: list[str]) -> bool:
        """One run for the Claims of a sender that are decided; whether it issued a payment."""
        owed = {claim: self.owed(claim) for claim in ready if self.owed(claim)}
        if not owed:
            return False
        total = sum(owed.values())
        self.carried[sender] = min(total, 0)
        self.runs.append((sender, "carried" if total < 0 else "issued"))
        if total < 0:
            return False
        for claim in owed:
            self.settled[claim] = self.entered[claim]
            self.paid.add(claim)
        return True

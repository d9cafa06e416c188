"""Our own adjudicators keep the contract that every adjudicator keeps."""

from app.adjudicators.contract import AdjudicatorContract
from app.adjudicators.manual import ManualAdjudicator
from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import Adjudicator


class TestStandard(AdjudicatorContract):
    def adjudicator(self) -> Adjudicator:
        return StandardAdjudicator()


class TestManual(AdjudicatorContract):
    def adjudicator(self) -> Adjudicator:
        return ManualAdjudicator()

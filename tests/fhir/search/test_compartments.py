"""Which parameters put a resource into a Patient's compartment."""

import pytest

from app.fhir.search.compartments import compartment
from app.fhir.search.definitions import parameters_of, searchable_types


@pytest.mark.parametrize("type", sorted(searchable_types()))
def test_each_parameter_of_a_compartment_is_a_reference_to_a_patient(type):
    assert all(parameters_of(type)[name].may_lead_to("Patient") for name in compartment(type))


def test_tasks_and_payments_are_in_no_compartment():
    outside = {type for type in searchable_types() if compartment(type) == ()}

    assert {"Task", "PaymentNotice", "PaymentReconciliation"} <= outside
    assert compartment("Claim") == ("patient", "payee")
    assert compartment("Observation") == ()

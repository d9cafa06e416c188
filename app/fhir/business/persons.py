"""Reading from a Patient what a plan looks at, and telling conditions of it.

http://hl7.org/fhir/R4/patient.html
"""

from collections.abc import Mapping
from typing import Any

from app.domain.persons import Person, Sex
from app.fhir.documents import Document, days_of


def read_person(patient: Mapping[str, Any]) -> Person:
    """The birth date, as exactly as it is told, and the gender where it says anything."""
    sexes = {sex.value: sex for sex in Sex}
    return Person(days_of(patient.get("birthDate")), sexes.get(patient.get("gender", "")))


def patient_of(person: Person) -> Document:
    """The elements of a Patient that a person was read from."""
    told = {"gender": person.sex and person.sex.value, "birthDate": _birth_date(person)}
    return {name: value for name, value in told.items() if value is not None}


def _birth_date(person: Person) -> str | None:
    born = person.born
    if born is None or born.first is None or born.last is None:
        return None
    if born.first == born.last:
        return born.first.isoformat()
    is_month = (born.first.year, born.first.month) == (born.last.year, born.last.month)
    return born.first.isoformat()[: len("2000-01") if is_month else len("2000")]

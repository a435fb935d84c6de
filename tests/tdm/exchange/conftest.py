"""A ward whose records other systems read, told once for the tests of a module."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pytest_django import DjangoDbBlocker

from dosing.models import Laboratory
from patients.models import Patient, Role, Site, Staff
from tests.builders import (
    a_dose,
    a_laboratory,
    a_patient,
    a_protocol,
    a_site,
    a_staff_member,
)
from tests.tdm.fhir_world import kept_for_a_module


@dataclass(frozen=True)
class Ward:
    """A clinic and someone there on 2 mg once daily, of whom no level is known."""

    site: Site
    clinician: Staff
    laboratory: Laboratory
    treated: Patient


@pytest.fixture(scope="module")
def ward(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Ward]:
    with kept_for_a_module(django_db_blocker):
        site = a_site()
        clinician = a_staff_member(site, Role.CLINICIAN)
        laboratory = a_laboratory(site)
        treated = a_patient(site, clinician)
        a_dose(treated, "2", protocol=a_protocol(), actor=clinician)
        yield Ward(site, clinician, laboratory, treated)


@pytest.fixture
def site(ward: Ward) -> Site:
    return ward.site


@pytest.fixture
def clinician(ward: Ward) -> Staff:
    return ward.clinician


@pytest.fixture
def laboratory(ward: Ward) -> Laboratory:
    return ward.laboratory


@pytest.fixture
def treated(ward: Ward) -> Patient:
    return ward.treated

"""Who may do what."""

import pytest

from patients.models import Role, Site
from tdm.roles import PERMISSIONS
from tests.builders import a_staff_member


@pytest.mark.parametrize("role", Role)
def test_every_role_stands_in_the_table(role: Role) -> None:
    assert role in PERMISSIONS


def test_only_clinicians_sign(site: Site) -> None:
    signers = [
        role
        for role in Role
        if a_staff_member(site, role).has_perm("dosing.add_decision")
    ]

    assert signers == [Role.CLINICIAN]


def test_an_account_that_was_closed_may_do_nothing(site: Site) -> None:
    staff = a_staff_member(site, Role.CLINICIAN)
    staff.is_active = False

    assert not staff.has_perm("patients.view_patient")

"""Levels as the clinic records, corrects and sets them aside."""

import pytest
from django.core.exceptions import ValidationError

from dosing.history import history_of
from dosing.models import Laboratory, TroughLevel
from patients.models import AuditEvent, Patient, Staff
from tests.builders import a_laboratory, a_site, a_trough


def test_a_level_is_kept_as_reported_and_in_ng_per_ml(
    treated: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    level = a_trough(treated, "13,3", actor=nurse)

    assert (str(level), level.ng_per_ml) == ("13.3 ng/mL", level.reported_value)


def test_a_trough_cannot_precede_its_dose(
    treated: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    with pytest.raises(ValidationError, match="after the last dose"):
        a_trough(treated, "8", actor=nurse, hours_after_dose=-1)

    assert not TroughLevel.objects.exists()
    assert not AuditEvent.objects.filter(action="record_trough").exists()


def test_a_level_of_a_laboratory_elsewhere_is_read_by_its_method(
    treated: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    elsewhere = a_laboratory(a_site(name="Elsewhere"))
    a_trough(treated, "13.3", actor=nurse)
    TroughLevel.objects.update(laboratory=elsewhere)

    (level,) = history_of(treated).levels

    assert level.laboratory == elsewhere

"""Levels as the clinic records, corrects and sets them aside."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from dosing.history import history_of
from dosing.models import Laboratory, TroughLevel
from dosing.services import correct_trough, set_aside_trough
from dosing.units import Unit, parse_reported, to_ng_per_ml
from patients.models import AuditEvent, Patient, Staff
from tests.builders import a_laboratory, a_site, a_trough, on_day


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


def test_each_small_level_in_nmol_per_l_agrees_with_its_report(
    treated: Patient, laboratory: Laboratory
) -> None:
    unit = Unit.NMOL_PER_L
    reported = [Decimal(hundredths) / 100 for hundredths in range(1, 300)]
    TroughLevel.objects.bulk_create(
        TroughLevel(
            patient=treated,
            laboratory=laboratory,
            reported_value=value,
            reported_unit=unit,
            ng_per_ml=to_ng_per_ml(value, unit),
            drawn_at=on_day(28) + timedelta(seconds=int(value * 100)),
        )
        for value in reported
    )

    assert TroughLevel.objects.count() == len(reported)


def test_a_correction_names_everything_that_is_wrong_with_a_level(
    treated: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    level = a_trough(treated, "13.3", actor=nurse)

    with pytest.raises(ValidationError) as refused:
        correct_trough(
            level=level,
            version=level.version,
            laboratory=laboratory,
            reported=parse_reported("900"),
            unit=Unit.NG_PER_ML,
            drawn_at=level.drawn_at,
            last_dose_at=level.drawn_at,
            note="a\u202eb",
            reason="misread",
            actor=nurse,
        )

    wrong = {"reported_value", "last_dose_at", "note"}
    assert set(refused.value.message_dict) == wrong


def test_a_level_from_before_a_birthday_that_was_corrected_can_be_set_aside(
    treated: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    level = a_trough(treated, "13.3", actor=nurse)
    Patient.objects.update(born_on=level.drawn_at.date() + timedelta(days=9))

    set_aside_trough(level=level, version=1, reason="not hers", actor=nurse)

    assert not TroughLevel.objects.used().exists()


def test_a_level_of_a_laboratory_elsewhere_is_read_by_its_method(
    treated: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    elsewhere = a_laboratory(a_site(name="Elsewhere"))
    a_trough(treated, "13.3", actor=nurse)
    TroughLevel.objects.update(laboratory=elsewhere)

    (level,) = history_of(treated).levels

    assert level.laboratory == elsewhere

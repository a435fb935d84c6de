"""Imaging studies and their numbers: recorded, corrected, withdrawn, never twice."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from patients import services as people
from patients.forms import ImagingForm
from patients.models import (
    AuditEvent,
    ImagingStudy,
    Lesion,
    Measurement,
    Patient,
    Quantity,
    Staff,
)
from patients.services import Numbers
from patients.services.imaging import ellipsoid_cm3
from tests.builders import DAY_0, a_lesion, an_mri


@pytest.fixture
def lesion(treated: Patient, clinician: Staff) -> Lesion:
    return a_lesion(treated, clinician)


def standing(study: ImagingStudy) -> dict[str, Decimal]:
    rows = Measurement.objects.standing().filter(imaging=study)
    return {row.quantity: row.value for row in rows}


def refused(error: pytest.ExceptionInfo[ValidationError]) -> dict[str, list[str]]:
    return error.value.message_dict


DIAMETERS: dict[str, Any] = {
    f"diameter_{number}_mm": Decimal(mm)
    for number, mm in enumerate((60, 40, 20), start=1)
}


def test_an_mri_keeps_its_numbers_on_its_own_day(
    lesion: Lesion, clinician: Staff
) -> None:
    numbers = Numbers(area_mm2=Decimal(1299), volume_method="ellipsoid", **DIAMETERS)
    study = an_mri(lesion, numbers=numbers, actor=clinician)

    assert standing(study) == {
        "mri_max_area_mm2": 1299,
        "mri_volume_cm3": Decimal("25.13"),
        "mri_diameter_1_mm": 60,
        "mri_diameter_2_mm": 40,
        "mri_diameter_3_mm": 20,
    }
    rows = Measurement.objects.filter(imaging=study)
    assert {(row.lesion, row.measured_on) for row in rows} == {(lesion, DAY_0)}
    lines = AuditEvent.objects.filter(action__in=["record_imaging", "add_measurement"])
    assert lines.count() == 6


def test_an_ellipsoid_is_pi_sixths_of_its_diameters() -> None:
    assert ellipsoid_cm3(Decimal(10), Decimal(10), Decimal(10)) == Decimal("0.52")


@pytest.mark.parametrize(
    ("numbers", "field"),
    [
        ({"volume_cm3": Decimal(12)}, "volume_method"),
        ({"volume_method": "segmentation"}, "volume_cm3"),
        (
            {"volume_cm3": Decimal(25), "volume_method": "ellipsoid", **DIAMETERS},
            "volume_cm3",
        ),
        ({"area_printed_percent": Decimal(-29)}, "area_printed_percent"),
        ({"area_mm2": Decimal("200000.01")}, "area_mm2"),
        ({"diameter_2_mm": Decimal(-1)}, "diameter_2_mm"),
    ],
)
def test_a_number_that_cannot_be_meant_is_refused_beside_its_field(
    lesion: Lesion, clinician: Staff, numbers: dict[str, object], field: str
) -> None:
    with pytest.raises(ValidationError) as error:
        an_mri(lesion, numbers=Numbers(**numbers), actor=clinician)  # type: ignore[arg-type]

    assert set(refused(error)) == {field}
    assert not ImagingStudy.objects.exists()


def test_numbers_are_of_an_mri_only_and_have_one_way_in(
    lesion: Lesion, clinician: Staff
) -> None:
    with pytest.raises(ValidationError) as error:
        an_mri(lesion, modality="ultrasound", actor=clinician)
    assert set(refused(error)) == {"modality"}

    with pytest.raises(ValidationError) as error:
        people.add_measurement(
            patient=lesion.patient,
            lesion=lesion,
            quantity=Quantity.MRI_MAX_AREA_MM2,
            value=Decimal(931),
            measured_on=DAY_0,
            actor=clinician,
        )
    assert set(refused(error)) == {"quantity"}

    an_mri(lesion, actor=clinician)
    with pytest.raises(ValidationError, match="Correct the imaging study"):
        people.correct_measurement(
            measurement=Measurement.objects.get(quantity="mri_max_area_mm2"),
            version=1,
            value=Decimal(1),
            measured_on=DAY_0,
            reason="misread",
            actor=clinician,
        )


def test_a_study_of_tomorrow_is_refused(lesion: Lesion, clinician: Staff) -> None:
    with pytest.raises(ValidationError, match="between birth and today"):
        an_mri(lesion, done_on=date(2126, 1, 1), actor=clinician)


def test_a_patient_has_one_baseline(lesion: Lesion, clinician: Staff) -> None:
    first = an_mri(lesion, is_baseline=True, actor=clinician)
    with pytest.raises(ValidationError, match="Another study is the baseline"):
        an_mri(lesion, day=91, is_baseline=True, actor=clinician)

    people.withdraw_imaging(
        study=first, version=1, reason="other patient", actor=clinician
    )

    assert an_mri(lesion, day=91, is_baseline=True, actor=clinician).is_baseline


def test_a_corrected_study_takes_its_numbers_along(
    lesion: Lesion, clinician: Staff
) -> None:
    other = a_lesion(lesion.patient, clinician, body_site="Hand")
    numbers = Numbers(area_mm2=Decimal(1299), **DIAMETERS)
    study = an_mri(lesion, numbers=numbers, actor=clinician)
    people.correct_imaging(
        study=study,
        lesion=other,
        version=1,
        numbers=Numbers(area_mm2=Decimal(50)),
        reason="second lesion measured",
        actor=clinician,
    )

    people.correct_imaging(
        study=study,
        lesion=lesion,
        version=2,
        done_on=DAY_0 + timedelta(days=1),
        numbers=Numbers(area_mm2=Decimal(931), diameter_1_mm=Decimal(60)),
        reason="misread",
        actor=clinician,
    )

    rows = Measurement.objects.standing().filter(imaging=study)
    assert {r.measured_on for r in rows} == {DAY_0 + timedelta(days=1)}
    assert {(r.lesion_id, r.quantity, int(r.value), r.version) for r in rows} == {
        (lesion.pk, "mri_max_area_mm2", 931, 2),
        (lesion.pk, "mri_diameter_1_mm", 60, 2),
        (other.pk, "mri_max_area_mm2", 50, 2),
    }
    with pytest.raises(ValidationError) as error:
        people.correct_imaging(
            study=study,
            lesion=lesion,
            version=3,
            modality="ct",
            reason="it was a CT",
            actor=clinician,
        )
    assert set(refused(error)) == {"modality"}


def test_a_withdrawn_study_leaves_no_number_behind(
    lesion: Lesion, clinician: Staff
) -> None:
    study = an_mri(lesion, actor=clinician)
    people.withdraw_imaging(
        study=study, version=1, reason="other patient", actor=clinician
    )

    assert standing(study) == {}
    assert not ImagingStudy.objects.of(lesion.patient).exists()
    with pytest.raises(ValidationError, match="entered in error already"):
        people.correct_imaging(
            study=study, lesion=lesion, version=2, reason="again", actor=clinician
        )


def test_an_earlier_treatment_entered_in_error_stays_in_the_history_only(
    lesion: Lesion, clinician: Staff
) -> None:
    treatment = people.add_previous_treatment(
        lesion=lesion, kind="surgery", actor=clinician
    )
    again = {"treatment": treatment, "reason": "other patient", "actor": clinician}
    people.withdraw_previous_treatment(version=1, **again)  # type: ignore[arg-type]

    assert Lesion.objects.get(pk=lesion.pk).treatments == []
    with pytest.raises(ValidationError, match="entered in error already"):
        people.correct_previous_treatment(version=2, kind="ablation", **again)  # type: ignore[arg-type]


def sent(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def test_sixteen_bits_of_grey_are_scaled_and_not_cut(
    lesion: Lesion, clinician: Staff
) -> None:
    greys = Image.new("I;16", (3, 1))
    for place, grey in enumerate((0, 32768, 65535)):
        greys.putpixel((place, 0), grey)

    image = people.attach_key_image(
        study=an_mri(lesion, actor=clinician), sent=sent(greys), actor=clinician
    )

    kept = Image.open(BytesIO(image.content))
    assert [kept.getpixel((place, 0)) for place in range(3)] == [0, 127, 255]


def test_a_picture_of_a_withdrawn_study_is_refused(
    lesion: Lesion, clinician: Staff
) -> None:
    study = an_mri(lesion, actor=clinician)
    people.withdraw_imaging(study=study, version=1, reason="other", actor=clinician)

    with pytest.raises(ValidationError, match="entered in error already"):
        people.attach_key_image(
            study=study, sent=sent(Image.new("L", (2, 2))), actor=clinician
        )


@pytest.mark.parametrize("done_on", [date(1700, 1, 1), date(2999, 1, 1)])
def test_a_treatment_lies_between_birth_and_today(
    lesion: Lesion, clinician: Staff, done_on: date
) -> None:
    with pytest.raises(ValidationError, match="between birth and today"):
        people.add_previous_treatment(
            lesion=lesion, kind="surgery", done_on=done_on, actor=clinician
        )


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("12.5", Decimal("12.5")),
        ("12,5", Decimal("12.5")),
        ("\uff11\uff12", Decimal(12)),
        ("1_000", None),
        ("1e2", None),
        ("NaN", None),
        ("0x1F", None),
        ("\u0663\u0665", None),
    ],
)
def test_a_number_is_typed_in_plain_digits(typed: str, number: Decimal | None) -> None:
    form = ImagingForm({"done_on": "2026-03-02", "modality": "mri", "area_mm2": typed})

    assert form.is_valid() is (number is not None)
    assert form.cleaned_data.get("area_mm2") == number


def test_a_noncharacter_that_no_document_can_hold_is_refused(
    lesion: Lesion, clinician: Staff
) -> None:
    with pytest.raises(ValidationError, match="invisible control character"):
        people.add_previous_treatment(
            lesion=lesion, kind="surgery", agent="ag\uffff", actor=clinician
        )

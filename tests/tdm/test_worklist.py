"""Who needs someone today, in which order and why."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from dosing import services
from dosing.advice import advise
from dosing.models import Laboratory, ProtocolAssignment
from dosing.words import say
from patients.models import Patient, Site, Staff
from tdm.worklist import Worklist, worklist
from tests.builders import (
    DAY_0,
    a_dose,
    a_patient,
    a_protocol,
    a_signature,
    a_trough,
    on_day,
)
from tests.dosing.test_imports import LEVEL, checked, csv_of, imported, uploaded


def seen_by(staff: Staff, at: datetime) -> Worklist:
    with timezone.override("Asia/Tokyo"):
        return worklist(staff, at=timezone.localtime(at))


@pytest.fixture
def another(site: Site, clinician: Staff) -> Patient:
    patient = a_patient(site, clinician, family_name="Abe")
    a_dose(patient, "2", protocol=a_protocol(), actor=clinician)
    return patient


def test_an_urgent_level_comes_before_an_older_high_one(
    treated: Patient, another: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "16.4", actor=clinician, day=20)
    a_trough(another, "23.1", actor=clinician, day=28)

    lines = seen_by(clinician, on_day(29)).lines

    assert [(line.patient, line.kind) for line in lines] == [
        (another, "urgent_level"),
        (treated, "level_out_of_range"),
    ]


def test_a_level_that_may_be_no_trough_takes_no_high_one_off_the_list(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    high = a_trough(treated, "16.4", actor=clinician, day=20)
    a_trough(treated, "13.3", actor=clinician, day=27, hours_after_dose=None)

    (line,) = seen_by(clinician, on_day(29)).lines

    assert line.level == high
    assert "What was drawn since names no last dose." in map(say, line.said)

    a_trough(treated, "12.1", actor=clinician, day=28)

    assert seen_by(clinician, on_day(29)).lines == ()


def test_who_signs_on_a_later_level_has_answered_the_earlier_ones(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "16.4", actor=clinician, day=20)
    a_trough(treated, "13.3", actor=clinician, day=27, hours_after_dose=None)
    a_signature(treated, "2", reason="clinical_picture", actor=clinician)

    assert seen_by(clinician, on_day(29)).lines == ()


def test_three_months_without_a_level_are_noticed(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "12", actor=clinician, day=28)

    assert seen_by(clinician, on_day(28 + 91)).lines == ()
    late = seen_by(clinician, on_day(28 + 92)).lines
    assert [line.kind for line in late] == ["level_overdue"]


def test_nobody_off_the_drug_is_missed(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "12", actor=clinician, day=28)
    services.stop_dose(
        patient=treated, on=on_day(60).date(), reason="surgery", actor=clinician
    )

    assert seen_by(clinician, on_day(200)).lines == ()


def test_an_urgent_level_before_the_protocol_began_is_not_lost(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    ProtocolAssignment.objects.update(starts_on=on_day(29).date())
    a_trough(treated, "23", actor=clinician, day=28)

    assert [line.kind for line in seen_by(clinician, on_day(29)).lines] == [
        "urgent_level"
    ]


def test_a_level_that_cannot_be_placed_asks_for_someone(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, ">14", actor=clinician, day=28)

    assert seen_by(clinician, on_day(29)).to_act_on == 1


def test_nobody_asks_in_a_clinic_that_has_no_protocol_yet(
    site: Site, clinician: Staff
) -> None:
    a_patient(site, clinician)

    assert seen_by(clinician, on_day(29)).lines == ()


def test_a_level_above_its_assay_asks_whatever_the_target_is(
    site: Site, laboratory: Laboratory, clinician: Staff
) -> None:
    wide = a_protocol(target_high_ng_per_ml=200, urgent_ng_per_ml=300)
    patient = a_patient(site, clinician)
    a_dose(patient, "2", protocol=wide, actor=clinician)
    a_trough(patient, ">20", actor=clinician, day=28)

    assert seen_by(clinician, on_day(29)).to_act_on == 1


@pytest.mark.parametrize("value", ["5", "13.3", "15"])
def test_a_level_in_range_asks_for_nobody(
    treated: Patient, laboratory: Laboratory, clinician: Staff, value: str
) -> None:
    a_trough(treated, value, actor=clinician)

    assert seen_by(clinician, on_day(29)).lines == ()


@pytest.mark.parametrize("value", ["4.9", "15.1", "<2"])
def test_a_level_out_of_range_asks_for_a_decision(
    treated: Patient, laboratory: Laboratory, clinician: Staff, value: str
) -> None:
    a_trough(treated, value, actor=clinician)

    found = seen_by(clinician, on_day(29))

    assert (found.to_act_on, found.overdue) == (1, 0)


def test_a_newer_level_in_range_answers_an_older_high_one(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "16.4", actor=clinician, day=28)
    a_trough(treated, "12", actor=clinician, day=35)

    assert seen_by(clinician, on_day(36)).lines == ()


def test_a_level_set_aside_gives_way_to_the_one_before(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "16.4", actor=clinician, day=28)
    wrong = a_trough(treated, "12", actor=clinician, day=35)
    services.set_aside_trough(
        level=wrong, version=1, reason="haemolysed", actor=clinician
    )

    assert [line.kind for line in seen_by(clinician, on_day(36)).lines] == [
        "level_out_of_range"
    ]


def test_two_weeks_on_a_dose_without_a_level_is_noticed(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    early = seen_by(clinician, on_day(14))
    late = seen_by(clinician, on_day(15))

    assert early.lines == ()
    assert [line.kind for line in late.lines] == ["never_measured"]


def test_a_level_that_was_planned_and_did_not_come_is_overdue(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "13.3", actor=clinician)
    advice = advise(treated, at=timezone.now())
    assert advice is not None
    decision = services.sign_decision(
        patient=treated,
        basis=advice.basis,
        amount_mg=advice.reading.regimen.amount_mg,  # type: ignore[union-attr]
        interval_h=24,
        reason="as_suggested",
        actor=clinician,
    )
    planned = timezone.now() + (decision.next_level_on - advice.today) * 1

    assert seen_by(clinician, planned).due_this_week == 1
    late = seen_by(clinician, planned + timedelta(days=2))
    assert [line.kind for line in late.lines] == ["level_overdue"]


def test_another_clinics_patients_are_not_listed(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "16.4", actor=clinician)
    clinician.sites.clear()

    assert seen_by(clinician, on_day(29)).lines == ()


def test_nobody_out_of_follow_up_is_listed(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "16.4", actor=clinician)
    Patient.objects.update(ended_on=DAY_0, ended_because="transferred")

    assert seen_by(clinician, on_day(29)).lines == ()


def test_an_8_oclock_sample_in_tokyo_is_judged_by_that_mornings_protocol(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    strict = a_protocol(target_high_ng_per_ml="12", aim_ng_per_ml="10")
    services.assign_protocol(
        patient=treated,
        protocol=strict,
        starts_on=on_day(28).date(),
        reason="mucositis",
        actor=clinician,
    )
    a_trough(treated, "13.3", actor=clinician, day=28)

    in_utc = worklist(clinician, at=on_day(29).astimezone(UTC))

    assert [line.kind for line in in_utc.lines] == ["level_out_of_range"]


@pytest.mark.parametrize(
    ("narrow", "level"),
    [
        ({"target_low_ng_per_ml": "10", "aim_ng_per_ml": "12"}, "8"),
        ({"target_high_ng_per_ml": "10", "aim_ng_per_ml": "8"}, "12"),
    ],
)
def test_a_level_inside_anothers_target_but_not_its_own_is_on_the_list(
    treated: Patient,
    another: Patient,
    laboratory: Laboratory,
    clinician: Staff,
    narrow: dict[str, str],
    level: str,
) -> None:
    services.assign_protocol(
        patient=another,
        protocol=a_protocol(**narrow),
        starts_on=on_day(1).date(),
        reason="trial",
        actor=clinician,
    )
    for patient in (treated, another):
        a_trough(patient, level, actor=clinician, day=28)

    lines = seen_by(clinician, on_day(29)).lines

    assert [line.patient for line in lines] == [another]


@pytest.mark.parametrize(("day", "hour", "lines"), [(7, 0, 0), (6, 23, 1)])
def test_a_level_from_the_seventh_day_on_counts_as_measured(
    treated: Patient,
    laboratory: Laboratory,
    clinician: Staff,
    day: int,
    hour: int,
    lines: int,
) -> None:
    a_trough(
        treated,
        "12",
        actor=clinician,
        drawn_at=on_day(day, hour),
        hours_after_dose=None,
    )

    assert len(seen_by(clinician, on_day(16)).lines) == lines


def test_a_level_set_aside_measures_nothing(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    level = a_trough(treated, "12", actor=clinician, day=10)
    services.set_aside_trough(
        level=level, version=1, reason="haemolysed", actor=clinician
    )

    (line,) = seen_by(clinician, on_day(16)).lines
    assert not line.decides
    assert "was set aside" in say(line.said[0])


def test_the_levels_of_an_undone_import_ask_for_no_repetition_and_hide_none(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    odd = a_trough(treated, "12", day=14, actor=clinician)
    services.set_aside_trough(
        level=odd, version=odd.version, reason="haemolysed", actor=clinician
    )
    content = csv_of(treated, LEVEL)
    file = imported(
        checked(uploaded(treated, clinician, content), clinician), clinician
    )
    services.undo_file(file=file, version=file.version, reason="no", actor=clinician)

    (line,) = worklist(clinician, at=timezone.now()).lines

    assert say(line.said[0]) == "12 ng/mL was set aside (haemolysed) and not repeated."


def test_a_level_set_aside_stays_on_the_list_until_it_is_repeated(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "6", day=14, actor=clinician)
    odd = a_trough(treated, "25", actor=clinician)
    services.set_aside_trough(
        level=odd, version=odd.version, reason="50 % haemolysed", actor=clinician
    )
    at = timezone.now()

    (line,) = worklist(clinician, at=at).lines
    assert say(line.said[0]) == (
        "25 ng/mL was set aside (50 % haemolysed) and not repeated."
    )
    a_trough(treated, "6.5", day=29, actor=clinician)
    said = [say(each.said[0]) for each in worklist(clinician, at=at).lines]
    assert not any("set aside" in each for each in said)

"""Every rule of the tables holds in the database itself, whoever writes the row."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F
from django.db.models.constraints import BaseConstraint
from django.utils import timezone

from dosing import services as dosing
from dosing.advice import advise
from dosing.models import (
    FileImport,
    LabMessage,
    Laboratory,
    LabReport,
    ReferenceRange,
    SafetyCheck,
)
from dosing.services.labs import Typed
from patients import services as people
from patients.models import (
    AuditEvent,
    CalendarFeed,
    ClosedDay,
    Contact,
    DeliveryAttempt,
    DiaryPhoto,
    KeyImage,
    Patient,
    QuantityLimit,
    Reminder,
    Staff,
)
from tests.builders import (
    DAY_0,
    a_lesion,
    a_planned_item,
    a_trough,
    a_visit,
    an_mri,
    in_diary,
    on_day,
)

Facts = Mapping[str, Any]

BROKEN_BY_A_CHANGE: dict[str, tuple[str, Facts]] = {
    "import_is_coded": ("dosing.FileImport", {"kind": "recipes"}),
    "import_undone_with_a_reason": ("dosing.FileImport", {"stage": "undone"}),
    "report_has_a_known_fate": ("dosing.LabReport", {"fate": "lost"}),
    "report_on_the_record_has_its_level": ("dosing.LabReport", {"level": None}),
    "report_is_refused_with_a_reason": ("dosing.LabReport", {"fate": "refused"}),
    "comedication_is_coded": ("dosing.Comedication", {"drug": "aspirin"}),
    "comedication_stops_after_it_starts": ("dosing.Comedication", {"stops_on": DAY_0}),
    "dispensing_can_be_true": ("dosing.Dispensing", {"tablets": 0}),
    "event_is_coded": ("dosing.DrugEvent", {"kind": "earthquake"}),
    "event_ends_after_it_begins": (
        "dosing.DrugEvent",
        {"lasts_until": DAY_0 - timedelta(days=1)},
    ),
    "liver_impairment_has_a_class": ("dosing.DrugEvent", {"child_pugh": ""}),
    "other_events_are_put_in_words": (
        "dosing.DrugEvent",
        {"kind": "other", "child_pugh": ""},
    ),
    "safety_answers_are_coded": ("dosing.SafetyCheck", {"liver": "D"}),
    "intake_is_coded": ("dosing.Intake", {"state": "perhaps"}),
    "only_a_dose_taken_has_a_time": ("dosing.Intake", {"taken_at": on_day(0)}),
    "diary_day_is_coded": ("patients.DiaryDay", {"source": "rumour"}),
    "limits_are_in_order": ("patients.QuantityLimit", {"low": F("high")}),
    "only_a_dose_taken_has_an_amount": ("dosing.Intake", {"amount_mg": "40.01"}),
    "lab_bound_is_a_sign": ("dosing.LabResult", {"comparator": "~"}),
    "only_a_dose_taken_is_vomited": ("dosing.Intake", {"vomited_at": on_day(0)}),
    "photo_is_png_or_jpeg": ("patients.DiaryPhoto", {"content_type": "text/html"}),
    "site_waits_for_a_diary": ("patients.Site", {"silent_after_days": 0}),
    "task_is_closed_by_someone": ("patients.Task", {"closed_at": on_day(1)}),
    "dose_has_a_known_interval": ("dosing.Dose", {"interval_h": 36}),
    "dose_has_a_reason": ("dosing.Dose", {"reason": "  "}),
    "dose_is_an_amount": ("dosing.Dose", {"amount_mg": 0}),
    "dose_stays_under_40_mg_a_day": ("dosing.Dose", {"amount_mg": "40.01"}),
    "dose_stops_after_it_starts": ("dosing.Dose", {"stops_on": DAY_0}),
    "follow_up_ends_with_a_reason": ("patients.Patient", {"ended_on": DAY_0}),
    "laboratory_is_coded": ("dosing.Laboratory", {"unit": "ng/dL"}),
    "laboratory_limit_can_be_true": (
        "dosing.Laboratory",
        {"lower_limit_ng_per_ml": "10.01"},
    ),
    "lab_value_agrees_with_its_report": (
        "dosing.LabResult",
        {"reported_value": "31.0002"},
    ),
    "lab_value_can_be_true": (
        "dosing.LabResult",
        {"value": "50001", "reported_value": "50001"},
    ),
    "reference_range_is_a_range": ("dosing.ReferenceRange", {"low": F("high")}),
    "reference_range_is_coded": ("dosing.ReferenceRange", {"analyte": "ferritin"}),
    "lesion_has_a_site": ("patients.Lesion", {"body_site": " "}),
    "lesion_is_coded": ("patients.Lesion", {"side": "port"}),
    "other_genes_are_named": ("patients.Lesion", {"gene": "other", "variant": " "}),
    "imaging_is_coded": ("patients.ImagingStudy", {"modality": "crystal ball"}),
    "key_image_is_png_or_jpeg": ("patients.KeyImage", {"content_type": "text/html"}),
    "landmarks_are_of_circumferences": (
        "patients.Measurement",
        {"quantity": "weight_kg", "value": 60},
    ),
    "landmark_is_put_in_words": ("patients.Landmark", {"place": " "}),
    "item_is_coded": ("patients.ScheduleItem", {"kind": "haircut"}),
    "best_day_lies_in_its_window": (
        "patients.ScheduleItem",
        {"best_on": F("closes_on") + timedelta(days=1)},
    ),
    "done_items_have_their_day": ("patients.ScheduleItem", {"done_on": DAY_0}),
    "what_is_not_done_has_a_reason": (
        "patients.ScheduleItem",
        {"state": "skipped", "reason": " ", "next_stage": "", "remind_at": None},
    ),
    "only_open_items_are_reminded_of": (
        "patients.ScheduleItem",
        {"next_stage": "", "remind_at": on_day(1)},
    ),
    "contact_is_coded": ("patients.Contact", {"channel": "pigeon"}),
    "reminder_is_coded": ("patients.Reminder", {"channel": "pigeon"}),
    "reminder_goes_to_someone": ("patients.Reminder", {"contact": None}),
    "a_lease_has_an_end": ("patients.Reminder", {"state": "leased"}),
    "what_is_sent_says_when": ("patients.Reminder", {"state": "sent"}),
    "visit_is_coded": ("patients.Visit", {"kind": "courtesy"}),
    "visit_window_is_in_order": (
        "patients.Visit",
        {"window_from": DAY_0, "window_to": None},
    ),
    "visit_scales_end_at_10": ("patients.Visit", {"severity": 11}),
    "a_quality_of_life_score_is_named": ("patients.Visit", {"qol_score": 7}),
    "a_quality_of_life_score_lies_in_its_range": (
        "patients.Visit",
        {"qol_name": "EQ-5D", "qol_score": 7, "qol_low": 0, "qol_high": 1},
    ),
    "volumes_say_their_method": ("patients.Measurement", {"method": "ellipsoid"}),
    "printed_changes_are_of_a_study": (
        "patients.Measurement",
        {"printed_percent": -20, "imaging": None},
    ),
    "lesion_measurements_name_their_lesion": (
        "patients.Measurement",
        {"lesion": None},
    ),
    "level_agrees_with_its_report": ("dosing.TroughLevel", {"ng_per_ml": "13.4"}),
    "level_can_be_true": (
        "dosing.TroughLevel",
        {"ng_per_ml": "200.01", "reported_value": "200.01"},
    ),
    "level_is_coded": ("dosing.TroughLevel", {"comparator": "~"}),
    "measurement_can_be_true": ("patients.Measurement", {"value": "200.01"}),
    "patient_has_a_known_sex": ("patients.Patient", {"sex": "f"}),
    "patient_is_identified": ("patients.Patient", {"family_name": ""}),
    "patient_was_born_after_1900": (
        "patients.Patient",
        {"born_on": date(1899, 12, 31)},
    ),
    "protocol_allows_a_strength": ("dosing.Protocol", {"strengths_mg": []}),
    "protocol_cites_its_range": ("dosing.Protocol", {"citation": ""}),
    "protocol_doses_stay_under_the_ceiling": (
        "dosing.Protocol",
        {"start_dose_mg_per_day": "4.01"},
    ),
    "protocol_is_chosen_for_a_reason": ("dosing.ProtocolAssignment", {"reason": ""}),
    "protocol_step_is_a_share": ("dosing.Protocol", {"step_limit_percent": 101}),
    "other_side_effects_are_named": (
        "patients.SideEffect",
        {"term": "other", "other_text": " "},
    ),
    "side_effect_has_a_grade_of_its_term": ("patients.SideEffect", {"grade": 4}),
    "side_effect_is_coded": ("patients.SideEffect", {"relation": "perhaps"}),
    "side_effect_resolves_after_its_onset": (
        "patients.SideEffect",
        {"resolved_on": DAY_0 - timedelta(days=1)},
    ),
    "set_aside_has_a_reason": (
        "dosing.TroughLevel",
        {"set_aside_at": on_day(30)},
    ),
    "site_has_a_clinic_day": (
        "patients.Site",
        {"non_clinic_weekdays": [0, 1, 2, 3, 4, 5, 6]},
    ),
    "site_stocks_a_strength": ("patients.Site", {"stocked_strengths_mg": []}),
    "site_weekdays_are_weekdays": ("patients.Site", {"non_clinic_weekdays": [7]}),
    "staff_has_a_known_role": ("patients.Staff", {"role": "surgeon"}),
    "target_range_is_a_range": (
        "dosing.Protocol",
        {"target_low_ng_per_ml": F("target_high_ng_per_ml")},
    ),
    "token_has_a_pace": ("patients.ApiToken", {"requests_per_minute": 0}),
    "token_has_known_scopes": ("patients.ApiToken", {"scopes": ["everything"]}),
    "treatment_is_coded": ("patients.PreviousTreatment", {"kind": "prayer"}),
    "trough_follows_a_dose": ("dosing.TroughLevel", {"last_dose_at": F("drawn_at")}),
}
"""Constraint -> a change to any row of a table that it must refuse."""

BROKEN_BY_A_COPY: dict[str, tuple[str, Facts]] = {
    "a_key_is_answered_once": ("patients.ApiReply", {}),
    "one_import_of_one_file": ("dosing.FileImport", {}),
    "one_message_of_one_control_id": ("dosing.LabMessage", {}),
    "message_has_an_answer": ("dosing.LabMessage", {"code": "OK", "again": True}),
    "a_side_effect_is_open_once": (
        "patients.SideEffect",
        {"onset_on": DAY_0 + timedelta(days=1)},
    ),
    "one_side_effect_per_onset": ("patients.SideEffect", {"resolved_on": DAY_0}),
    "decision_has_a_known_reason": ("dosing.Decision", {"reason": "because"}),
    "decision_is_a_regimen_or_a_hold": (
        "dosing.Decision",
        {"chosen_interval_h": 36},
    ),
    "doses_do_not_overlap": ("dosing.Dose", {"starts_on": date(2027, 1, 1)}),
    "identifier_is_unique_in_its_clinic": ("patients.Patient", {}),
    "laboratory_methods_are_unique": ("dosing.Laboratory", {}),
    "one_decision_on_one_basis": ("dosing.Decision", {}),
    "one_lab_value_per_day": ("dosing.LabResult", {}),
    "one_reference_range_starts_on_a_day": ("dosing.ReferenceRange", {}),
    "one_level_per_sample_and_laboratory": (
        "dosing.TroughLevel",
        {"submission": "1" * 32},
    ),
    "one_course_of_a_drug_starts_on_a_day": ("dosing.Comedication", {}),
    "one_diary_day_per_day": ("patients.DiaryDay", {}),
    "one_pair_of_limits_per_quantity": ("patients.QuantityLimit", {}),
    "an_item_is_planned_once": ("patients.ScheduleItem", {}),
    "a_day_is_closed_once": ("patients.ClosedDay", {}),
    "one_contact_of_an_address": ("patients.Contact", {}),
    "one_feed_each": ("patients.CalendarFeed", {"secret_hash": "other"}),
    "tries_are_numbered": ("patients.DeliveryAttempt", {}),
    "outcome_is_coded": ("patients.DeliveryAttempt", {"number": 2, "outcome": "lost"}),
    "one_task_for_each_reason": ("patients.Task", {}),
    "one_dispensing_of_a_strength_on_a_day": ("dosing.Dispensing", {}),
    "one_event_of_a_kind_on_a_day": ("dosing.DrugEvent", {}),
    "one_intake_per_dose": ("dosing.Intake", {}),
    "one_baseline_per_patient": ("patients.ImagingStudy", {}),
    "one_visit_of_a_kind_on_a_day": ("patients.Visit", {}),
    "one_landmark_of_a_place": ("patients.Landmark", {}),
    "one_measurement_per_day": ("patients.Measurement", {}),
    "one_protocol_starts_on_a_day": ("dosing.ProtocolAssignment", {}),
    "other_reasons_are_put_in_words": (
        "dosing.Decision",
        {"reason": "other", "reason_text": ""},
    ),
    "protocol_versions_are_unique": ("dosing.Protocol", {}),
}
"""Constraint -> how a copy of a row differs that it must refuse."""


@pytest.fixture
def told(treated: Patient, clinician: Staff) -> None:
    """Put rows into the tables of the diary and of what it tells."""
    people.record_effect(
        patient=treated, term="nausea", grade=1, onset_on=DAY_0, actor=clinician
    )
    dosing.record_comedication(
        patient=treated, drug="diltiazem", starts_on=DAY_0, actor=clinician
    )
    in_diary(treated, 0, dose="taken", note="By phone", actor=clinician)
    in_diary(treated, 0, dose="missed: forgotten", note="Paper", actor=clinician)
    limits = {"low": 30, "high": 45, "abnormal_from": "37.5"}
    QuantityLimit.objects.create(site=treated.site, quantity="temperature_c", **limits)
    DiaryPhoto.objects.create(
        patient=treated,
        week_on=DAY_0,
        content=b"",
        content_type="image/png",
        attached_at=on_day(7),
    )
    task = {"kind": "other", "key": "1", "text": "Call.", "actor": clinician}
    people.raise_task(patient=treated, **task)  # type: ignore[arg-type]


@pytest.fixture
def beside(
    treated: Patient, laboratory: Laboratory, administrator: Staff, clinician: Staff
) -> None:
    """Put rows into the tables of laboratory values, events and tablets."""
    people.save_configuration(
        record=ReferenceRange(
            laboratory=laboratory, analyte="alt", low=5, high=40, from_on=DAY_0
        ),
        actor=administrator,
    )
    dosing.record_labs(
        patient=treated,
        drawn_on=DAY_0,
        results={"alt": Typed(Decimal(31), "U/L")},
        actor=clinician,
    )
    dosing.record_event(
        patient=treated,
        kind="liver",
        happens_on=DAY_0,
        child_pugh="A",
        actor=clinician,
    )
    dosing.record_dispensing(
        patient=treated,
        dispensed_on=DAY_0,
        strength_mg=1,  # type: ignore[arg-type]
        tablets=60,
        actor=clinician,
    )
    SafetyCheck.objects.create(
        patient=treated,
        asked_on=DAY_0,
        pregnancy="negative",
        breastfeeding="no",
        live_vaccine="no",
        liver="none",
    )


@pytest.fixture
def reminded(treated: Patient, clinician: Staff) -> None:
    """Put rows into the tables of reminders and of the clinic's calendar."""
    item = a_planned_item(treated)
    contact = Contact.objects.create(
        patient=treated, channel="email", address="someone@example.org"
    )
    reminder = Reminder.objects.create(
        key="1",
        kind="item",
        channel="email",
        patient=treated,
        item=item,
        contact=contact,
        wanted_at=on_day(1),
        next_try_at=on_day(1),
    )
    DeliveryAttempt.objects.create(
        reminder=reminder, number=1, worker="w", outcome="sent"
    )
    CalendarFeed.objects.create(staff=clinician, secret_hash="secret")
    ClosedDay.objects.create(site=treated.site, day=DAY_0)


@pytest.fixture
def exchanged(treated: Patient, laboratory: Laboratory, clinician: Staff) -> None:
    """Put rows into the tables of imports and of laboratory messages."""
    level = a_trough(treated, "12", day=14, actor=clinician)
    FileImport.objects.create(
        site=treated.site,
        kind="levels",
        name="levels.csv",
        digest="0",
        content=b"",
        encoding="utf-8",
        order="iso",
        laboratory=laboratory,
        uploaded_by=clinician,
    )
    message = LabMessage.objects.create(
        site=treated.site,
        sender="LIS|HOSP",
        control_id="M1",
        digest="0",
        content=b"",
        code="AA",
    )
    LabReport.objects.create(message=message, fate="recorded", level=level)


@pytest.fixture
def whole_clinic(
    treated: Patient,
    laboratory: Laboratory,
    administrator: Staff,
    clinician: Staff,
    told: None,
    beside: None,
    reminded: None,
    exchanged: None,
) -> None:
    """Put at least one row into every table."""
    lesion = a_lesion(treated, clinician)
    people.add_previous_treatment(lesion=lesion, kind="surgery", actor=clinician)
    a_visit(treated, lesion, calf="28", actor=clinician)
    study = an_mri(lesion, is_baseline=True, actor=clinician)
    KeyImage.objects.create(
        study=study, content=b"", content_type="image/png", attached_at=on_day(7)
    )
    a_trough(treated, "13.3", actor=clinician)
    advice = advise(treated, at=timezone.now())
    assert advice is not None
    dosing.sign_decision(
        patient=treated,
        basis=advice.basis,
        amount_mg=2,  # type: ignore[arg-type]
        interval_h=24,
        reason="as_suggested",
        actor=clinician,
    )
    people.issue_token(
        name="Registry",
        site=treated.site,
        scopes=["read_patients"],
        days=90,
        actor=administrator,
    )
    people.keep_reply(
        actor=clinician, key="1", request_hash="x", status=201, headers={}, body="{}"
    )


def table(label: str) -> type[models.Model]:
    return apps.get_model(label)


def test_a_row_cannot_be_changed_into_nonsense(
    whole_clinic: None, subtests: pytest.Subtests
) -> None:
    for name, (label, facts) in BROKEN_BY_A_CHANGE.items():
        with (
            subtests.test(name),
            pytest.raises(IntegrityError, match=name),
            transaction.atomic(),
        ):
            table(label)._default_manager.update(**facts)


def test_a_row_that_must_not_be_is_not_inserted(
    whole_clinic: None, subtests: pytest.Subtests
) -> None:
    for name, (label, facts) in BROKEN_BY_A_COPY.items():
        row = table(label)._default_manager.order_by("pk")[0]
        row.pk, row._state.adding = None, True
        for field, fact in facts.items():
            setattr(row, field, fact)

        with (
            subtests.test(name),
            pytest.raises(IntegrityError, match=name),
            transaction.atomic(),
        ):
            row.save()


def test_two_lines_of_the_audit_never_share_a_place(whole_clinic: None) -> None:
    line = AuditEvent.objects.order_by("pk")[0]
    line.pk, line._state.adding = None, True

    with (
        pytest.raises(IntegrityError, match="audit_positions_are_unique"),
        pgtrigger.ignore("patients.AuditEvent:chained"),
        transaction.atomic(),
    ):
        line.save()


def test_every_constraint_is_broken_above() -> None:
    named: set[str] = {
        constraint.name
        for app in ("patients", "dosing")
        for model in apps.get_app_config(app).get_models()
        for constraint in model._meta.constraints
    }

    others = {"audit_positions_are_unique"}
    assert named == {*BROKEN_BY_A_CHANGE, *BROKEN_BY_A_COPY, *others}


def constraints() -> list[BaseConstraint]:
    return [
        constraint
        for app in ("patients", "dosing")
        for model in apps.get_app_config(app).get_models()
        for constraint in model._meta.constraints
        if constraint.name != "audit_positions_are_unique"
    ]


@pytest.mark.parametrize("constraint", constraints(), ids=lambda each: each.name)
def test_every_constraint_speaks_in_words(constraint: BaseConstraint) -> None:
    message = str(constraint.violation_error_message)

    assert message.endswith(".")
    assert message != BaseConstraint.default_violation_error_message


CHANGES_FREELY = {"patients.Site", "patients.Staff", "patients.ApiToken"}
CHANGES_FREELY |= {"patients.Heartbeat", "dosing.CohortLine", "dosing.CohortMark"}
CHANGES_FREELY |= {
    "patients.ClosedDay",
    "patients.ApiReply",
    "patients.CalendarFeed",
    "patients.SchedulePlan",
    "patients.LastTold",
    "dosing.Latest",
}
KEPT = sorted(
    model._meta.label
    for app in ("patients", "dosing")
    for model in apps.get_app_config(app).get_models()
    if model._meta.label not in CHANGES_FREELY
)


def test_nothing_clinical_is_ever_deleted(
    whole_clinic: None, subtests: pytest.Subtests
) -> None:
    for label in KEPT:
        name = table(label)._meta.db_table

        with (
            subtests.test(label),
            pytest.raises(Exception, match=r"Cannot (update or )?delete"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {name}")  # noqa: S608 - a name of our own


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ("dosing.Decision", "reason"),
        ("patients.AuditEvent", "reason"),
        ("dosing.TroughLevelEvent", "note"),
        ("patients.PatientEvent", "family_name"),
    ],
)
def test_what_was_signed_noted_or_replaced_is_never_changed(
    whole_clinic: None, label: str, field: str
) -> None:
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        table(label)._default_manager.update(**{field: "other"})

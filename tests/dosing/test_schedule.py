"""The schedule follows the facts: what is planned, met, moved, not done."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from dosing import policy
from dosing import services as dosing
from dosing.advice import advise
from dosing.models import Comedication, Laboratory, Protocol, ProtocolAssignment
from dosing.services.labs import Typed
from patients import services as people
from patients.models import (
    AuditEvent,
    ClosedDay,
    ItemKind,
    ItemState,
    Patient,
    Reminder,
    Role,
    ScheduleItem,
    SchedulePlan,
    Site,
    Staff,
)
from tests.builders import (
    DAY_0,
    a_dose,
    a_lesion,
    a_patient,
    a_protocol,
    a_staff_member,
    a_trough,
    a_visit,
    an_mri,
)

TODAY = timezone.localdate()


@pytest.fixture
def protocol(db: None) -> Protocol:
    return a_protocol(schedule="case-series-1")


def now() -> int:
    """The day of treatment that today is, in the tests' calendar."""
    return (TODAY - DAY_0).days


def begun(patient: Patient, protocol: Protocol, actor: Staff, ago: int = 0) -> None:
    a_dose(patient, "2", protocol=protocol, actor=actor, day=now() - ago)


def item(patient: Patient, kind: str, key: str) -> ScheduleItem:
    return ScheduleItem.objects.get(patient=patient, kind=kind, key=key)


def keys(patient: Patient, kind: str) -> list[str]:
    found = ScheduleItem.objects.of(patient).open().filter(kind=kind)
    return [each.key for each in found]


def test_choosing_a_protocol_with_a_dose_plans_everything_at_once(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician)

    assert keys(patient, "level")[:3] == ["week-2", "week-4", "month-3"]
    assert keys(patient, "visit")[:3] == ["month-0", "month-1", "month-3"]
    assert keys(patient, "mri")[:2] == ["month-0", "month-3"]
    week_2 = item(patient, "level", "week-2")
    assert abs((week_2.best_on - TODAY).days - 14) <= 2
    assert "Case series" in week_2.source


def test_planning_twice_changes_nothing(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician)
    before = list(ScheduleItem.objects.order_by("pk").values())

    assert dosing.replan_schedule(patient=patient, actor=clinician) == []
    assert list(ScheduleItem.objects.order_by("pk").values()) == before


def test_entering_the_level_closes_its_window_and_setting_it_aside_opens_it(
    patient: Patient, protocol: Protocol, clinician: Staff, laboratory: Laboratory
) -> None:
    begun(patient, protocol, clinician, ago=14)

    level = a_trough(patient, "9", day=now(), actor=clinician)
    met = item(patient, "level", "week-2")
    assert (met.state, met.done_on) == (ItemState.DONE, TODAY)
    assert item(patient, "level", "week-4").state == ItemState.OPEN

    dosing.set_aside_trough(
        level=level, version=level.version, reason="clotted", actor=clinician
    )
    again = item(patient, "level", "week-2")
    assert (again.state, again.done_on) == (ItemState.OPEN, None)


def test_an_mri_and_a_visit_close_theirs_and_a_withdrawal_opens_them(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician, ago=91)
    lesion = a_lesion(patient, clinician)

    study = an_mri(lesion, day=now(), actor=clinician)
    a_visit(patient, lesion, actor=clinician, day=now())
    assert item(patient, "mri", "month-3").done_on == TODAY
    assert item(patient, "visit", "month-3").done_on == TODAY

    people.withdraw_imaging(study=study, version=1, reason="wrong", actor=clinician)
    assert item(patient, "mri", "month-3").state == ItemState.OPEN


def test_a_late_result_still_closes_its_window_but_not_the_next(
    patient: Patient, protocol: Protocol, clinician: Staff, laboratory: Laboratory
) -> None:
    begun(patient, protocol, clinician, ago=22)
    a_trough(patient, "9", day=now(), actor=clinician)

    assert item(patient, "level", "week-2").done_on == TODAY
    assert item(patient, "level", "week-4").state == ItemState.OPEN


def test_another_start_replans_what_is_open_and_leaves_what_is_done(
    patient: Patient, protocol: Protocol, clinician: Staff, laboratory: Laboratory
) -> None:
    begun(patient, protocol, clinician, ago=14)
    a_trough(patient, "9", day=now(), actor=clinician)
    done, open_ = item(patient, "level", "week-2"), item(patient, "mri", "month-3")
    dose = patient.doses.get()

    dosing.correct_dose(
        dose=dose,
        version=dose.version,
        amount_mg=dose.amount_mg,
        interval_h=dose.interval_h,
        usual_time=dose.usual_time,
        starts_on=dose.starts_on + timedelta(days=7),
        reason="slip",
        actor=clinician,
    )

    same = item(patient, "level", "week-2")
    assert (same.best_on, same.state) == (done.best_on, ItemState.DONE)
    moved = item(patient, "mri", "month-3").best_on - open_.best_on
    assert 5 <= moved.days <= 9


def test_a_dose_change_adds_a_level_and_a_pause_takes_levels_away(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician, ago=60)
    dose = a_dose(patient, "3", actor=clinician, day=now())
    window = item(patient, "level", f"dose:{dose.pk}")
    assert (window.opens_on - TODAY).days >= 7
    assert (window.closes_on - TODAY).days <= 14

    dosing.stop_dose(
        patient=patient, on=TODAY + timedelta(days=1), reason="pause", actor=clinician
    )
    assert [key for key in keys(patient, "level") if key != "week-4"] == []
    assert item(patient, "level", f"dose:{dose.pk}").state == ItemState.CANCELLED
    assert "month-3" in keys(patient, "mri")


def test_a_strong_drug_adds_a_level_and_its_withdrawal_takes_it_back(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician, ago=60)
    drug = dosing.record_comedication(
        patient=patient, drug="itraconazole", starts_on=TODAY, actor=clinician
    )
    key = f"drug:{drug.pk}:begun"
    assert item(patient, "level", key).facts == {"drug": str(drug)}

    dosing.withdraw_comedication(
        comedication=Comedication.objects.get(),
        version=1,
        reason="another patient",
        actor=clinician,
    )
    assert item(patient, "level", key).state == ItemState.CANCELLED


def test_another_protocol_replans_by_its_own_rhythm(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician)
    monthly = Protocol.objects.create(
        name="monthly",
        strengths_mg=[Decimal(1)],
        citation="x",
        schedule=policy.MONTHLY_THEN_QUARTERLY.key,
    )
    assigned = ProtocolAssignment.objects.get()
    dosing.correct_assignment(
        assignment=assigned,
        version=1,
        protocol=monthly,
        starts_on=assigned.starts_on,
        reason="wrong one",
        actor=clinician,
    )

    assert keys(patient, "level")[:3] == ["first", "month-1", "month-2"]
    assert item(patient, "level", "week-2").state == ItemState.CANCELLED


def test_moving_this_and_later_keeps_its_distance_when_planned_anew(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician)
    first, second = item(patient, "mri", "month-3"), item(patient, "mri", "month-6")

    people.move_item(
        item=first,
        version=first.version,
        best_on=first.best_on + timedelta(days=7),
        reason="holiday",
        later_too=True,
        actor=clinician,
    )
    dosing.replan_schedule(patient=patient, actor=clinician)

    for old in (first, second):
        new = item(patient, "mri", old.key)
        assert 7 <= (new.best_on - old.best_on).days <= 10
    assert item(patient, "mri", "month-0").moved_days == 0
    assert item(patient, "level", "month-3").moved_days == 0


def test_moving_this_one_leaves_the_later_ones(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician)
    first, second = item(patient, "mri", "month-3"), item(patient, "mri", "month-6")
    people.move_item(
        item=first,
        version=first.version,
        best_on=first.best_on + timedelta(days=7),
        reason="holiday",
        actor=clinician,
    )

    assert item(patient, "mri", "month-6").best_on == second.best_on
    assert item(patient, "mri", "month-3").reason == "holiday"


def test_what_is_not_done_takes_a_reason_and_can_be_asked_for_again(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician)
    mri = item(patient, "mri", "month-0")

    with pytest.raises(ValidationError, match="why it is not done"):
        people.skip_item(item=mri, version=mri.version, reason=" ", actor=clinician)
    skipped = people.skip_item(
        item=mri, version=mri.version, reason="claustrophobia", actor=clinician
    )
    dosing.replan_schedule(patient=patient, actor=clinician)
    assert item(patient, "mri", "month-0").state == ItemState.SKIPPED

    people.reopen_item(item=skipped, version=skipped.version, actor=clinician)
    assert item(patient, "mri", "month-0").state == ItemState.OPEN


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (-1, "between today and a year"),
        (367, "between today and a year"),
        (None, "closed on that day"),
    ],
)
def test_a_booking_falls_on_a_clinic_day_within_a_year(
    patient: Patient, protocol: Protocol, clinician: Staff, day: int | None, said: str
) -> None:
    begun(patient, protocol, clinician)
    mri = item(patient, "mri", "month-3")
    today = patient.site.today(timezone.now())
    saturday = today + timedelta(days=(5 - today.weekday()) % 7)
    booked = saturday if day is None else today + timedelta(days=day)

    with pytest.raises(ValidationError, match=said):
        people.book_item(
            item=mri, version=mri.version, booked_on=booked, actor=clinician
        )


def test_a_booking_survives_planning_anew_and_two_cannot_book_unseen(
    patient: Patient, protocol: Protocol, clinician: Staff, nurse: Staff
) -> None:
    begun(patient, protocol, clinician)
    mri = item(patient, "mri", "month-3")
    people.book_item(item=mri, version=mri.version, booked_on=mri.best_on, actor=nurse)
    dosing.replan_schedule(patient=patient, actor=clinician)

    assert item(patient, "mri", "month-3").booked_on == mri.best_on
    with pytest.raises(ValidationError, match="changed this record"):
        people.book_item(
            item=mri, version=mri.version, booked_on=mri.best_on, actor=clinician
        )


def test_a_level_is_booked_before_its_window_with_a_reason_only(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician)
    level = item(patient, "level", "week-2")
    early = level.patient.site.calendar().next_open(TODAY + timedelta(days=3))
    book = partial(
        people.book_item,
        item=level,
        version=level.version,
        booked_on=early,
        actor=clinician,
    )

    with pytest.raises(ValidationError, match="before its window"):
        book(reason=" ")
    assert book(reason="mouth ulcers").booked_on == early


def test_what_is_booked_before_its_window_is_closed_by_the_record_of_that_day(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician, ago=60)
    lesion = a_lesion(patient, clinician)
    mri = item(patient, "mri", "month-3")
    assert mri.opens_on > TODAY
    ScheduleItem.objects.filter(pk=mri.pk).update(booked_on=TODAY)

    an_mri(lesion, day=now(), actor=clinician)

    assert item(patient, "mri", "month-3").done_on == TODAY


def test_a_window_that_a_later_record_overtook_is_not_late_for_ever(
    patient: Patient, protocol: Protocol, clinician: Staff, laboratory: Laboratory
) -> None:
    begun(patient, protocol, clinician, ago=28)
    level = a_trough(patient, "9", day=now(), actor=clinician)

    missed = item(patient, "level", "week-2")
    assert (missed.state, missed.reason) == (
        ItemState.SKIPPED,
        "A later one was done instead",
    )
    assert item(patient, "level", "week-4").state == ItemState.DONE
    dosing.set_aside_trough(
        level=level, version=level.version, reason="clotted", actor=clinician
    )
    again = item(patient, "level", "week-2")
    assert (again.state, again.reason) == (ItemState.OPEN, "")


def test_what_was_said_not_to_be_done_is_reminded_of_anew_when_it_is_asked_again(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician)
    mri = item(patient, "mri", "month-3")
    skipped = people.skip_item(
        item=mri, version=mri.version, reason="metal splinter", actor=clinician
    )

    again = people.reopen_item(item=mri, version=skipped.version, actor=clinician)

    assert (again.state, again.round) == (ItemState.OPEN, mri.round + 1)


def late_keys() -> set[tuple[str, str]]:
    every = ScheduleItem.objects.open()
    return {(each.kind, each.key) for each in every if each.is_late(TODAY)}


def test_another_protocol_asks_for_nothing_that_was_over_before_it_began(
    patient: Patient, protocol: Protocol, clinician: Staff, laboratory: Laboratory
) -> None:
    begun(patient, protocol, clinician, ago=70)
    for ago in (56, 42):
        a_trough(patient, "9", day=now() - ago, actor=clinician)
    monthly = a_protocol(schedule="monthly-1")
    before = late_keys()

    dosing.assign_protocol(
        patient=patient,
        protocol=monthly,
        starts_on=TODAY,
        reason="monthly",
        actor=clinician,
    )

    assert late_keys() == before
    sources = {each.source for each in ScheduleItem.objects.open()}
    assert not any("Case series" in each for each in sources)


def test_a_protocol_from_a_future_day_is_planned_by_the_clock_on_that_day(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician, ago=5)
    dosing.assign_protocol(
        patient=patient,
        protocol=a_protocol(schedule="monthly-1"),
        starts_on=TODAY + timedelta(days=3),
        reason="monthly",
        actor=clinician,
    )

    assert planned_on_by_the_clock(days_later=2) == 0
    assert planned_on_by_the_clock(days_later=4) == 1


def test_what_is_booked_stays_so_when_the_protocol_no_longer_plans_it(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician, ago=5)
    mri = item(patient, "mri", "month-3")
    people.book_item(
        item=mri, version=mri.version, booked_on=mri.best_on, actor=clinician
    )

    dosing.assign_protocol(
        patient=patient,
        protocol=a_protocol(schedule="jp-label-1"),
        starts_on=TODAY,
        reason="label",
        actor=clinician,
    )

    kept = item(patient, "mri", "month-3")
    assert (kept.state, kept.booked_on) == (ItemState.OPEN, mri.best_on)
    assert item(patient, "mri", "month-6").state == ItemState.CANCELLED


def test_a_booking_is_taken_back(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician)
    mri = item(patient, "mri", "month-3")
    booked = people.book_item(
        item=mri, version=mri.version, booked_on=mri.best_on, actor=clinician
    )

    back = people.book_item(
        item=mri, version=booked.version, booked_on=None, actor=clinician
    )

    assert (back.booked_on, back.next_stage) == (None, "arrange")


def test_a_strong_drug_entered_late_still_asks_for_its_level(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician, ago=90)
    drug = dosing.record_comedication(
        patient=patient,
        drug="itraconazole",
        starts_on=TODAY - timedelta(days=45),
        actor=clinician,
    )

    assert item(patient, "level", f"drug:{drug.pk}:begun").is_late(TODAY)


def test_between_a_change_and_its_level_the_rhythm_asks_for_none(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician, ago=25)

    a_dose(patient, "3", actor=clinician, day=now())

    assert "week-4" not in keys(patient, "level")


def test_the_level_that_a_decision_asked_for_is_done_when_it_comes(
    patient: Patient, protocol: Protocol, clinician: Staff, laboratory: Laboratory
) -> None:
    begun(patient, protocol, clinician, ago=70)
    a_trough(patient, "9", day=now() - 20, actor=clinician)
    advice = advise(patient, at=timezone.now())
    assert advice is not None
    decision = dosing.sign_decision(
        patient=patient,
        basis=advice.basis,
        amount_mg=Decimal(2),
        interval_h=24,
        reason="as_suggested",
        actor=clinician,
    )
    asked = item(patient, "level", f"decision:{decision.pk}")
    ScheduleItem.objects.filter(pk=asked.pk).update(opens_on=TODAY, best_on=TODAY)

    a_trough(patient, "9", drawn_at=timezone.now(), actor=clinician)

    today = patient.site.today(timezone.now())
    assert item(patient, "level", f"decision:{decision.pk}").done_on == today


def result(
    patient: Patient, actor: Staff, analyte: str, number: str, unit: str
) -> None:
    dosing.record_labs(
        patient=patient,
        laboratory=Laboratory.objects.get(),
        drawn_on=TODAY,
        results={analyte: Typed(Decimal(number), unit, "")},
        actor=actor,
    )


def test_coagulation_alone_is_no_safety_laboratory(
    patient: Patient, protocol: Protocol, clinician: Staff, laboratory: Laboratory
) -> None:
    begun(patient, protocol, clinician, ago=14)

    result(patient, clinician, "d_dimer", "0.5", "ug/mL FEU")
    assert item(patient, "labs", "week-2").state == ItemState.OPEN

    result(patient, clinician, "haemoglobin", "130", "g/L")
    assert item(patient, "labs", "week-2").done_on == TODAY


def test_nothing_is_booked_for_whom_follow_up_has_ended(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician)
    mri = item(patient, "mri", "month-3")
    Patient.objects.update(ended_on=TODAY, ended_because="transferred")

    with pytest.raises(ValidationError, match="Follow-up of this patient has ended"):
        people.book_item(
            item=mri, version=mri.version, booked_on=mri.best_on, actor=clinician
        )


def test_another_time_zone_moves_the_hour_of_what_comes_next(
    patient: Patient, protocol: Protocol, clinician: Staff, site: Site
) -> None:
    begun(patient, protocol, clinician)
    before = item(patient, "mri", "month-3").remind_at
    site.time_zone = "America/New_York"
    people.save_configuration(record=site, actor=a_staff_member(site, Role.ADMIN))

    assert planned_on_by_the_clock() == 1

    after = item(patient, "mri", "month-3").remind_at
    assert before
    assert after
    assert after - before in {timedelta(hours=h) for h in (13, 14)}


def test_whoever_cannot_be_planned_for_keeps_nobody_waiting(
    site: Site, patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician)
    other = a_patient(site, clinician)
    begun(other, protocol, clinician)
    SchedulePlan.objects.all().delete()
    broken = Protocol.objects.create(
        name="From another version", strengths_mg=[1], citation="x", schedule="gone-9"
    )
    ProtocolAssignment.objects.filter(patient=patient).update(protocol=broken)

    assert planned_on_by_the_clock() == 2
    assert SchedulePlan.objects.filter(patient=other).exists()
    assert planned_on_by_the_clock() == 0


def test_who_is_reachable_only_later_hears_of_what_has_come(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician)
    people.scan_reminders(at=timezone.now() + timedelta(days=1))
    assert not Reminder.objects.exists()

    people.add_contact(
        patient=patient,
        channel="email",
        address="hana@example.org",
        language="ja",
        actor=clinician,
    )
    people.scan_reminders(at=timezone.now() + timedelta(days=1))

    assert Reminder.objects.filter(stage="arrange").exists()


def test_windows_avoid_holidays_and_the_clinics_own_closed_days(
    site: Site, protocol: Protocol, clinician: Staff
) -> None:
    """Emperor's Birthday and Labour Thanksgiving are holidays of Japan."""
    calendar = site.calendar()
    assert not calendar.is_open(date(2026, 2, 23))
    assert not calendar.is_open(date(2026, 11, 23))
    assert calendar.is_open(date(2026, 11, 24))

    ClosedDay.objects.create(site=site, day=date(2026, 11, 24), why="moving")
    assert not site.calendar().is_open(date(2026, 11, 24))


def test_a_sample_of_the_closed_days_before_a_window_closes_it(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    calendar = patient.site.calendar()
    assert calendar.counts_from(date(2026, 3, 9)) == date(2026, 3, 7)
    assert calendar.counts_from(date(2026, 3, 10)) == date(2026, 3, 10)


def test_what_ended_long_ago_is_not_asked_for_when_first_planned(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician, ago=120)

    assert "week-2" not in keys(patient, "level")
    late = ScheduleItem.objects.of(patient).open().filter(closes_on__lt=TODAY)
    closed = [each.closes_on for each in late]
    assert all((TODAY - day).days <= policy.LOOKED_BACK_DAYS for day in closed)


def test_after_the_end_of_follow_up_nothing_is_planned_and_reopening_goes_on(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician)
    before = keys(patient, "mri")
    patient.refresh_from_db()
    ended = people.correct_patient(
        patient=patient,
        version=patient.version,
        reason="moved",
        actor=clinician,
        ended_on=TODAY,
        ended_because="transferred",
    )

    assert dosing.replan_schedule(patient=ended, actor=clinician) == []
    assert keys(patient, "mri") == before


def planned_on_by_the_clock(days_later: int = 0) -> int:
    at = timezone.now() + timedelta(days=days_later)
    return dosing.plan_on(at=at, at_most=10)


def test_the_clock_plans_on_what_repeats_and_leaves_no_signature(
    patient: Patient, protocol: Protocol, clinician: Staff
) -> None:
    begun(patient, protocol, clinician)
    lines = AuditEvent.objects.count()
    later = ScheduleItem.objects.filter(best_on__gt=TODAY + timedelta(days=200))
    later.update(state=ItemState.CANCELLED, remind_at=None, next_stage="")

    assert planned_on_by_the_clock(days_later=28) == 0
    assert planned_on_by_the_clock(days_later=32) == 1

    assert "month-12" in keys(patient, "mri")
    assert AuditEvent.objects.count() == lines


def test_whom_nothing_can_be_planned_for_is_not_asked_about_every_minute(
    patient: Patient, clinician: Staff
) -> None:
    label = a_protocol(schedule="jp-label-1")
    a_dose(patient, "2", protocol=label, actor=clinician, day=now() - 100)
    SchedulePlan.objects.all().delete()

    assert planned_on_by_the_clock() == 1
    assert planned_on_by_the_clock() == 0
    assert not ScheduleItem.objects.exists()


def test_a_closed_day_plans_everyone_of_the_clinic_anew(
    patient: Patient, protocol: Protocol, clinician: Staff, site: Site
) -> None:
    begun(patient, protocol, clinician)
    day = item(patient, "level", "week-2").best_on
    admin = a_staff_member(site, Role.ADMIN)

    closed = people.save_configuration(
        record=ClosedDay(site=site, day=day, why="moving"), actor=admin
    )
    assert planned_on_by_the_clock() == 1
    assert item(patient, "level", "week-2").best_on != day

    people.remove_closed_day(closed=closed, actor=admin)  # type: ignore[arg-type]
    assert planned_on_by_the_clock() == 1
    assert item(patient, "level", "week-2").best_on == day


def test_a_change_of_holidays_plans_everyone_of_the_clinic_anew(
    patient: Patient, protocol: Protocol, clinician: Staff, site: Site
) -> None:
    begun(patient, protocol, clinician)
    site.non_clinic_weekdays = [0, 2, 3, 4, 5, 6]

    people.save_configuration(record=site, actor=a_staff_member(site, Role.ADMIN))
    assert planned_on_by_the_clock() == 1

    days = {each.best_on.weekday() for each in ScheduleItem.objects.open()}
    assert days == {1}


def test_someone_treated_before_there_were_schedules_gets_one(
    site: Site, treated: Patient, clinician: Staff
) -> None:
    other = a_patient(site, clinician)
    ProtocolAssignment.objects.create(
        patient=other, protocol=Protocol.objects.get(), starts_on=TODAY, reason="x"
    )

    assert planned_on_by_the_clock() == 1
    assert {kind for kind, _label in ItemKind.choices} == set(
        ScheduleItem.objects.of(other).values_list("kind", flat=True)
    )

"""A diary is entered cell by cell: nothing lost, nothing invented, nothing doubled."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dosing import services
from dosing.advice import advise, basis_of
from dosing.diary import Entry, Place, week_of
from dosing.history import adherence, around, history_of, question_of
from dosing.models import Dose, Intake, Laboratory, State
from patients import services as people
from patients.models import (
    AuditEvent,
    DiaryDay,
    Measurement,
    Patient,
    QuantityLimit,
    Staff,
    Task,
)
from tests.builders import (
    DAY_0,
    a_dose,
    a_protocol,
    a_signature,
    a_trough,
    in_diary,
    on_day,
)

Browse = Callable[[Staff], Client]
TODAY = date(2026, 11, 25)


def on(day: int) -> date:
    return DAY_0 + timedelta(days=day)


def now_of(patient: Patient) -> date:
    return patient.site.today(timezone.now())


def text(patient: Patient, day: int, row: str, slot: int = 0) -> str:
    week = week_of(patient, on(day), today=now_of(patient), count=1)
    return week.current(Place(on(day), row, slot))


def test_a_day_is_entered_as_it_was_told(treated: Patient, nurse: Staff) -> None:
    told = {
        "dose": "taken",
        "at": "08:20",
        "food": "with",
        "temperature_c": "36.4",
        "pressure": "128/76",
        "pulse_per_min": "72",
        "respiratory_per_min": "14",
        "spo2_percent": "98",
        "weight_kg": "61.2",
        "pain_vas": "4",
        "none": "none",
        "note": "Slept well",
    }

    outcome = in_diary(treated, 5, actor=nurse, **told)

    assert outcome.unsaved == 0
    assert {row: text(treated, 5, row) for row in told} == told
    assert treated.diary_days.get().source == "paper"


def test_a_dose_taken_hours_late_is_a_late_one(treated: Patient, nurse: Staff) -> None:
    in_diary(treated, 5, at="10:00", actor=nurse)
    in_diary(treated, 6, at="10:01", actor=nurse)

    states = Intake.objects.of(treated).values_list("state", flat=True)
    assert list(states) == [State.TAKEN, State.LATE]


@pytest.mark.parametrize(
    ("clock", "taken_at"), [("02:00", on_day(5, 2)), ("01:59", on_day(6, 1, 59))]
)
def test_a_time_before_dawn_belongs_to_the_next_day(
    treated: Patient, nurse: Staff, clock: str, taken_at: object
) -> None:
    in_diary(treated, 5, at=clock, actor=nurse)

    assert treated.intakes.get().taken_at == taken_at


def test_a_dose_vomited_soon_after_is_not_known(treated: Patient, nurse: Staff) -> None:
    in_diary(treated, 5, at="08:00", vomited="08:29", actor=nurse)
    in_diary(treated, 6, at="08:00", vomited="08:30", actor=nurse)

    history = history_of(treated)
    asked = question_of(history, around(treated), at=on_day(28))
    assert asked is not None
    assert asked.doses.unknown == (on(5),)


def test_a_cell_that_is_emptied_says_nothing_again_and_a_number_is_withdrawn(
    treated: Patient, nurse: Staff
) -> None:
    in_diary(treated, 5, dose="taken", temperature_c="36.4", actor=nurse)

    in_diary(treated, 5, dose="", temperature_c="", actor=nurse)

    assert text(treated, 5, "dose") == ""
    assert text(treated, 5, "temperature_c") == ""
    assert not Measurement.objects.of(treated).exists()
    assert Measurement.objects.get().value == Decimal("36.4")


def test_a_number_that_was_withdrawn_can_be_entered_again(
    treated: Patient, nurse: Staff
) -> None:
    for value in ("36.4", "", "36.6"):
        in_diary(treated, 5, temperature_c=value, actor=nurse)

    row = Measurement.objects.get()
    assert (row.value, row.version) == (Decimal("36.6"), 3)


BAD = [
    ("temperature_c", "98.6", "looks like °F. In °C it is 37"),
    ("temperature_c", "3.7", "between 30 and 45"),
    ("temperature_c", "370", "between 30 and 45"),
    ("temperature_c", "45.1", "between 30 and 45"),
    ("temperature_c", "29.9", "between 30 and 45"),
    ("temperature_c", "36,4", "with a point"),
    ("temperature_c", "36.44", "at most 1 decimals"),
    ("temperature_c", "036.4", "not a number"),
    ("temperature_c", "nan", "not a number"),
    ("temperature_c", "-36", "not a number"),
    ("temperature_c", "1e3", "not a number"),
    ("pressure", "80/120", "swap them"),
    ("pressure", "120", "both pressures"),
    ("pressure", "120/", "both pressures"),
    ("pressure", "12/8", "between 40 and 300"),
    ("pressure", "1200/80", "between 40 and 300"),
    ("pulse_per_min", "7", "between 20 and 300"),
    ("pulse_per_min", "72.5", "whole number"),
    ("respiratory_per_min", "3", "between 4 and 80"),
    ("spo2_percent", "101", "between 40 and 100"),
    ("weight_kg", "0", "between 0.3 and 400"),
    ("weight_kg", "700", "between 0.3 and 400"),
    ("pain_vas", "11", "between 0 and 10"),
    ("pain_vas", "3.5", "whole number"),
    ("at", "24:00", "00:00 of the next day"),
    ("at", "8h", "such as 08:05"),
    ("amount", "2mg", "not a number"),
    ("amount", "02", "not a number"),
    ("amount", "nan", "not a number"),
    ("amount", "2,0", "with a point"),
    ("amount", "0", "a missed dose"),
    ("amount", "1.005", "at most 2 decimals"),
    ("amount", "41", "Never more than 40 mg"),
    ("dose", "perhaps", "listed answers"),
    ("dose", "missed: ", "listed answers"),
    ("food", "maybe", "listed answers"),
    ("note", "x" * 2001, "at most 2000"),
    ("note", "a\x00b", "control character"),
]


@pytest.mark.parametrize(("row", "typed", "words"), BAD)
def test_nonsense_in_a_cell_is_refused_beside_it_and_the_rest_is_saved(
    treated: Patient, nurse: Staff, row: str, typed: str, words: str
) -> None:
    outcome = in_diary(treated, 5, actor=nurse, **{row: typed, "none": "none"})

    assert words in outcome.refused[Place(on(5), row)]
    assert text(treated, 5, row) == ""
    assert text(treated, 5, "none") == "none"


@pytest.mark.parametrize(
    ("row", "typed", "shown"),
    [
        ("temperature_c", "３６．４", "36.4"),
        ("temperature_c", "30", "30"),
        ("temperature_c", "45", "45"),
        ("spo2_percent", "100", "100"),
        ("pain_vas", "0", "0"),
        ("pain_vas", "10", "10"),
        ("pressure", "128 76", "128/76"),
        ("at", "815", "08:15"),
        ("note", "<svg onload=alert(1)>", "<svg onload=alert(1)>"),
        ("note", "=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("note", "cafe\u0301 \U0001f600", "caf\u00e9 \U0001f600"),
    ],
)
def test_what_is_meant_is_understood(
    treated: Patient, nurse: Staff, row: str, typed: str, shown: str
) -> None:
    in_diary(treated, 5, actor=nurse, **{row: typed})

    assert text(treated, 5, row) == shown


def test_a_dose_that_was_not_taken_has_no_time(treated: Patient, nurse: Staff) -> None:
    outcome = in_diary(treated, 5, dose="missed: felt ill", at="09:00", actor=nurse)

    assert set(outcome.refused.values()) == {
        "A dose that was not taken has no time and no amount."
    }
    assert not Intake.objects.exists()


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0.99", "prescribed"),
        ("1", None),
        ("4", None),
        ("4.01", "prescribed"),
        ("20", "prescribed"),
        ("1.3", "whole stocked tablets"),
    ],
)
def test_an_amount_that_is_hardly_meant_is_asked_about_and_explained(
    treated: Patient, nurse: Staff, amount: str, words: str | None
) -> None:
    cell = Entry(Place(now_of(treated) - timedelta(days=2), "amount"), "", amount)

    asked = save(treated, nurse, cell)
    if words is not None:
        assert words in asked.questions[cell.place]
        sure = replace(cell, confirmed=True)
        assert save(treated, nurse, sure).saved == []
        assert save(treated, nurse, sure, reason="two tablets").unsaved == 0

    intake = treated.intakes.get()
    assert (intake.amount_mg, intake.state) == (Decimal(amount), State.TAKEN)


def test_more_on_a_day_than_the_protocols_ceiling_is_asked_about(
    patient: Patient, clinician: Staff
) -> None:
    protocol = a_protocol(ceiling_mg_per_day=Decimal(4))
    a_dose(patient, "2", interval_h=12, protocol=protocol, actor=clinician)
    day = now_of(patient) - timedelta(days=2)

    asked = save(patient, clinician, Entry(Place(day, "amount"), "", "2.5"))
    fits = save(patient, clinician, Entry(Place(day, "amount"), "", "2"))

    assert "ceiling of 4 mg a day" in asked.questions[Place(day, "amount")]
    assert fits.unsaved == 0


def test_no_day_has_more_than_40_mg(patient: Patient, clinician: Staff) -> None:
    protocol = a_protocol(ceiling_mg_per_day=Decimal(40))
    a_dose(patient, "20", interval_h=12, protocol=protocol, actor=clinician)

    outcome = in_diary(patient, 5, amount="21", actor=clinician)

    assert "Never more than 40 mg" in outcome.refused[Place(on(5), "amount")]


def test_another_amount_is_what_the_level_is_read_by(
    treated: Patient, nurse: Staff, laboratory: Laboratory
) -> None:
    in_diary(treated, 26, amount="3", actor=nurse)
    a_trough(treated, "13.5", day=14, actor=nurse)
    level = a_trough(treated, "16.4", actor=nurse)

    history, beside = history_of(treated), around(treated)
    asked = question_of(history, beside, at=on_day(28))
    assert asked is not None
    assert sorted({dose.amount for dose in asked.question.doses}) == [2, 3]
    assert adherence(history, beside.intakes, level).other == (on(26),)
    advice = advise(treated, at=timezone.now())
    assert advice is not None
    assert "other-amount" in [each.rule for each in advice.suggestion.findings]


@pytest.mark.parametrize("said", ["taken", "missed: forgotten", "unknown"])
def test_a_cleared_dose_is_again_one_of_which_nothing_was_said(
    treated: Patient, nurse: Staff, laboratory: Laboratory, said: str
) -> None:
    level = a_trough(treated, "13.5", actor=nurse)
    untold = adherence(history_of(treated), around(treated).intakes, level)
    place = Place(on(26), "dose")
    save(treated, nurse, Entry(place, "", said), reason="paper")
    before = around(treated)
    assert adherence(history_of(treated), before.intakes, level) != untold

    save(treated, nurse, Entry(place, said, ""), reason="another patient")

    after = around(treated)
    assert text(treated, 26, "dose") == ""
    assert adherence(history_of(treated), after.intakes, level) == untold
    assert basis_of(history_of(treated), after) != basis_of(history_of(treated), before)


def test_a_cleared_dose_keeps_nothing_that_was_told_of_it_and_may_be_told_anew(
    treated: Patient, nurse: Staff
) -> None:
    cells = ("dose", "at", "amount", "food", "vomited")
    told = ("taken", "08:20", "3", "with", "08:40")
    in_diary(treated, 5, actor=nurse, **dict(zip(cells, told, strict=True)))

    in_diary(treated, 5, dose="", actor=nurse)
    assert [text(treated, 5, row) for row in cells] == [""] * 5

    in_diary(treated, 5, food="without", actor=nurse)
    assert [text(treated, 5, row) for row in cells] == ["taken", "", "", "without", ""]


def test_a_dose_said_to_be_missed_after_all_loses_its_time(
    treated: Patient, nurse: Staff
) -> None:
    in_diary(treated, 5, at="09:00", actor=nurse)
    in_diary(treated, 5, dose="missed: ran out", actor=nurse)

    intake = treated.intakes.get()
    assert (intake.state, intake.taken_at, intake.reason) == ("missed", None, "ran out")


@pytest.mark.parametrize(("day", "slot"), [(-3, 0), (5, 1)])
def test_a_dose_that_was_not_prescribed_cannot_be_taken(
    treated: Patient, nurse: Staff, day: int, slot: int
) -> None:
    outcome = in_diary(treated, day, slot, dose="taken", actor=nurse)

    assert list(outcome.refused.values()) == ["No dose was prescribed for this day."]


def test_on_alternate_days_the_day_between_has_no_dose(
    patient: Patient, clinician: Staff
) -> None:
    alternate = a_protocol(alternate_days=True)
    a_dose(patient, "2", protocol=alternate, actor=clinician, interval_h=48)

    assert in_diary(patient, 4, dose="taken", actor=clinician).unsaved == 0
    assert in_diary(patient, 5, dose="taken", actor=clinician).unsaved == 1


def test_twice_daily_has_two_doses_of_a_day(patient: Patient, clinician: Staff) -> None:
    a_dose(patient, "1", protocol=a_protocol(), actor=clinician, interval_h=12)

    in_diary(patient, 5, dose="taken", actor=clinician)
    in_diary(patient, 5, 1, dose="missed: forgotten", actor=clinician)

    assert text(patient, 5, "dose") == "taken"
    assert text(patient, 5, "dose", slot=1) == "missed: forgotten"


def save(
    patient: Patient, actor: Staff, *entries: Entry, reason: str = ""
) -> services.Outcome:
    return services.save_diary(
        patient=patient, entries=entries, source="phone", actor=actor, reason=reason
    )


def test_a_day_to_come_is_refused(treated: Patient, nurse: Staff) -> None:
    tomorrow = Place(now_of(treated) + timedelta(days=1), "pain_vas")

    outcome = services.save_diary(
        patient=treated,
        entries=[Entry(tomorrow, "", "4")],
        source="phone",
        actor=nurse,
    )

    assert outcome.refused == {tomorrow: "This day has not come yet."}


@pytest.mark.parametrize(("days", "refused"), [(30, 0), (31, 1)])
def test_a_day_long_ago_asks_why_it_is_entered_so_late(
    treated: Patient, nurse: Staff, days: int, refused: int
) -> None:
    place = Place(now_of(treated) - timedelta(days=days), "pain_vas")

    outcome = services.save_diary(
        patient=treated, entries=[Entry(place, "", "4")], source="phone", actor=nurse
    )

    assert len(outcome.refused) == refused


def test_a_weight_that_jumps_is_asked_about_and_saved_when_confirmed(
    treated: Patient, nurse: Staff
) -> None:
    in_diary(treated, 4, weight_kg="60", actor=nurse)
    assert in_diary(treated, 5, weight_kg="65.9", actor=nurse).questions == {}
    in_diary(treated, 6, weight_kg="60", actor=nurse)

    asked = in_diary(treated, 7, weight_kg="54", actor=nurse)
    place = Place(on(7), "weight_kg")
    assert asked.questions == {place: "-10 % from 60 kg before: is this right?"}
    save(treated, nurse, Entry(place, "", "54", confirmed=True), reason="paper")

    assert text(treated, 7, "weight_kg") == "54"


def test_two_people_who_say_something_else_of_a_cell_are_both_heard(
    treated: Patient, nurse: Staff, clinician: Staff
) -> None:
    place = Place(on(5), "temperature_c")
    save(treated, nurse, Entry(place, "", "36.4"), reason="paper")

    late = services.save_diary(
        patient=treated,
        entries=[Entry(place, "", "37.2"), Entry(Place(on(5), "pain_vas"), "", "3")],
        source="phone",
        actor=clinician,
        reason="paper",
    )

    assert late.conflicts == {place: "36.4"}
    assert text(treated, 5, "temperature_c") == "36.4"
    assert text(treated, 5, "pain_vas") == "3"
    save(treated, clinician, Entry(place, "36.4", "37.2"), reason="paper")
    assert text(treated, 5, "temperature_c") == "37.2"


def test_the_same_cell_sent_again_changes_nothing(
    treated: Patient, nurse: Staff
) -> None:
    entry = Entry(Place(on(5), "dose"), "", "taken")
    for _again in range(2):
        save(treated, nurse, entry, reason="paper")

    assert treated.intakes.get().version == 1
    assert AuditEvent.objects.filter(action="save_diary").count() == 2


def test_each_correction_keeps_what_was_said_before(
    treated: Patient, nurse: Staff
) -> None:
    in_diary(treated, 5, dose="missed: forgotten", actor=nurse)
    in_diary(treated, 5, dose="taken", actor=nurse)

    states = treated.intakes.get().events.order_by("pk")  # type: ignore[attr-defined]
    assert list(states.values_list("state", flat=True)) == ["missed", "taken"]


def test_a_clinic_s_own_limits_stop_and_colour_a_cell(
    treated: Patient, nurse: Staff
) -> None:
    QuantityLimit.objects.create(
        site=treated.site,
        quantity="temperature_c",
        low=35,
        high=42,
        abnormal_from="37.5",
    )
    patient = Patient.objects.get(pk=treated.pk)

    outcome = in_diary(patient, 5, temperature_c="34.9", actor=nurse)
    in_diary(patient, 6, temperature_c="37.5", actor=nurse)
    in_diary(patient, 7, temperature_c="37.4", actor=nurse)

    assert "between 35 and 42" in outcome.refused[Place(on(5), "temperature_c")]
    week = week_of(patient, on(5), today=TODAY)
    abnormal = [
        day for day in week.days if week.is_abnormal(Place(day, "temperature_c"))
    ]
    assert abnormal == [on(6)]


@pytest.mark.parametrize(
    ("row", "fine", "abnormal"),
    [("temperature_c", "37.9", "38"), ("spo2_percent", "94", "93")],
)
def test_fever_and_low_saturation_are_abnormal_by_default(
    treated: Patient, nurse: Staff, row: str, fine: str, abnormal: str
) -> None:
    in_diary(treated, 5, actor=nurse, **{row: fine})
    in_diary(treated, 6, actor=nurse, **{row: abnormal})

    week = week_of(treated, on(5), today=TODAY, count=2)
    assert [week.is_abnormal(Place(on(day), row)) for day in (5, 6)] == [False, True]


WEEK = {
    "dose": "taken",
    "temperature_c": "36.4",
    "pressure": "128/76",
    "pulse_per_min": "72",
    "weight_kg": "61",
    "pain_vas": "4",
    "none": "none",
    "note": "well",
}


def full_week(first: int, rows: dict[str, str]) -> list[Entry]:
    return [
        Entry(Place(on(first + day), row), "", typed)
        for day in range(7)
        for row, typed in rows.items()
    ]


def statements(patient: Patient, actor: Staff, entries: list[Entry]) -> int:
    opened = Patient.objects.select_related("site").get(pk=patient.pk)
    with CaptureQueriesContext(connection) as seen:
        outcome = services.save_diary(
            patient=opened,
            entries=entries,
            source="paper",
            actor=actor,
            reason="paper",
        )
    assert outcome.unsaved == 0
    return len(seen)


def test_a_full_week_costs_as_many_statements_as_a_thin_one_whatever_lies_before(
    treated: Patient, nurse: Staff
) -> None:
    thin = statements(
        treated, nurse, full_week(0, {"weight_kg": "60", "dose": "taken", "note": "a"})
    )
    first = statements(treated, nurse, full_week(7, WEEK))
    for week in range(2, 10):
        statements(treated, nurse, full_week(7 * week, WEEK))

    assert thin == first == statements(treated, nurse, full_week(7 * 10, WEEK))
    assert first <= 20


CELLS = {
    "dose": ["", "taken", "late", "missed: forgotten", "unknown", "perhaps"],
    "at": ["", "08:00", "11:30", "25:00", "24:00"],
    "vomited": ["", "08:10", "x"],
    "food": ["", "with", "without", "no"],
    "temperature_c": ["", "36.4", "38.2", "98.6", "4", "36,4"],
    "pressure": ["", "120/80", "80/120", "120"],
    "pulse_per_min": ["", "72", "7", "72.5"],
    "weight_kg": ["", "60", "0", "60.123"],
    "pain_vas": ["", "0", "10", "11"],
    "none": ["", "none", "some"],
    "note": ["", "well", "\x00"],
}
grids = st.lists(
    st.sampled_from(sorted(CELLS)).flatmap(
        lambda row: st.tuples(
            st.integers(0, 6), st.just(row), st.sampled_from(CELLS[row])
        )
    ),
    max_size=12,
    unique_by=lambda cell: cell[:2],
)


@pytest.mark.long
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(saves=st.lists(grids, min_size=1, max_size=3))
def test_what_is_shown_as_saved_is_what_a_reload_shows(
    treated: Patient,
    nurse: Staff,
    browser_of: Browse,
    saves: list[list[tuple[int, str, str]]],
) -> None:
    client = browser_of(nurse)
    first = on(7)
    address = f"/patients/{treated.pk}/diary/?on={first}"
    for grid in saves:
        shown = client.get(address).context["grid"]
        form = {"source": "phone", "reason": "paper"}
        for row, cells in shown:
            for cell in cells:
                form[f"was:{cell.place.key}"] = cell.was
                form[f"now:{cell.place.key}"] = cell.text
                assert row.name == cell.place.row
        for day, row_name, typed in grid:
            form[f"now:{Place(on(7 + day), row_name).key}"] = typed
        answer = client.post(address, form)
        assert answer.status_code in {200, 422}
        reloaded = {
            c.place: c for _r, cs in client.get(address).context["grid"] for c in cs
        }
        for _row, cells in answer.context["grid"]:
            for cell in cells:
                if not cell.unsaved:
                    assert cell.text == reloaded[cell.place].text == cell.was


@pytest.mark.django_db(transaction=True)
def test_eight_who_write_one_week_lose_no_cell(treated: Patient, nurse: Staff) -> None:
    rows = ["dose", "temperature_c", "pressure", "pulse_per_min", "weight_kg"]
    rows += ["pain_vas", "none", "note"]

    def write(row: str) -> int:
        try:
            outcome = services.save_diary(
                patient=Patient.objects.get(pk=treated.pk),
                entries=full_week(7, {row: WEEK[row]})[:: 1 if row < "p" else -1],
                source="phone",
                actor=nurse,
                reason="paper",
            )
            return outcome.unsaved
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as writers:
        unsaved = list(writers.map(write, rows))

    assert unsaved == [0] * 8
    week = week_of(treated, on(7), today=TODAY)
    assert all(
        week.current(Place(day, row)) == WEEK[row] for day in week.days for row in rows
    )
    assert DiaryDay.objects.count() == 7


@pytest.mark.django_db(transaction=True)
def test_eight_who_say_something_else_of_one_cell_leave_one_answer(
    treated: Patient, nurse: Staff
) -> None:
    place = Place(on(7), "pain_vas")

    def write(pain: int) -> bool:
        try:
            outcome = services.save_diary(
                patient=Patient.objects.get(pk=treated.pk),
                entries=[Entry(place, "", str(pain))],
                source="phone",
                actor=nurse,
                reason="paper",
            )
            return place in outcome.saved
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as writers:
        saved = list(writers.map(write, range(8)))

    assert sum(saved) == 1
    assert text(treated, 7, "pain_vas") == str(saved.index(True))
    assert Dose.objects.count() == 1


def test_a_time_that_clocks_jump_over_does_not_exist(
    treated: Patient, nurse: Staff
) -> None:
    treated.site.time_zone = "America/New_York"
    treated.site.save()
    treated.doses.update(usual_time=time(2))
    patient = Patient.objects.get(pk=treated.pk)

    outcome = in_diary(patient, 6, at="02:30", actor=nurse)  # 8 March 2026

    assert "does not exist" in outcome.refused[Place(on(6), "at")]


def test_a_fever_of_these_days_calls_someone_and_one_of_long_ago_does_not(
    treated: Patient, nurse: Staff
) -> None:
    in_diary(treated, 5, temperature_c="39", actor=nurse)
    assert not Task.objects.exists()
    yesterday = Place(now_of(treated) - timedelta(days=1), "temperature_c")

    for value, was in (("37.9", ""), ("38", "37.9"), ("38.4", "38")):
        save(treated, nurse, Entry(yesterday, was, value))

    told = [task.facts["temperature"] for task in Task.objects.order_by("pk")]
    assert told == ["38", "38.4"]
    assert all(task.is_urgent for task in Task.objects.all())


def test_none_is_refused_beside_a_side_effect(treated: Patient, nurse: Staff) -> None:
    people.record_effect(
        patient=treated, term="nausea", grade=1, onset_on=on(5), actor=nurse
    )

    outcome = in_diary(treated, 5, none="none", actor=nurse)

    assert "is recorded for this day" in outcome.refused[Place(on(5), "none")]


def test_a_day_before_a_signed_decision_is_changed_with_a_reason(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    yesterday = Place(now_of(treated) - timedelta(days=1), "dose")
    save(treated, clinician, Entry(yesterday, "", "taken"))
    a_trough(treated, "12", actor=clinician)
    a_signature(treated, "2", actor=clinician)

    mended = Entry(yesterday, "taken", "missed: forgotten")
    refused = services.save_diary(
        patient=treated, entries=[mended], source="phone", actor=clinician
    ).refused
    assert "A decision has been signed since" in refused[yesterday]
    save(treated, clinician, mended, reason="misheard")
    assert treated.intakes.get().state == "missed"


def test_food_told_later_leaves_the_time_of_a_dose_as_it_is(
    treated: Patient, nurse: Staff
) -> None:
    in_diary(treated, 5, at="08:20", actor=nurse)
    treated.intakes.update(taken_at=on_day(6, 9))

    in_diary(treated, 5, food="with", actor=nurse)

    assert treated.intakes.get().taken_at == on_day(6, 9)


def test_a_jump_of_weight_within_one_week_is_asked_about(
    treated: Patient, nurse: Staff
) -> None:
    told = ((20, "60"), (21, "16"))
    entries = [Entry(Place(on(day), "weight_kg"), "", kg) for day, kg in told]

    outcome = services.save_diary(
        patient=treated, entries=entries, source="phone", actor=nurse, reason="paper"
    )

    assert list(outcome.questions) == [Place(on(21), "weight_kg")]


def test_a_weight_moved_to_another_day_outdates_the_advice(
    treated: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    in_diary(treated, 5, weight_kg="60", actor=nurse)
    a_trough(treated, "12", actor=nurse)
    shown = advise(treated, at=timezone.now())

    in_diary(treated, 5, weight_kg="", actor=nurse)
    in_diary(treated, 6, weight_kg="62", actor=nurse)

    now = advise(treated, at=timezone.now())
    assert shown is not None
    assert now is not None
    assert shown.basis["measurements"] != now.basis["measurements"]


def test_a_time_told_of_a_dose_that_was_not_known_means_it_was_taken(
    treated: Patient, nurse: Staff
) -> None:
    in_diary(treated, 5, dose="unknown", actor=nurse)
    in_diary(treated, 5, at="08:10", actor=nurse)

    assert text(treated, 5, "dose") == "taken"


def test_half_a_blood_pressure_is_seen_before_it_is_replaced(
    treated: Patient, nurse: Staff
) -> None:
    people.add_measurement(
        patient=treated,
        quantity="systolic_mmhg",
        value=Decimal(190),
        measured_on=on(5),
        actor=nurse,
    )
    place = Place(on(5), "pressure")

    blind = services.save_diary(
        patient=treated,
        entries=[Entry(place, "", "120/80")],
        source="phone",
        actor=nurse,
        reason="paper",
    )

    assert blind.conflicts == {place: "190/"}

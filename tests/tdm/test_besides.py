"""Other drugs, events and tablets: on the worklist, the page, the chart, the story."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from dosing import services
from dosing.models import CohortLine, Laboratory
from dosing.services import cohort
from dosing.words import say
from patients import services as people
from patients.models import ClosedDay, Patient, Role, ScheduleItem, Site, Staff
from tdm.charts import Chart, DosePeriod, Gap, Happening, Story, chart, figure
from tdm.charts.labels import text_box
from tdm.worklist import Line, Worklist, worklist
from tests.builders import (
    DAY_0,
    a_dose,
    a_patient,
    a_planned_item,
    a_protocol,
    a_trough,
    in_diary,
    on_day,
)
from tests.tdm.told import timeline_of

NOW = (timezone.localdate() - DAY_0).days
"""The day of treatment that today is."""

THERE = (timezone.localdate(timezone=ZoneInfo("Asia/Tokyo")) - DAY_0).days
"""The same by the clinic's clock, from which planned items are counted."""


SATURDAY = 5


def of_day(day: int) -> str:
    return date_format(DAY_0 + timedelta(days=day), "DATE_FORMAT")


def seen_by(staff: Staff, at: datetime) -> Worklist:
    with timezone.override("Asia/Tokyo"):
        return worklist(staff, at=timezone.localtime(at))


def lines(staff: Staff, day: int) -> list[Line]:
    return list(seen_by(staff, on_day(day)).lines)


def a_drug(patient: Patient, actor: Staff, **facts: Any) -> None:
    services.record_comedication(
        patient=patient,
        actor=actor,
        **{
            "drug": "clarithromycin",
            "starts_on": DAY_0 + timedelta(days=NOW),
            **facts,
        },
    )


def tablets(patient: Patient, actor: Staff, count: int, day: int = 0) -> None:
    services.record_dispensing(
        patient=patient,
        dispensed_on=DAY_0 + timedelta(days=day),
        strength_mg=Decimal(1),
        tablets=count,
        actor=actor,
    )


@pytest.fixture
def measured(treated: Patient, laboratory: Laboratory, clinician: Staff) -> Patient:
    """Someone whose level was in range before anything else was taken."""
    a_trough(treated, "12", actor=clinician)
    return treated


@pytest.fixture
def lately(treated: Patient, laboratory: Laboratory, clinician: Staff) -> Patient:
    """Someone whose level of yesterday was in range."""
    a_trough(treated, "12", day=NOW - 1, actor=clinician)
    return treated


def window() -> tuple[date, date]:
    asked = ScheduleItem.objects.levels().get(key__startswith="drug:")
    return asked.opens_on, asked.closes_on


def test_a_strong_drug_begun_asks_for_an_early_level(
    lately: Patient, clinician: Staff
) -> None:
    assert lines(clinician, NOW) == []
    a_drug(lately, clinician)

    (line,) = lines(clinician, NOW)
    first, last = window()
    assert (line.kind, line.owner) == ("level_due", Role.NURSE)
    assert say(line.said[0]) == (
        f"Level due {date_format(first, 'DATE_FORMAT')} to"
        f" {date_format(last, 'DATE_FORMAT')}: Clarithromycin was begun."
    )


def test_stopping_it_asks_anew(lately: Patient, clinician: Staff) -> None:
    a_drug(
        lately,
        clinician,
        starts_on=DAY_0 + timedelta(days=NOW - 3),
        stops_on=DAY_0 + timedelta(days=NOW),
    )

    (line,) = lines(clinician, NOW)

    assert "Clarithromycin was stopped" in say(line.said[0])


def test_the_early_level_is_overdue_after_its_window_also_when_it_was_booked(
    lately: Patient, clinician: Staff
) -> None:
    a_drug(lately, clinician)
    _first, last = window()
    on, after = (last - DAY_0).days, (last - DAY_0).days + 1

    assert [line.kind for line in lines(clinician, on)] == ["level_due"]
    assert [line.kind for line in lines(clinician, after)] == ["level_overdue"]
    item = ScheduleItem.objects.get(key__startswith="drug:")
    people.book_item(item=item, version=item.version, booked_on=last, actor=clinician)
    assert lines(clinician, on) == []
    assert [line.kind for line in lines(clinician, after)] == ["level_overdue"]


def test_what_is_not_to_be_done_asks_for_nobody(
    lately: Patient, clinician: Staff
) -> None:
    a_drug(lately, clinician)
    item = ScheduleItem.objects.get(key__startswith="drug:")

    people.skip_item(
        item=item, version=item.version, reason="three days only", actor=clinician
    )

    assert lines(clinician, NOW + 30) == []


def test_the_coming_week_expects_the_early_level_on_its_best_day(
    lately: Patient, clinician: Staff
) -> None:
    a_drug(lately, clinician)
    best = ScheduleItem.objects.get(key__startswith="drug:").best_on

    week = seen_by(clinician, on_day((best - DAY_0).days - 3)).week

    assert [due.day for due in week if lately in due.patients] == [best]


@pytest.mark.parametrize(("since", "count"), [(6, 1), (9, 0)])
def test_only_a_level_from_the_seventh_day_on_answers_it(
    lately: Patient, clinician: Staff, since: int, count: int
) -> None:
    a_drug(lately, clinician, starts_on=DAY_0 + timedelta(days=NOW - since))
    a_trough(lately, "12", day=NOW, actor=clinician)

    due = [line for line in lines(clinician, NOW) if line.kind == "level_due"]
    assert len(due) == count


def test_a_weak_drug_asks_for_no_early_level(lately: Patient, clinician: Staff) -> None:
    a_drug(lately, clinician, drug="diltiazem")

    assert lines(clinician, NOW) == []


def test_a_drug_that_turned_before_sirolimus_began_asks_for_nothing(
    measured: Patient, clinician: Staff
) -> None:
    a_drug(measured, clinician, starts_on=DAY_0 - timedelta(days=30))

    assert lines(clinician, 29) == []


def test_an_early_level_stands_beside_a_level_to_decide_on(
    lately: Patient, clinician: Staff
) -> None:
    a_drug(lately, clinician)
    a_trough(lately, "25", day=NOW, actor=clinician)

    assert [line.kind for line in lines(clinician, NOW)] == [
        "urgent_level",
        "level_due",
    ]


def test_what_is_booked_after_its_window_is_late_after_its_day(
    lately: Patient, clinician: Staff
) -> None:
    on = 7 if (DAY_0 + timedelta(days=THERE)).weekday() < SATURDAY else 9
    a_planned_item(lately, kind="level", key="week-4", opens=-9, closes=-1, booked=on)

    assert lines(clinician, THERE + on) == []
    (line,) = lines(clinician, THERE + on + 1)
    assert line.kind == "level_overdue"
    cohort.refresh_cohort(at=timezone.now(), at_most=10)
    due = CohortLine.objects.get().level_due_on
    assert due == DAY_0 + timedelta(days=THERE + on)


def test_a_booking_on_a_day_that_was_closed_since_is_said(
    lately: Patient, clinician: Staff
) -> None:
    item = a_planned_item(lately, closes=20, booked=7)
    ClosedDay.objects.get_or_create(site=lately.site, day=item.day)

    (line,) = lines(clinician, THERE)

    assert say(line.said[0]) == (
        f"Visit is booked for {of_day(THERE + 7)}, when the clinic is closed."
    )


def test_what_is_late_besides_levels_is_one_line_for_each_patient(
    lately: Patient, clinician: Staff
) -> None:
    for kind in ("visit", "labs", "mri"):
        a_planned_item(lately, kind=kind, opens=-9, closes=-1)
    a_planned_item(lately, kind="visit", opens=-1, closes=0)

    (line,) = lines(clinician, THERE)

    assert (line.kind, line.owner) == ("labs_overdue", Role.NURSE)
    assert [say(each) for each in line.said] == [
        f"The safety laboratory planned for {of_day(THERE - 1)} has not come.",
        f"The MRI planned for {of_day(THERE - 1)} is not recorded.",
        f"The visit planned for {of_day(THERE - 1)} is not recorded.",
    ]


def test_tablets_that_end_within_a_week_are_a_nurses_line_until_the_next_packet(
    measured: Patient, clinician: Staff
) -> None:
    tablets(measured, clinician, 100)  # 50 days of 2 mg: until day 49

    assert lines(clinician, 41) == []
    (line,) = lines(clinician, 42)
    assert (line.kind, line.owner) == ("supply", Role.NURSE)
    assert line.since == DAY_0 + timedelta(days=42)
    assert "Tablets last until Mon 20 Apr 2026 (100 tablets of 1 mg" in say(
        line.said[0]
    )

    tablets(measured, clinician, 60, day=42)
    assert lines(clinician, 42) == []


def test_missed_doses_put_the_supply_line_off(
    measured: Patient, clinician: Staff
) -> None:
    tablets(measured, clinician, 100)
    for number in (10, 11):
        in_diary(measured, number, dose="missed: forgotten", actor=clinician)

    assert "supply" not in [line.kind for line in lines(clinician, 43)]
    assert "supply" in [line.kind for line in lines(clinician, 44)]


def test_a_dose_that_was_raised_brings_the_supply_line_forward(
    measured: Patient, clinician: Staff
) -> None:
    tablets(measured, clinician, 100)
    a_dose(measured, "4", day=30, actor=clinician)

    assert [line.kind for line in lines(clinician, 32)] == ["supply"]


def test_nobody_without_a_dose_needs_tablets(
    measured: Patient, clinician: Staff
) -> None:
    tablets(measured, clinician, 40)
    services.stop_dose(
        patient=measured,
        on=DAY_0 + timedelta(days=10),
        reason="surgery",
        actor=clinician,
    )

    assert lines(clinician, 20) == []


@pytest.mark.parametrize("count", [1, 3])
def test_the_worklist_asks_as_often_for_one_as_for_three(
    site: Site,
    laboratory: Laboratory,
    clinician: Staff,
    count: int,
    django_assert_num_queries: Any,
) -> None:
    for _number in range(count):
        each = a_patient(site, clinician)
        a_dose(each, "2", protocol=a_protocol(), actor=clinician)
        a_trough(each, "12", day=NOW - 1, actor=clinician)
        a_drug(each, clinician)
        tablets(each, clinician, 2 * NOW)

    with django_assert_num_queries(23):
        found = seen_by(clinician, on_day(NOW))
    assert len(found.lines) == 2 * count


def test_the_story_tells_events_and_tablets_those_withdrawn_struck_out(
    treated: Patient, nurse: Staff
) -> None:
    event = services.record_event(
        patient=treated,
        kind="procedure",
        happens_on=DAY_0,
        detail="sclerotherapy",
        actor=nurse,
    )
    tablets(treated, nurse, 30)
    services.withdraw_event(event=event, version=1, reason="put off", actor=nurse)

    told = {entry.kind: entry for entry in timeline_of(treated)}

    assert (told["event"].title, told["event"].set_aside) == ("procedure", True)
    assert told["event"].note == "sclerotherapy"
    assert told["supply"].title == "30 tablets of 1 mg dispensed"


def shown(client: Client, staff: Staff, address: str) -> str:
    client.force_login(staff, backend="tdm.roles.RoleBackend")
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_card_names_each_course_with_its_strength_size_and_source(
    client: Client, nurse: Staff, treated: Patient
) -> None:
    a_drug(treated, nurse, drug="ketoconazole")
    a_drug(treated, nurse, drug="cannabidiol")

    page = shown(client, nurse, f"/patients/{treated.pk}/")

    assert "strong inhibitor, exposure × 10.9; the label says to avoid it" in page
    assert "Rapalimus package insert (Japan) 16.7.4 [V]" in page
    assert "inhibitor, size not known" in page
    assert "strength and size [NV]" in page
    assert "Correct or end Ketoconazole" in page


@pytest.mark.parametrize(
    ("drug", "words"),
    [
        ("rifampicin", "exposure × 0.18"),
        ("diltiazem", "exposure × 1.6"),
        ("itraconazole", "size not known"),
        ("aspirin", "are shown once it is chosen"),
    ],
)
def test_the_drawer_says_what_the_chosen_drug_does(
    client: Client, nurse: Staff, drug: str, words: str
) -> None:
    assert words in shown(client, nurse, f"/drugs/facts/?drug={drug}")


def test_the_page_says_how_long_the_tablets_last(
    client: Client, nurse: Staff, treated: Patient
) -> None:
    today = date.today()  # noqa: DTZ011
    services.record_dispensing(
        patient=treated,
        dispensed_on=today,
        strength_mg=Decimal(1),
        tablets=10,
        actor=nurse,
    )

    page = shown(client, nurse, f"/patients/{treated.pk}/")

    assert "Tablets last until" in page
    assert "10 tablets of 1 mg" in page
    assert 'class="hatch"' in page
    assert "No tablets from" in page


@pytest.mark.parametrize(
    ("address", "form", "record"),
    [
        (
            "events/new/",
            {"kind": "surgery", "happens_on": "2026-04-01"},
            "drug_events",
        ),
        (
            "tablets/new/",
            {"dispensed_on": "2026-04-01", "strength_mg": "0.5", "tablets": "30"},
            "dispensings",
        ),
    ],
)
def test_a_nurse_adds_corrects_and_withdraws_from_the_drawer(
    client: Client,
    nurse: Staff,
    treated: Patient,
    address: str,
    form: dict[str, str],
    record: str,
) -> None:
    client.force_login(nurse, backend="tdm.roles.RoleBackend")
    home = address.removesuffix("new/")

    added = client.post(f"/patients/{treated.pk}/{address}", form)
    row = getattr(treated, record).get()
    mended = client.post(
        f"/{home}{row.pk}/correct/", {**form, "version": "1", "reason": "a slip"}
    )
    late = client.post(
        f"/{home}{row.pk}/correct/", {**form, "version": "1", "reason": "a slip"}
    )
    gone = client.post(
        f"/{home}{row.pk}/withdraw/", {"version": "2", "reason": "never was"}
    )

    assert [a.status_code for a in (added, mended, late, gone)] == [303, 303, 422, 303]
    row.refresh_from_db()
    assert (row.version, row.withdrawn_at is not None) == (3, True)
    page = shown(client, nurse, f"/patients/{treated.pk}/")
    assert "withdrawn" in page
    kind = {"drug_events": "event", "dispensings": "supply"}[record]
    assert "never was" in shown(client, nurse, f"/history/{kind}/{row.pk}/")


TWO_MG = DosePeriod(DAY_0, None, Decimal(2), 24, "2 mg once daily")


def a_chart(width: int = 1040, now: int = 30, **facts: Any) -> Chart:
    story = Story(start_on=DAY_0, now=on_day(now), doses=(TWO_MG,), **facts)
    return chart(story, width=width)


def an_event(on: int, label: str, until: int | None = None) -> Happening:
    last = None if until is None else DAY_0 + timedelta(days=until)
    return Happening(DAY_0 + timedelta(days=on), last, label)


def test_an_event_is_a_mark_on_its_day_and_a_bar_where_it_lasts() -> None:
    drawn = a_chart(
        events=(an_event(5, "procedure"), an_event(10, "liver impairment", 20))
    ).drawing

    marks = [each for each in drawn.marks if each.css == "event"]
    bars = [each for each in drawn.rects if each.css == "event-span"]
    assert [each.title for each in marks] == [
        "procedure on Sat 7 Mar 2026",
        "liver impairment from Thu 12 Mar 2026 to Sun 22 Mar 2026",
    ]
    assert len(bars) == 1
    assert {"procedure", "liver impairment"} <= {text.text for text in drawn.texts}


@pytest.mark.parametrize("width", [1040, 680, 358])
def test_the_words_of_events_stay_inside_and_apart(width: int) -> None:
    drawn = a_chart(
        width,
        events=(
            an_event(0, "change of eating habits around the dose"),
            an_event(29, "change of form (tablets, solution, granules)"),
        ),
        gap=Gap(DAY_0 + timedelta(days=40), DAY_0 + timedelta(days=58)),
    )

    boxes = [text_box(each) for each in drawn.drawing.texts if "note" in each.css]
    boxes += [text_box(e) for e in drawn.drawing.texts if e.css == "gap-word"]
    assert len(boxes) == 6  # with the key of the strip, and that there is no level
    assert all(box.left >= 0 and box.right <= width for box in boxes)
    assert not any(
        one.overlaps(other) for n, one in enumerate(boxes) for other in boxes[n + 1 :]
    )


def test_days_without_tablets_are_hatched_from_now_on_and_said_in_words() -> None:
    gap = Gap(DAY_0 + timedelta(days=20), DAY_0 + timedelta(days=58))
    drawn = a_chart(now=30, gap=gap).drawing

    (box,) = [each for each in drawn.rects if each.css == "gap"]
    (now,) = [each for each in drawn.lines if each.css == "now"]
    strokes = [each for each in drawn.lines if each.css == "hatch"]
    assert box.x <= now.x1 <= box.x + box.width
    assert strokes
    assert all(box.x <= s.x1 <= s.x2 <= box.x + box.width + 0.1 for s in strokes)
    assert "No tablets from Sun 22 Mar 2026" in [text.text for text in drawn.texts]


def test_the_table_beside_the_chart_tells_events_and_the_gap() -> None:
    story = Story(
        start_on=DAY_0,
        now=on_day(30),
        doses=(TWO_MG,),
        events=(an_event(10, "liver impairment", 20),),
        gap=Gap(DAY_0 + timedelta(days=31), DAY_0 + timedelta(days=58)),
    )

    told = [(row.what, row.value, row.meaning) for row in figure(story).rows]

    assert ("event", "liver impairment", "last day Sun 22 Mar 2026") in told
    assert ("dose", "no tablets", "") in told

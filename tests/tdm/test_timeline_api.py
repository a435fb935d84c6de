"""A program pulls a patient's timeline: nothing is missed, and nothing comes twice."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from dosing import policy
from dosing import services as dosing
from dosing.advice import advise
from dosing.models import Dose
from dosing.services.labs import Typed
from dosing.units import Unit, parse_reported
from patients import services as people
from patients.models import AuditEvent, Patient, Scope, Site, Staff
from tdm.branches import BRANCHES, KINDS
from tests.builders import (
    DAY_0,
    a_dose,
    a_lesion,
    a_patient,
    a_planned_item,
    a_protocol,
    a_site,
    a_trough,
    a_visit,
    an_mri,
    in_diary,
    on_day,
)
from tests.tdm.told import timeline_of

Answer = Any


class Program:
    """A REST client that follows a patient."""

    def __init__(self, key: str, patient: Patient) -> None:
        self.client = Client(headers={"authorization": f"Token {key}"})
        self.home = f"/api/v1/patients/{patient.pk}/timeline/"

    def get(self, query: str = "", **headers: str) -> Answer:
        return self.client.get(f"{self.home}{query}", headers=headers)

    def asks(self, query: str = "") -> Answer:
        answer = self.get(query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def pages(self, query: str = "") -> Iterator[Answer]:
        page = self.asks(query)
        yield page
        while page["next"]:
            page = self.client.get(page["next"]).json()
            yield page


def key_of(event: Answer) -> tuple[str, int, str]:
    return event["kind"], event["id"], event["phase"]


@pytest.fixture
def program(site: Site, administrator: Staff, treated: Patient) -> Program:
    _token, key = people.issue_token(
        name="registry",
        site=site,
        scopes=[Scope.READ_PATIENTS],
        days=30,
        actor=administrator,
    )
    return Program(key, treated)


@pytest.fixture
def whole(treated: Patient, laboratory: object, clinician: Staff) -> Patient:
    """Someone to whom everything happened that is told."""
    lesion = a_lesion(treated, clinician)
    people.add_previous_treatment(
        lesion=lesion, kind="sclerotherapy", agent="ethanol", actor=clinician
    )
    an_mri(lesion, day=1, actor=clinician)
    a_visit(treated, lesion, day=2, calf="36.5", pain="4", actor=clinician)
    in_diary(treated, 3, dose="missed: forgotten", actor=clinician)
    dosing.record_comedication(
        patient=treated,
        drug="diltiazem",
        starts_on=DAY_0,
        stops_on=DAY_0 + timedelta(days=9),
        actor=clinician,
    )
    dosing.record_event(patient=treated, kind="food", happens_on=DAY_0, actor=clinician)
    dosing.record_dispensing(
        patient=treated,
        dispensed_on=DAY_0,
        strength_mg=Decimal(1),
        tablets=30,
        actor=clinician,
    )
    effect = people.record_effect(
        patient=treated, term="nausea", grade=1, onset_on=DAY_0, actor=clinician
    )
    people.resolve_effect(effect=effect, version=1, resolved_on=DAY_0, actor=clinician)
    dosing.record_labs(
        patient=treated,
        laboratory=laboratory,  # type: ignore[arg-type]
        drawn_on=DAY_0,
        results={"platelets": Typed(Decimal(250_000), "/uL", "")},
        actor=clinician,
    )
    dosing.record_answers(
        patient=treated,
        answers=policy.Answers("negative", "no", "no", "none"),
        actor=clinician,
    )
    people.raise_task(
        patient=treated, kind="fever", key="1", text="Call.", actor=clinician
    )
    people.add_contact(
        patient=treated,
        channel="email",
        address="hana@example.org",
        language="ja",
        actor=clinician,
    )
    a_planned_item(treated, opens=-5, closes=5)
    now = timezone.now()
    due = treated.schedule.open().first()
    assert due is not None
    people.book_item(
        item=due,
        version=due.version,
        booked_on=treated.site.calendar().next_open(treated.site.today(now)),
        actor=clinician,
    )
    people.scan_reminders(at=now + timedelta(days=30))
    a_trough(treated, "16.4", actor=clinician)
    advice = advise(treated, at=now)
    assert advice is not None
    dosing.sign_decision(
        patient=treated,
        basis=advice.basis,
        amount_mg=Decimal("1.5"),
        interval_h=24,
        reason="clinical_picture",
        actor=clinician,
    )
    return treated


def test_every_record_of_every_kind_is_told_with_a_unit_on_every_number(
    program: Program, whole: Patient
) -> None:
    events = program.asks("?limit=1000")["events"]

    assert {each["kind"] for each in events} == set(KINDS)
    assert all(number["unit"] for each in events for number in each["quantities"])
    stored: dict[tuple[str, str], set[int]] = {}
    for branch in BRANCHES:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT t.id FROM {branch.table}"  # noqa: S608 - our own words
                f" WHERE {branch.owner} = %s AND {branch.where}",
                [whole.pk],
            )
            rows = {row[0] for row in cursor.fetchall()}
        stored.setdefault((branch.kind, branch.phase), set()).update(rows)
    for (kind, phase), records in stored.items():
        of_a_kind = [e for e in events if (e["kind"], e["phase"]) == (kind, phase)]
        assert sorted(each["id"] for each in of_a_kind) == sorted(records), kind
    times = [each["at"] for each in events]
    assert times == sorted(times, reverse=True)


def test_an_event_says_when_by_whom_from_where_and_in_which_version(
    program: Program, treated: Patient, clinician: Staff, laboratory: object
) -> None:
    a_trough(treated, "16.4", actor=clinician)

    (level,) = program.asks("?kinds=level")["events"]

    assert level["quantities"] == [
        {"name": "level", "comparator": "", "value": "16.4", "unit": "ng/mL"},
        {"name": "reported", "comparator": "", "value": "16.4", "unit": "ng/mL"},
    ]
    assert level["at"] == "2026-03-29T23:00:00+00:00"
    assert (level["day"], level["version"], level["set_aside"]) == (None, 1, False)
    assert (level["author"], level["source"]) == (str(clinician), "person")
    assert level["reading"]["verdict"] == "above"
    assert level["reading"]["said"][0].startswith("16.4 ng/mL")
    assert level["link"] == f"/history/level/{level['id']}/"


def test_a_level_and_a_lab_beyond_what_is_measured_keep_their_bound(
    program: Program, treated: Patient, clinician: Staff, laboratory: object
) -> None:
    a_trough(treated, "<2.0", actor=clinician)
    dosing.record_labs(
        patient=treated,
        drawn_on=DAY_0,
        results={"platelets": Typed(Decimal(5), "10^9/L", "<")},
        actor=clinician,
    )

    told = program.asks("?kinds=level,lab")["events"]

    bounds = {
        (each["kind"], number["name"]): number["comparator"]
        for each in told
        for number in each["quantities"]
    }
    assert bounds == {
        ("level", "level"): "<",
        ("level", "reported"): "<",
        ("lab", "platelets"): "<",
        ("lab", "reported"): "<",
    }


def test_the_link_of_every_event_leads_to_its_history(
    program: Program, whole: Patient, clinician: Staff
) -> None:
    browser = Client()
    browser.force_login(clinician)
    links = {
        each["kind"]: each["link"] for each in program.asks("?limit=1000")["events"]
    }

    lost = {kind for kind in links if browser.get(links[kind]).status_code != 200}

    assert (set(links), lost) == (set(KINDS), set())


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_of_any_length_tell_the_same_and_each_event_once(
    program: Program, whole: Patient, limit: int
) -> None:
    every = [key_of(each) for each in program.asks("?limit=1000")["events"]]

    paged = [
        key_of(each)
        for page in program.pages(f"?limit={limit}")
        for each in page["events"]
    ]

    assert paged == every


def test_what_is_entered_between_two_pages_moves_nothing(
    program: Program, whole: Patient, clinician: Staff
) -> None:
    every = {key_of(each) for each in program.asks("?limit=1000")["events"]}
    pages = program.pages("?limit=10")
    told = [key_of(each) for each in next(pages)["events"]]

    in_diary(whole, 4, dose="taken", actor=clinician)
    told += [key_of(each) for page in pages for each in page["events"]]

    assert every <= set(told)
    assert len(told) == len(set(told))


def test_what_is_entered_between_two_pages_is_told_by_the_next_poll(
    program: Program, whole: Patient, clinician: Staff
) -> None:
    pages = program.pages("?limit=10")
    next(pages)
    in_diary(whole, 4, dose="taken", actor=clinician)
    (*_others, last) = pages

    told = program.asks(f"?since={last['since']}&kinds=intake")["events"]

    assert [each["facts"]["state"] for each in told] == ["taken"]


def test_a_cleared_dose_of_the_diary_is_told_to_people_and_programs_as_set_aside(
    program: Program, treated: Patient, nurse: Staff
) -> None:
    in_diary(treated, 5, at="08:20", actor=nurse)
    mark = program.asks()["since"]
    in_diary(treated, 5, dose="", actor=nurse)

    told = program.asks(f"?since={mark}&kinds=intake")["events"]

    assert [(e["facts"]["state"], e["set_aside"]) for e in told] == [("cleared", True)]
    on_page = [each for each in timeline_of(treated) if each.kind == "intake"]
    assert [(e.title, e.set_aside) for e in on_page] == [
        ("Dose: entry taken back", True)
    ]


def test_a_dose_that_was_never_taken_is_told_to_people_and_programs_as_set_aside(
    program: Program, treated: Patient, clinician: Staff
) -> None:
    mark = program.asks()["since"]
    dose = treated.doses.get()
    dosing.correct_dose(
        dose=dose,
        version=dose.version,
        amount_mg=dose.amount_mg,
        interval_h=dose.interval_h,
        usual_time=dose.usual_time,
        starts_on=dose.starts_on,
        stops_on=dose.starts_on + timedelta(days=9),
        never_taken=True,
        reason="another patient",
        actor=clinician,
    )

    told = program.asks(f"?since={mark}&kinds=dose")["events"]

    asides = [(each["phase"], each["set_aside"]) for each in told]
    assert asides == [("ends", True), ("begins", True)]
    on_page = [each for each in timeline_of(treated) if each.kind == "dose"]
    assert [each.set_aside for each in on_page] == [True, True]


@pytest.mark.django_db(transaction=True)
def test_the_second_poll_tells_only_what_changed_corrections_and_set_asides_included(
    program: Program, treated: Patient, clinician: Staff, laboratory: object
) -> None:
    level = a_trough(treated, "16.4", actor=clinician)
    first = program.asks()
    assert program.asks(f"?since={first['since']}&kinds=level")["events"] == []

    dosing.set_aside_trough(level=level, version=1, reason="clotted", actor=clinician)
    a_planned_item(treated, kind="visit", opens=-1, closes=3)
    second = program.asks(f"?since={first['since']}")

    found = {each["kind"]: each for each in second["events"]}
    assert {"level", "schedule"} >= set(found) >= {"level"}
    assert (found["level"]["set_aside"], found["level"]["version"]) == (True, 2)
    assert program.asks(f"?since={second['since']}&kinds=level")["events"] == []


def test_a_level_is_told_again_once_the_dose_that_it_is_read_by_was_corrected(
    program: Program, treated: Patient, clinician: Staff, laboratory: object
) -> None:
    a_trough(treated, "16.4", actor=clinician)
    first = program.asks("?kinds=level")
    (dose,) = Dose.objects.of(treated)

    dosing.correct_dose(
        dose=dose,
        version=dose.version,
        amount_mg=dose.amount_mg,
        interval_h=dose.interval_h,
        usual_time=dose.usual_time,
        starts_on=DAY_0 + timedelta(days=20),
        stops_on=None,
        never_taken=False,
        reason="asked again",
        actor=clinician,
    )

    (before,) = first["events"]
    (level,) = program.asks(f"?since={first['since']}&kinds=level")["events"]
    assert level["reading"] != before["reading"]
    assert {**level, "reading": 0} == {**before, "reading": 0}


def test_only_levels_that_may_read_otherwise_are_told_again(
    program: Program, treated: Patient, clinician: Staff, laboratory: object
) -> None:
    """And what a program holds after each poll is what a fresh reader is told."""
    early, late = (a_trough(treated, "9", day=day, actor=clinician) for day in (14, 28))
    whole = program.asks("?kinds=level")
    held = {each["id"]: each for each in whole["events"]}
    marks = [whole["since"]]

    def told() -> set[int]:
        poll = program.asks(f"?since={marks[-1]}&kinds=level")
        marks.append(poll["since"])
        held.update({each["id"]: each for each in poll["events"]})
        fresh = program.asks("?kinds=level")["events"]
        assert held == {each["id"]: each for each in fresh}
        return {each["id"] for each in poll["events"]}

    newest = a_trough(treated, "18", day=35, actor=clinician)
    assert told() == {newest.pk}

    in_diary(treated, 20, dose="missed: forgotten", actor=clinician)
    a_dose(treated, "3", day=40, actor=clinician)
    assert told() == set()

    between = a_trough(treated, "9", day=21, actor=clinician)
    assert told() == {between.pk, late.pk, newest.pk}

    dosing.correct_trough(
        level=early,
        version=1,
        laboratory=early.laboratory,
        reported=parse_reported("9"),
        unit=Unit.NG_PER_ML,
        drawn_at=on_day(38),
        last_dose_at=None,
        reason="another day",
        actor=clinician,
    )
    assert told() == {early.pk, between.pk, late.pk, newest.pk}

    dosing.set_aside_trough(level=late, version=1, reason="clotted", actor=clinician)
    assert told() == {early.pk, late.pk, newest.pk}

    first = treated.doses.earliest("starts_on")
    dosing.correct_dose(
        dose=first,
        version=first.version,
        amount_mg=first.amount_mg,
        interval_h=24,
        usual_time=first.usual_time,
        starts_on=DAY_0 + timedelta(days=24),
        stops_on=first.stops_on,
        reason="from the chart",
        actor=clinician,
    )
    assert told() == {early.pk, between.pk, late.pk, newest.pk}


def test_what_only_a_clock_wrote_is_told_by_the_next_poll(
    program: Program, treated: Patient, clinician: Staff
) -> None:
    mark = program.asks()["since"]

    item = a_planned_item(treated, kind="visit", opens=-1, closes=3)
    told = program.asks(f"?since={mark}&kinds=schedule")["events"]

    assert [each["id"] for each in told] == [item.pk]


def test_a_poll_of_many_changes_goes_on_over_pages_to_one_mark(
    program: Program, treated: Patient, clinician: Staff
) -> None:
    mark = program.asks()["since"]
    for day in range(5):
        in_diary(treated, day, dose="taken", actor=clinician)

    pages = list(program.pages(f"?since={mark}&limit=3&kinds=intake"))

    assert sum(len(page["events"]) for page in pages) == 5
    assert {page["since"] for page in pages} == {pages[0]["since"]}


def test_nothing_new_is_said_in_a_word_and_leaves_no_reading(
    program: Program, treated: Patient, clinician: Staff
) -> None:
    etag = program.get()["ETag"]
    read = AuditEvent.objects.filter(action="read_api").count()

    same = program.get(**{"If-None-Match": etag})
    assert (same.status_code, same.content) == (304, b"")
    assert same["Cache-Control"] == "private, no-cache"
    assert AuditEvent.objects.filter(action="read_api").count() == read

    in_diary(treated, 1, dose="taken", actor=clinician)
    assert program.get(**{"If-None-Match": etag}).status_code == 200


def test_a_span_of_days_is_the_clinics_and_includes_both_ends(
    program: Program, treated: Patient, clinician: Staff
) -> None:
    for day in range(4):
        in_diary(treated, day, dose="taken", actor=clinician)
    first, last = DAY_0 + timedelta(days=1), DAY_0 + timedelta(days=2)

    told = program.asks(f"?kinds=intake&from={first}&to={last}")["events"]

    assert [each["facts"]["due_on"] for each in told] == [str(last), str(first)]


def test_lines_of_json_are_told_on_request_and_end_with_the_marks(
    program: Program, whole: Patient
) -> None:
    answer = program.get(Accept="application/x-ndjson")

    lines = [json.loads(line) for line in answer.content.decode().splitlines()]
    assert answer["Content-Type"] == "application/x-ndjson"
    assert [key_of(each) for each in lines[:-1]] == [
        key_of(each) for each in program.asks()["events"]
    ]
    assert set(lines[-1]) == {"next", "since"}


def test_an_answer_is_pressed_together_for_whoever_can_undo_it(
    program: Program, whole: Patient
) -> None:
    answer = program.get(**{"Accept-Encoding": "gzip"})

    assert answer["Content-Encoding"] == "gzip"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("kinds=level,hiccup", "/kinds"),
        ("limit=0", "/limit"),
        ("limit=1001", "/limit"),
        ("limit=x", "/limit"),
        ("since=x", "/since"),
        ("cursor=W10", "/cursor"),
        ("cursor=%00", "/cursor"),
        ("cursor=" + "A" * 3000, "/cursor"),
        ("from=2026-02-30", "/from"),
        ("from=2026-03-01T09:00", "/from"),
        ("to=9999-12-31", "/to"),
        ("to=0001-01-01T00:00:00Z", "/to"),
        ("offset=3", "/offset"),
    ],
)
def test_what_cannot_be_asked_is_answered_with_a_problem_and_its_place(
    program: Program, query: str, pointer: str
) -> None:
    answer = program.get(f"?{query}")

    assert answer.status_code == 400
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


def test_a_poll_does_not_begin_where_pages_were_left_unread(
    program: Program, treated: Patient, clinician: Staff
) -> None:
    for day in range(3):
        in_diary(treated, day, dose="taken", actor=clinician)
    unread = program.asks("?limit=1")["next"].partition("cursor=")[2]

    answer = program.get(f"?since={unread.partition('&')[0]}")

    assert answer.status_code == 400
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/since"]


def test_another_clinics_patient_has_no_timeline_here(
    program: Program, clinician: Staff
) -> None:
    stranger = a_patient(a_site("Osaka clinic"), clinician)
    program.home = f"/api/v1/patients/{stranger.pk}/timeline/"

    assert program.get().status_code == 404


@pytest.mark.parametrize("days", [1, 40])
def test_a_page_asks_as_often_for_a_long_story_as_for_a_short_one(
    program: Program,
    treated: Patient,
    clinician: Staff,
    days: int,
    django_assert_num_queries: Any,
) -> None:
    for day in range(days):
        in_diary(treated, day, dose="taken", actor=clinician)

    with django_assert_num_queries(5):
        program.asks()


def test_a_second_dose_and_a_withdrawn_drug_stay_in_the_story(
    program: Program, treated: Patient, clinician: Staff
) -> None:
    a_dose(treated, "3", day=40, protocol=a_protocol(), actor=clinician)
    drug = dosing.record_comedication(
        patient=treated, drug="diltiazem", starts_on=DAY_0, actor=clinician
    )
    dosing.withdraw_comedication(
        comedication=drug, version=1, reason="another patient", actor=clinician
    )

    told = program.asks("?kinds=dose,drug")["events"]

    assert [(e["kind"], e["phase"], e["set_aside"]) for e in told] == [
        ("dose", "begins", False),
        ("dose", "ends", False),
        ("dose", "begins", False),
        ("drug", "begins", True),
    ]


def test_a_level_says_why_it_may_not_be_used(
    program: Program, treated: Patient, laboratory: object, clinician: Staff
) -> None:
    a_trough(treated, "13.3", actor=clinician, hours_after_dose=None)

    (level,) = program.asks("?kinds=level")["events"]

    assert level["reading"]["verdict"] == "in"
    assert any("may be no trough" in said for said in level["reading"]["said"])


def test_what_nobody_knows_the_day_of_is_told_when_it_was_recorded(
    program: Program, treated: Patient, clinician: Staff
) -> None:
    lesion = a_lesion(treated, clinician)
    for done_on in (None, date(2019, 5, 7)):
        people.add_previous_treatment(
            lesion=lesion,
            kind="surgery",
            agent="",
            done_on=done_on,
            actor=clinician,
        )
    lines = AuditEvent.objects.filter(object_type__in=EARLIER).order_by("pk")
    first = [line.at for line in lines]
    people.correct_lesion(
        lesion=lesion, version=1, note="seen", reason="x", actor=clinician
    )

    told = program.asks("?kinds=lesion,treatment")["events"]

    days = [(each["kind"], each["day"]) for each in told]
    assert days == [
        ("treatment", None),
        ("lesion", None),
        ("treatment", "2019-05-07"),
    ]
    assert [datetime.fromisoformat(each["at"]) for each in told[:2]] == [
        first[1],
        first[0],
    ]
    on_page = [each for each in timeline_of(treated) if each.kind in KINDS_OF_LESIONS]
    assert [(each.kind, each.at) for each in on_page] == [
        (each["kind"], datetime.fromisoformat(each["at"])) for each in told
    ]


KINDS_OF_LESIONS = ("lesion", "treatment")
EARLIER = ("patients.lesion", "patients.previoustreatment")

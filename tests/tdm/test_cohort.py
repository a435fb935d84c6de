"""A small clinic counted by hand, and what leaves it as a file."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook

from dosing import services as dosing
from dosing.models import CohortLine, Decision, Laboratory, Protocol, TroughLevel
from dosing.services import cohort
from patients import services as people
from patients.change import BASELINE_WINDOW
from patients.models import AuditEvent, Patient, Role, ScheduleItem, Site, Staff
from patients.response import AREA_RESPONSE_PERCENT
from tdm import sheets, table1
from tdm.cohort import pages
from tdm.cohort.counters import counters, counts_of
from tdm.cohort.dataset import SMALLEST_SITE
from tdm.cohort.filters import AGE_GROUPS
from tdm.worklist import worklist
from tdm.worklist.lines import OVERDUE
from tests.builders import (
    DAY_0,
    a_dose,
    a_lesion,
    a_patient,
    a_site,
    a_staff_member,
    a_trough,
    an_mri,
    clinic_day,
    on_day,
)
from tests.tdm.demo import demo_clinic
from tests.test_architecture import ADDRESSES

SignedIn = Callable[[Staff], Client]
SECRET: dict[str, Any] = {
    "family_name": "Kurogane",
    "given_name": "Tsubakiko",
    "family_name_kana": "クロガネ",
    "given_name_kana": "ツバキコ",
    "identifier": "HOSP-90417",
    "born_on": date(1931, 1, 27),
}
TOLD = (
    "Kurogane", "Tsubakiko", "クロガネ", "ツバキコ", "90417", "1931",
    "behind the left ear of Mrs K", "2026-03-02", "2 Mar 2026", "Mar 2, 2026",
)  # fmt: skip


def now() -> int:
    return (clinic_day() - DAY_0).days


@pytest.fixture
def clinic(
    site: Site, clinician: Staff, laboratory: Laboratory, protocol: Protocol
) -> dict[str, Patient]:
    """Three treated patients, one who never took the drug, one who withdrew."""
    cast = {
        name: a_patient(site, clinician, **facts)
        for name, facts in {
            "a": {},
            "b": {"born_on": date(2016, 5, 4), "sex": "male"},
            "old": SECRET,
            "never": {},
            "withdrew": {},
        }.items()
    }
    a_lesion(cast["a"], clinician, issva_type="fava")
    lesion = a_lesion(cast["old"], clinician, body_site=TOLD[6])
    for name in ("a", "b", "old", "withdrew"):
        a_dose(cast[name], "2", protocol=protocol, actor=clinician)
    for name, day, value in (
        ("a", 14, "6"),
        ("a", 24, "16"),
        ("b", 14, "16"),
        ("b", 28, "9"),
        ("old", now() - 1, "9"),
    ):
        a_trough(cast[name], value, day=day, actor=clinician)
    for day, area in ((0, "1000"), (60, "700"), (91, "790")):
        an_mri(lesion, actor=clinician, day=day, area=area)
    people.record_effect(
        patient=cast["b"],
        term="nausea",
        grade=2,
        onset_on=DAY_0 + timedelta(days=22),
        actor=clinician,
    )
    people.record_effect(
        patient=cast["old"],
        term="other",
        other_text=TOLD[6],
        grade=1,
        onset_on=DAY_0 + timedelta(days=3),
        actor=clinician,
    )
    people.correct_patient(
        patient=cast["withdrew"],
        version=1,
        reason="told us",
        ended_on=DAY_0,
        ended_because="withdrawn",
        actor=clinician,
    )
    for name, amount in (("a", "1.5"), ("b", "2")):
        a_decision(cast[name], amount, clinician)
    return cast


def a_decision(
    patient: Patient, amount_mg: str, signer: Staff, suggested: str = "1.5"
) -> Decision:
    """1.5 mg was suggested; something was signed, and the next level is long due."""
    return Decision.objects.create(
        patient=patient,
        level=patient.levels.latest("drawn_at"),
        level_version=1,
        protocol=patient.assignments.get().protocol,
        basis={"patient": patient.pk},
        inputs={},
        findings=[],
        offered={"recommended": {"amount_mg": suggested, "interval_h": 24}},
        chosen_amount_mg=Decimal(amount_mg),
        chosen_interval_h=24,
        reason="as_suggested" if amount_mg == "1.5" else "patient_wish",
        next_level_on=DAY_0 + timedelta(days=42),
        engine_version="1",
        signed_by=signer,
        signed_at=on_day(29),
    )


def refresh() -> int:
    return dosing.refresh_cohort(at=timezone.now(), at_most=1000)


def test_each_counter_says_what_a_hand_would_count(
    clinic: dict[str, Patient], clinician: Staff
) -> None:
    assert refresh() == 0
    found = counts_of(CohortLine.objects.visible_to(clinician), clinic_day())

    # first: a in, b above, old in. last: a above, b in, old in. to range: 14, 28 and
    # the day before today. a: 7..15 of 10 days are in (9); b: 15.5, 15, 14.5 ... in
    # from the second day on, 13 of 14.
    assert [(c.value, c.n) for c in counters(found)] == [
        ("3", 3),
        ("67 %", 3),
        ("67 %", 3),
        ("28", 3),
        ("92 %", 2),
        ("50 %", 2),
        ("67 %", 3),
    ]
    assert (found.days_in, found.judged_days, found.gap_days) == (22, 24, 0)
    assert found.reasons == (("Patient's wish", 1),)
    assert found.excluded == (("never took the drug", 1), ("consent withdrawn", 1))
    assert (found.with_area, found.responders, found.no_consent) == (1, 1, 3)


def test_who_is_overdue_here_is_overdue_on_today(
    clinic: dict[str, Patient], clinician: Staff, laboratory: Laboratory
) -> None:
    a_dose(clinic["never"], "1", actor=clinician, protocol=Protocol.objects.get())
    a_trough(
        clinic["old"],
        "9",
        actor=clinician,
        drawn_at=on_day(now() - 1, 12),
        last_dose_at=on_day(now() - 1, 8),
    )
    last = clinic["old"].levels.latest("drawn_at")
    dosing.set_aside_trough(level=last, version=1, reason="clotted", actor=clinician)
    refresh()

    late = {
        line.patient_id
        for line in CohortLine.objects.visible_to(clinician)
        if line.level_due_on and line.level_due_on < clinic_day()
    }
    today = worklist(clinician, at=timezone.localtime())
    assert late == {line.patient.pk for line in today.lines if line.urgency in OVERDUE}
    assert today.overdue == 4
    assert late == {clinic[name].pk for name in ("a", "b", "never", "old")}


def test_a_level_that_hides_behind_a_more_urgent_line_is_overdue_on_both(
    treated: Patient, clinician: Staff, laboratory: Laboratory
) -> None:
    a_trough(treated, "19", day=5, actor=clinician)
    refresh()

    today = worklist(clinician, at=timezone.localtime())
    assert [line.urgency in OVERDUE for line in today.lines] == [False]
    assert today.overdue == 1
    found = counts_of(CohortLine.objects.visible_to(clinician), clinic_day())
    assert found.late == 1


def test_a_line_follows_its_patient_and_nobody_else_is_worked_out(
    clinic: dict[str, Patient], clinician: Staff
) -> None:
    refresh()
    CohortLine.objects.filter(patient=clinic["b"]).update(levels=77)
    people.note_reading(patient=clinic["b"], by="page", actor=clinician)
    a_trough(clinic["a"], "8", day=60, actor=clinician)

    assert dosing.refresh_cohort(at=timezone.now(), at_most=0) == 1
    assert refresh() == 0
    kept = dict(CohortLine.objects.values_list("patient_id", "levels"))
    assert (kept[clinic["a"].pk], kept[clinic["b"].pk]) == (3, 77)


def test_lines_that_older_rules_worked_out_are_worked_out_anew(
    clinic: dict[str, Patient],
) -> None:
    refresh()
    who = CohortLine.objects.filter(patient__in=[clinic["a"], clinic["b"]])
    for place, version in enumerate(["", "cohort 9"]):
        key = list(clinic.values())[place].pk
        who.filter(pk=key).update(engine_version=version, levels=77)

    assert waiting_at(timezone.now()) == 2
    assert refresh() == 0
    assert [line.levels for line in who] == [2, 2]


def test_one_record_that_cannot_be_read_stops_nobody_elses_line(
    clinic: dict[str, Patient],
    clinician: Staff,
    browser_of: SignedIn,
    caplog: pytest.LogCaptureFixture,
) -> None:
    a_decision(clinic["old"], "2", clinician, suggested="two")

    assert refresh() == 0

    assert [record.getMessage() for record in caplog.records] == [
        f"no line of patient {clinic['old'].pk}: InvalidOperation"
    ]
    found = counts_of(CohortLine.objects.visible_to(clinician), clinic_day())
    assert (found.n, found.excluded[0]) == (2, ("could not be worked out", 1))
    assert browser_of(clinician).get("/cohort/").status_code == 200
    caplog.clear()
    assert refresh() == 0
    assert caplog.records == []


@pytest.mark.django_db(transaction=True)
def test_what_is_worked_out_stays_where_a_later_step_breaks(
    clinic: dict[str, Patient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cohort, "BATCH", 2)
    statements = 0

    def lost(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal statements
        statements += sql.startswith('INSERT INTO "dosing_cohortline"')
        if statements == 3:
            raise OperationalError("the connection is lost")
        return execute(sql, *rest)

    with connection.execute_wrapper(lost), pytest.raises(OperationalError):
        refresh()

    assert CohortLine.objects.worked_out().count() == 2
    assert CohortLine.objects.waiting().count() == 3
    assert refresh() == 0


def test_a_mistyped_area_leaves_a_cell_empty_and_the_page_up(
    treated: Patient, clinician: Staff, browser_of: SignedIn
) -> None:
    lesion = a_lesion(treated, clinician)
    an_mri(lesion, area="0.01", is_baseline=True, actor=clinician)
    an_mri(lesion, day=90, area="200000", actor=clinician)

    assert browser_of(clinician).get("/cohort/").status_code == 200
    assert CohortLine.objects.get(patient=treated).last_area_percent is None


def test_circumferences_of_different_landmarks_are_not_mixed(
    treated: Patient, clinician: Staff
) -> None:
    lesion = a_lesion(treated, clinician)
    calf, thigh = (
        people.add_landmark(
            lesion=lesion, limb=limb, side="left", place="middle", actor=clinician
        ).pk
        for limb in ("calf", "thigh")
    )
    for day, girths in ((0, {thigh: 60, calf: 37}), (91, {calf: 33})):
        people.record_visit(
            patient=treated,
            kind="follow_up",
            held_on=DAY_0 + timedelta(days=day),
            measured=people.Measured(None, {k: Decimal(v) for k, v in girths.items()}),
            actor=clinician,
        )
    refresh()

    line = CohortLine.objects.get(patient=treated)

    assert (line.limb_month_0_cm, line.limb_month_3_cm) == (37, 33)


def test_a_planned_dose_counts_from_its_day_on(
    site: Site, clinician: Staff, protocol: Protocol, patient: Patient
) -> None:
    a_dose(patient, "2", protocol=protocol, actor=clinician, day=now() + 3)
    refresh()
    line = CohortLine.objects.get()
    assert line.turns_on == DAY_0 + timedelta(now() + 3)
    first = ScheduleItem.objects.levels().get()
    assert line.level_due_on == first.closes_on

    dosing.refresh_cohort(at=timezone.now() + timedelta(days=4), at_most=10)

    line.refresh_from_db()
    assert line.level_due_on == first.closes_on


def test_the_level_after_a_planned_strong_drug_is_overdue_when_its_window_closed(
    treated: Patient, clinician: Staff, laboratory: Laboratory
) -> None:
    a_trough(treated, "9", day=now() - 1, actor=clinician)
    begins = clinic_day() + timedelta(days=3)
    dosing.record_comedication(
        patient=treated, drug="itraconazole", starts_on=begins, actor=clinician
    )
    refresh()

    asked = ScheduleItem.objects.levels().get(key__startswith="drug:")
    assert CohortLine.objects.get().level_due_on == asked.closes_on
    assert (asked.closes_on - begins).days in {12, 13, 14}


@pytest.mark.parametrize(
    ("time_zone", "before", "after"),
    [
        ("Pacific/Kiritimati", "2026-06-10T09:59Z", "2026-06-10T10:00Z"),
        ("Pacific/Pago_Pago", "2026-06-11T10:59Z", "2026-06-11T11:00Z"),
    ],
)
def test_a_planned_dose_counts_from_the_midnight_of_its_clinic(
    clinician: Staff, protocol: Protocol, time_zone: str, before: str, after: str
) -> None:
    patient = a_patient(a_site("Far away", time_zone=time_zone), clinician)
    a_dose(patient, "2", protocol=protocol, actor=clinician, day=101)
    assert patient.doses.get().starts_on == date(2026, 6, 11)
    last, first = datetime.fromisoformat(before), datetime.fromisoformat(after)
    dosing.refresh_cohort(at=last, at_most=10)

    assert waiting_at(last) == 0
    assert waiting_at(first) == 1


def waiting_at(at: datetime) -> int:
    return dosing.refresh_cohort(at=at, at_most=0)


EDGES = [
    ("level_week", 11, True), ("level_week", 10, False),
    ("level_week", 17, True), ("level_week", 18, False),
    ("pain_month", 16, True), ("pain_month", 15, False),
    ("pain_month", 44, True), ("pain_month", 45, False),
]  # fmt: skip


@pytest.mark.parametrize(("what", "day", "belongs"), EDGES)
def test_a_window_holds_its_last_day_on_both_sides(
    treated: Patient,
    clinician: Staff,
    laboratory: Laboratory,
    what: str,
    day: int,
    *,
    belongs: bool,
) -> None:
    if what == "level_week":
        a_trough(treated, "9", day=day, actor=clinician)
    else:
        people.add_measurement(
            patient=treated,
            quantity="pain_vas",
            value=Decimal(4),
            measured_on=DAY_0 + timedelta(days=day),
            actor=clinician,
        )
    refresh()

    line = CohortLine.objects.get(patient=treated)
    found = {
        "level_week": line.trough_week_2_ng_per_ml,
        "pain_month": line.pain_month_1,
    }
    assert (found[what] is not None) is belongs


@pytest.mark.parametrize(("area", "percent"), [("1000.99", "99999"), ("1001.00", None)])
def test_the_greatest_change_is_still_shown(
    treated: Patient, clinician: Staff, area: str, percent: str | None
) -> None:
    lesion = a_lesion(treated, clinician)
    an_mri(lesion, area="1", is_baseline=True, actor=clinician)
    an_mri(lesion, day=90, area=area, actor=clinician)
    refresh()

    found = CohortLine.objects.get(patient=treated).last_area_percent
    assert found == (percent and Decimal(percent))


@pytest.mark.parametrize(("count", "named"), [(4, False), (5, True)])
def test_a_clinic_is_named_from_five_patients_on(
    site: Site,
    clinician: Staff,
    protocol: Protocol,
    browser_of: SignedIn,
    count: int,
    *,
    named: bool,
) -> None:
    for _patient in range(count):
        a_dose(a_patient(site, clinician), "2", protocol=protocol, actor=clinician)

    rows = dict_rows(browser_of(clinician).get("/cohort/dataset.csv").content)

    assert {row["site"] == site.name for row in rows} == {named}


@pytest.mark.parametrize(
    ("age", "group"),
    [
        (11, "child"),
        (12, "adolescent"),
        (17, "adolescent"),
        (18, "adult"),
        (64, "adult"),
        (65, "older"),
    ],
)
def test_an_age_is_in_one_group(
    site: Site, clinician: Staff, protocol: Protocol, age: int, group: str
) -> None:
    someone = a_patient(site, clinician, born_on=DAY_0.replace(year=DAY_0.year - age))
    a_dose(someone, "2", protocol=protocol, actor=clinician)
    refresh()

    lines = CohortLine.objects.all()
    assert [key for key, (_l, q) in AGE_GROUPS.items() if lines.filter(q)] == [group]


CHOSEN = {
    "": "a b old",
    "lesion=fava": "a",
    "age=child": "b",
    "age=older": "old",
    "since=2026-03&until=2026-03": "a b old",
    "since=2026-04": "",
    "until=2026-02": "",
}


def test_the_filters_choose_the_patients(
    clinic: dict[str, Patient],
    browser_of: SignedIn,
    clinician: Staff,
    subtests: pytest.Subtests,
) -> None:
    client = browser_of(clinician)
    for query, expected in CHOSEN.items():
        with subtests.test(query):
            page = client.get(f"/cohort/?{query}").content.decode()

            shown = [name for name in clinic if f"P{clinic[name].pk:04}" in page]
            assert shown == expected.split()


NONSENSE = {
    "site=x": "Select a valid choice",
    "site=%00": "Null characters are not allowed",
    "protocol=999999": "Select a valid choice",
    "lesion=mole": "is not one of the available",
    "since=March": "Give a month, such as 2026-03.",
    "since=%00": "Null characters are not allowed",
    "until=9999-12": "Give a month, such as 2026-03.",
    "since=2026-04&until=2026-03": "This month lies before the first.",
    "age=%F0%9F%92%A9": "is not one of the available",
}


def test_a_filter_that_makes_no_sense_says_so(
    clinic: dict[str, Patient],
    browser_of: SignedIn,
    clinician: Staff,
    subtests: pytest.Subtests,
) -> None:
    client = browser_of(clinician)
    for query, said in NONSENSE.items():
        with subtests.test(query):
            answer = client.get(f"/cohort/?{query}")

            assert answer.status_code == 422
            assert said in answer.content.decode()
            export = client.get(f"/cohort/table1.csv?{query}")
            assert export["Location"].startswith("/cohort/?")


def test_another_clinics_patients_are_not_counted(
    clinic: dict[str, Patient], browser_of: SignedIn
) -> None:
    stranger = a_staff_member(a_site("Osaka clinic"), Role.RESEARCH_READER)

    page = browser_of(stranger).get("/cohort/").content.decode()

    assert "No patient matches" in page


def words_in(content: bytes) -> str:
    """Return all that a file says, whatever it is packed in."""
    if not content.startswith(b"PK"):
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = [packed.read(name) for name in packed.namelist()]
        return "\n".join(part.decode(errors="ignore") for part in parts)


FILES = [
    "/cohort/table1.csv", "/cohort/table1.xlsx", "/cohort/table1.docx",
    "/cohort/dataset.csv", "/cohort/dataset.xlsx", "/cohort/dictionary.csv",
]  # fmt: skip


@pytest.mark.parametrize("role", [Role.RESEARCH_READER, Role.ADMIN])
def test_no_address_tells_a_reader_who_someone_is(
    clinic: dict[str, Patient], browser_of: SignedIn, site: Site, role: Role
) -> None:
    reader = a_staff_member(site, role)
    key = str(clinic["old"].pk)
    opened = 0
    client = browser_of(reader)
    for address in [*(address for address, _name in ADDRESSES), *FILES]:
        where = address.replace("/1/", f"/{key}/")
        for method in ("get", "post"):
            answer = getattr(client, method)(where)
            opened += answer.status_code == 200
            said = words_in(answer.content)
            assert [words for words in TOLD if words in said] == [], (where, method)
        if address == "/sign-out/":
            client = browser_of(reader)
    assert opened > len(FILES)


def test_ages_over_89_are_pooled_and_days_count_from_the_start(
    clinic: dict[str, Patient], browser_of: SignedIn, site: Site
) -> None:
    reader = browser_of(a_staff_member(site, Role.RESEARCH_READER))

    rows = dict_rows(reader.get("/cohort/dataset.csv").content)

    row = next(r for r in rows if r["pseudonym"] == f"P{clinic['old'].pk:04}")
    assert (row["age_at_start"], row["months_followed"]) == (
        "90+",
        str(round(now() / 30.4375)),
    )
    assert str(now()) not in row.values()
    assert row["site"] == "a clinic with fewer than 5 patients here"
    assert (row["last_area_percent"], row["area_responds"]) == ("-21", "1")
    assert (table1.pooled_age(89), table1.pooled_age(90)) == (89, "90+")


def dict_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_names_leave_only_with_the_permission_and_a_line_of_the_audit(
    clinic: dict[str, Patient],
    browser_of: SignedIn,
    site: Site,
    clinician: Staff,
) -> None:
    for role in (Role.RESEARCH_READER, Role.ADMIN, Role.NURSE):
        refused = browser_of(a_staff_member(site, role)).get(
            "/cohort/dataset.csv?identified=1"
        )
        assert refused.status_code == 403
    assert not AuditEvent.objects.filter(action__startswith="export_").exists()

    given = browser_of(clinician).get("/cohort/dataset.csv?identified=1&age=older")
    browser_of(clinician).get("/cohort/table1.xlsx?age=child")

    (row,) = dict_rows(given.content)
    assert (row["identifier"], row["age_at_start"]) == ("HOSP-90417", "95")
    told = AuditEvent.objects.filter(action__startswith="export_").order_by("pk")
    assert [(line.action, line.details, line.actor) for line in told] == [
        (
            "export_identified_dataset",
            {"file": "csv", "filters": {"age": "older"}, "n": 1, "identified": True},
            clinician,
        ),
        (
            "export_cohort_table1",
            {"file": "xlsx", "filters": {"age": "child"}, "n": 1, "identified": False},
            clinician,
        ),
    ]


def test_the_page_costs_the_same_for_few_and_many(
    site: Site,
    clinician: Staff,
    protocol: Protocol,
    laboratory: Laboratory,
    browser_of: SignedIn,
) -> None:
    reader = browser_of(clinician)
    asked: list[int] = []
    for more, whole in ((2, 2), (4, 6)):
        for _patient in range(more):
            someone = a_patient(site, clinician)
            a_lesion(someone, clinician)
            a_dose(someone, "2", protocol=protocol, actor=clinician)
            a_trough(someone, "9", actor=clinician)
            people.record_effect(
                patient=someone, term="nausea", grade=1, onset_on=DAY_0, actor=clinician
            )
        reader.get("/cohort/")
        with CaptureQueriesContext(connection) as seen:
            page = reader.get("/cohort/")
        assert page.context["found"].n == whole
        asked.append(
            sum(q["sql"].startswith(("SELECT", "INSERT", "UPDATE")) for q in seen)
        )

    assert asked == [35, 35]


@pytest.mark.parametrize(
    "sign", [*"=+-@|", "\t", "\r", "\n", "＝", "＋", "－", "＠", " =", "　＝"]
)
def test_a_cell_that_a_spreadsheet_would_run_is_quoted_in_both_files(sign: str) -> None:
    sheet = sheets.Sheet(
        "t", (sheets.Column("text"), sheets.Column("number")),
        ((f"{sign}1+1", Decimal("-3.5")), ("fine", 4)),
    )  # fmt: skip

    read = list(csv.reader(io.StringIO(sheets.as_csv(sheet), newline="")))
    page = load_workbook(io.BytesIO(sheets.as_xlsx([sheet])))["t"]

    assert read[1] == [f"'{sign}1+1", "-3.5"]
    assert str(page["A2"].value).startswith("'")
    assert (page["A2"].data_type, page["B2"].value, page["B3"].value) == ("s", -3.5, 4)


RECOMPUTED = [
    {
        "trough week 2 (ng/mL)": "13.3",
        "trough week 4 (ng/mL)": "14.7",
        "limb circumference change (%)": "-17.86",
        "MRI maximum area change (%)": "-28.33",
        "MRI maximum area change printed (%)": "-29",
        "MRI maximum area comparison": "discrepancy",
        "follow-up (months)": "5",
    },
    {
        "trough week 2 (ng/mL)": "13.5",
        "trough week 4 (ng/mL)": "16.4",
        "limb circumference change (%)": "-10.81",
        "MRI maximum area change (%)": "-15.89",
        "MRI maximum area change printed (%)": "-16",
        "MRI maximum area comparison": "matches",
        "follow-up (months)": "4",
    },
]


def test_the_two_cases_read_the_same_on_the_page_and_in_every_file(
    db: None, browser_of: SignedIn
) -> None:
    demo_clinic()
    reader = browser_of(Staff.objects.get(username="reader"))

    page = reader.get("/cohort/")
    as_csv = read_csv(reader.get("/cohort/table1.csv").content)
    as_xlsx = read_xlsx(reader.get("/cohort/table1.xlsx").content)
    as_docx = read_docx(reader.get("/cohort/table1.docx").content)

    names = [column.name for column in page.context["columns"]]
    shown = [page.context["counts"], *page.context["table"]]
    preview = [dict(zip(names, map(sheets.written, row), strict=True)) for row in shown]
    assert preview == as_csv == as_xlsx == as_docx
    counts, *rows = preview
    assert [{key: row[key] for key in RECOMPUTED[0]} for row in rows] == RECOMPUTED
    assert counts["trough week 2 (ng/mL)"] == "2"
    assert "discrepancy" in page.content.decode()


def read_csv(content: bytes) -> list[dict[str, str]]:
    text = content.decode("utf-8-sig")
    assert "within 3 days" in text
    assert "within 14 days" in text
    table = text.split("\r\n\r\n")[0]
    return list(csv.DictReader(io.StringIO(table)))


def read_xlsx(content: bytes) -> list[dict[str, str]]:
    page = load_workbook(io.BytesIO(content))["Table 1"]
    head, *rows = page.iter_rows(values_only=True)
    assert isinstance(rows[1][6], float)
    table = [row for row in rows if row[1] is not None]
    return [
        {str(name): f"{cell:g}" if isinstance(cell, float) else str(cell)
         for name, cell in zip(head, row, strict=True)}
        for row in table
    ]  # fmt: skip


def read_docx(content: bytes) -> list[dict[str, str]]:
    document = Document(io.BytesIO(content))
    section = document.sections[0]
    assert (section.page_width or 0) > (section.page_height or 0)
    fonts = document.styles["Normal"].element.rPr.rFonts
    assert fonts.get(qn("w:eastAsia")) == "Yu Gothic"
    assert any("within 14 days" in each.text for each in document.paragraphs)
    (table,) = document.tables
    upper, lower, *rows = ([c.text for c in row.cells] for row in table.rows)
    repeated = ["w:tblHeader" in row._tr.xml for row in table.rows]
    assert repeated == [True, True, False, False, False]
    columns = table1.ALL_COLUMNS
    assert upper == [column.group or column.name for column in columns]
    assert lower == [column.short or column.name for column in columns]
    return [dict(zip(table1.COLUMNS, row, strict=True)) for row in rows]


def test_what_is_missing_says_so_and_comes_first(
    clinic: dict[str, Patient], browser_of: SignedIn, clinician: Staff
) -> None:
    rows = read_csv(browser_of(clinician).get("/cohort/table1.csv").content)

    gaps = [list(row.values()).count("missing") for row in rows[1:]]
    assert gaps == sorted(gaps, reverse=True)
    assert rows[0]["trough week 4 (ng/mL)"] == "1"
    assert "limb circumference comparison" not in rows[0]


@pytest.mark.parametrize("address", [each for each in FILES if "dict" not in each])
def test_a_file_says_who_waits_and_leaves_out_who_withdrew_since(
    clinic: dict[str, Patient],
    browser_of: SignedIn,
    clinician: Staff,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
) -> None:
    refresh()
    people.correct_patient(
        patient=clinic["b"],
        version=1,
        reason="told us",
        ended_on=DAY_0,
        ended_because="withdrawn",
        actor=clinician,
    )
    monkeypatch.setattr(pages, "LINES_FOR_A_FILE", 0)

    said = words_in(browser_of(clinician).get(address).content)

    assert "1 patients are still being brought up to date." in said
    shown = [name for name in clinic if f"P{clinic[name].pk:04}" in said]
    assert shown == ["a", "old"]


def test_more_patients_than_anyone_reads_are_not_printed(
    clinic: dict[str, Patient],
    browser_of: SignedIn,
    clinician: Staff,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pages, "MOST_IN_PRINT", 2)

    answer = browser_of(clinician).get("/cohort/table1.docx")

    assert answer["Location"] == "/cohort/?"
    assert browser_of(clinician).get("/cohort/dataset.docx").status_code == 404


def test_the_dataset_explains_its_columns(
    clinic: dict[str, Patient], browser_of: SignedIn, clinician: Staff
) -> None:
    book = load_workbook(
        io.BytesIO(browser_of(clinician).get("/cohort/dataset.xlsx").content)
    )

    head = [cell.value for cell in book["Cohort"][1]]
    told = [row[0] for row in book["Columns"].iter_rows(min_row=2, values_only=True)]
    assert told[: len(head)] == head
    assert book["Cohort"].max_row == 4


def test_what_is_said_of_a_number_is_the_number_that_is_used(
    clinic: dict[str, Patient], browser_of: SignedIn, clinician: Staff
) -> None:
    reader = browser_of(clinician)

    told = reader.get("/cohort/dictionary.csv").content.decode()
    assert f"first dose; {table1.POOLED_FROM_AGE}+ without names" in told
    assert f"smaller by {AREA_RESPONSE_PERCENT} % or more" in told
    page = reader.get("/cohort/").content.decode()
    assert f"fewer than {SMALLEST_SITE} patients in the file" in page
    lesions = reader.get(f"/patients/{clinic['a'].pk}/lesions/").content.decode()
    assert f"treatment or its first {BASELINE_WINDOW.days} days." in lesions


def test_a_level_set_aside_is_in_no_number(
    clinic: dict[str, Patient], clinician: Staff
) -> None:
    level = TroughLevel.objects.filter(patient=clinic["a"]).latest("drawn_at")
    dosing.set_aside_trough(level=level, version=1, reason="clotted", actor=clinician)
    refresh()

    line = CohortLine.objects.get(patient=clinic["a"])
    assert (line.levels, line.days_judged, line.last_in_range) == (1, 0, True)

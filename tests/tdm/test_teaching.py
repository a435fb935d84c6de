"""The two published cases, from the report's facts to Table 1."""

import csv
import io
import json
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dosing import services as dosing
from dosing.history import history_of
from dosing.models import Dose, TroughLevel
from patients import audit
from patients import services as people
from patients.models import ApiToken, Measurement, Patient, Staff
from tdm import sheets, table1, teaching
from tdm.table1 import Comparison
from tests.tdm.demo import demo_clinic


@pytest.fixture
def cases(db: None) -> list[Patient]:
    demo_clinic()
    return list(Patient.objects.order_by("identifier"))


def test_loading_twice_changes_nothing(cases: list[Patient]) -> None:
    assert teaching.load(at=timezone.now()) is False
    assert (Patient.objects.count(), TroughLevel.objects.count()) == (2, 4)
    assert (Dose.objects.count(), Measurement.objects.count()) == (2, 16)


def test_the_four_levels_read_in_in_in_above(cases: list[Patient]) -> None:
    histories = [history_of(case) for case in cases]
    readings = [history.read(v) for history in histories for v in history.levels]

    assert [reading.verdict.value for reading in readings if reading] == [
        "in",
        "in",
        "in",
        "above",
    ]


def test_the_cases_keep_the_ages_of_the_report(cases: list[Patient]) -> None:
    ages = [case.age_on(history_of(case).doses[0].starts_on) for case in cases]

    assert ages == [47, 62]


def test_samples_are_drawn_on_clinic_days(cases: list[Patient]) -> None:
    zone = cases[0].site.zone

    assert all(
        level.drawn_at.astimezone(zone).weekday() < 5
        for level in TroughLevel.objects.all()
    )


def test_everyone_of_the_demo_can_sign_in(cases: list[Patient], client: Client) -> None:
    answers = [
        client.post("/sign-in/", {"username": name, "password": teaching.PASSWORD})
        for name in teaching.ACCOUNTS
    ]

    assert {answer.status_code for answer in answers} == {302}


def test_the_command_loads_once_and_names_the_log_ins(db: None) -> None:
    first, second = io.StringIO(), io.StringIO()
    call_command("load_case_series", stdout=first)
    call_command("load_case_series", stdout=second)

    assert "The teaching cases are loaded." in first.getvalue()
    assert "The teaching cases are loaded." not in second.getvalue()
    assert Patient.objects.count() == 2
    assert all(name in second.getvalue() for name in teaching.ACCOUNTS)


def test_table_1_is_recomputed_beside_what_was_printed(cases: list[Patient]) -> None:
    first, second = table1.rows()

    assert [
        (
            row["limb circumference change (%)"],
            row["limb circumference comparison"],
            row["MRI maximum area change (%)"],
            row["MRI maximum area change printed (%)"],
            row["MRI maximum area comparison"],
        )
        for row in (first, second)
    ] == [
        ("-17.86", "matches", "-28.33", "-29", "discrepancy"),
        ("-10.81", "matches", "-15.89", "-16", "matches"),
    ]


def test_a_level_set_aside_leaves_its_week_missing(cases: list[Patient]) -> None:
    second_week = cases[0].levels.order_by("drawn_at")[0]
    dosing.set_aside_trough(
        level=second_week,
        version=1,
        reason="haemolysed",
        actor=Staff.objects.get(username="clinician"),
    )

    row = table1.rows()[0]

    assert row["trough week 2 (ng/mL)"] == "missing"
    assert row["trough week 4 (ng/mL)"] == "14.7"


def test_a_later_measurement_does_not_move_the_month_3(cases: list[Patient]) -> None:
    landmark = cases[0].landmarks.get().pk
    people.record_visit(
        patient=cases[0],
        kind="follow_up",
        held_on=cases[0].site.today(timezone.now()),
        measured=people.Measured(
            None, {landmark: Decimal(30)}, same=frozenset({landmark})
        ),
        actor=Staff.objects.get(username="clinician"),
    )

    row = table1.rows()[0]

    assert row["limb circumference month 3 (cm)"] == "23"
    assert row["limb circumference comparison"] == "matches"


def test_table_1_prints_as_csv_and_as_json(
    cases: list[Patient], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("table1", "--format", "csv")
    as_csv = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    call_command("table1")
    as_json = json.loads(capsys.readouterr().out)

    assert as_csv == as_json


def test_a_reader_sees_table_1_without_names(
    cases: list[Patient], client: Client
) -> None:
    client.force_login(
        Staff.objects.get(username="reader"), backend="tdm.roles.RoleBackend"
    )

    page = client.get("/table1/").content.decode()
    download = client.get("/table1/?format=csv").content.decode()

    assert "discrepancy" in page
    assert "Teaching Case" not in page + download


@pytest.mark.parametrize(
    ("printed", "recomputed", "comparison"),
    [
        ("-18", "-17.86", Comparison.MATCHES),
        ("-18", "-17.50", Comparison.MATCHES),
        ("-17", "-17.51", Comparison.DISCREPANCY),
        ("-17", "-17.86", Comparison.DISCREPANCY),
        ("-29", "-28.33", Comparison.DISCREPANCY),
        ("-28", "-28.33", Comparison.MATCHES),
    ],
)
def test_a_printed_percentage_is_compared_with_the_raw_values(
    printed: str, recomputed: str, comparison: Comparison
) -> None:
    case = {"printed_percent": {"circumference_cm": printed}}

    said = table1.beside_printed(Decimal(recomputed), case, "circumference_cm")

    assert said == [Decimal(recomputed), Decimal(printed), comparison.value]


@given(st.text())
def test_no_cell_starts_a_formula(text: str) -> None:
    cell = sheets.harmless(text)

    assert cell.endswith(text)
    assert not cell.startswith(("=", "@", "\t", "\r")) or not text


def test_a_token_is_issued_on_the_command_line(
    cases: list[Patient], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command(
        "create_api_token", "Registry", "--site", "Demo clinic", "--by", "admin"
    )

    token = ApiToken.objects.get()
    assert capsys.readouterr().out.startswith(token.token_key)


@pytest.mark.parametrize(
    ("site", "by", "words"),
    [("Nowhere", "admin", "no clinic"), ("Demo clinic", "nobody", "no account")],
)
def test_a_token_for_nobody_is_refused_in_words(
    cases: list[Patient], site: str, by: str, words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("create_api_token", "Registry", "--site", site, "--by", by)


@pytest.mark.parametrize("pace", ["0", "-5", "6001", "100000000000"])
def test_a_token_of_no_possible_pace_is_refused_in_words(
    cases: list[Patient], pace: str
) -> None:
    words = ["create_api_token", "Registry", "--site", "Demo clinic", "--by", "admin"]

    with pytest.raises(CommandError, match="between 1 and 6000 requests"):
        call_command(*words, f"--per-minute={pace}")

    assert not ApiToken.objects.exists()


def test_a_second_token_of_the_same_name_is_refused_in_words(
    cases: list[Patient],
) -> None:
    words = ["create_api_token", "Registry", "--site", "Demo clinic", "--by", "admin"]
    call_command(*words)

    with pytest.raises(CommandError, match="has a token of that name"):
        call_command(*words)


def test_the_audit_of_the_teaching_data_is_whole(
    cases: list[Patient], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_audit")

    assert "The audit is whole." in capsys.readouterr().out
    assert audit.broken_lines() == []

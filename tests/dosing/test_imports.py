"""Files of levels, doses and diary: what is stored, and what is refused in words."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from openpyxl import Workbook

from dosing import services
from dosing.diary import Entry, Place
from dosing.history import around, history_of
from dosing.imports import FIELDS, Encoding, Kind, guess
from dosing.models import Dose, FileImport, Intake, Laboratory, Stage, TroughLevel
from dosing.services.applying import nobody
from dosing.services.batches import Batch, Sample, judge_troughs
from dosing.units import Unit, parse_reported
from patients.models import (
    AuditEvent,
    Measurement,
    Patient,
    ScheduleItem,
    SchedulePlan,
    Site,
    Staff,
    Task,
)
from tests.builders import (
    DAY_0,
    a_dose,
    a_patient,
    a_planned_item,
    a_protocol,
    a_site,
    a_trough,
    on_day,
)
from tests.tdm.told import timeline_of

HEADER = "identifier,born on,drawn at,level,unit,note"
LEVEL = "{id},1980-05-04,2026-03-30 08:00,13.3,ng/mL,"


def csv_of(patient: Patient, *rows: str, header: str = HEADER) -> bytes:
    lines = [header, *(row.replace("{id}", patient.identifier) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def uploaded(
    patient: Patient,
    actor: Staff,
    content: bytes,
    kind: Kind = Kind.LEVELS,
    name: str = "levels.csv",
) -> FileImport:
    return services.keep_upload(
        site=patient.site, kind=kind, name=name, content=content, actor=actor
    )


def checked(
    file: FileImport, actor: Staff, *, progress: Any = nobody, **changed: Any
) -> FileImport:
    """Match the columns as guessed, unless told otherwise, and check."""
    matched = services.match_columns(
        file=file,
        actor=actor,
        **{
            "version": file.version,
            "encoding": file.encoding,
            "order": "iso",
            "columns": file.columns,
            "left_out": [],
            "laboratory": file.laboratory,
            **changed,
        },
    )
    return services.check_file(
        file=matched, version=matched.version, actor=actor, progress=progress
    )


def imported(file: FileImport, actor: Staff, checked: str = "") -> FileImport:
    return services.import_file(
        file=file, version=file.version, actor=actor, checked=checked
    )


def said(file: FileImport, what: str = "errors") -> list[tuple[int, str, str]]:
    return [(f["line"], f["field"], f["said"]) for f in file.report[what]]


def counted(file: FileImport) -> list[int]:
    """Return how many rows are new, unchanged, wrong and unusual."""
    names = ("new", "unchanged", "errors_in_all", "questions_in_all")
    return [file.report[name] for name in names]


def test_levels_are_checked_imported_and_undone_as_a_whole(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    content = csv_of(treated, LEVEL, "{id},1980-05-04,2026-04-27T08:00,12.1,ug/L,tired")
    file = checked(uploaded(treated, clinician, content), clinician)

    assert (file.report["new"], file.report["errors_in_all"]) == (2, 0)
    assert not TroughLevel.objects.exists()

    file = imported(file, clinician)
    first, second = TroughLevel.objects.in_time_order()
    assert (str(first), first.drawn_at, second.note) == (
        "13.3 ng/mL",
        on_day(28),
        "tired",
    )
    lines = AuditEvent.objects.filter(action="record_trough", patient=treated)
    assert lines.count() == 2

    file = services.undo_file(
        file=file, version=file.version, reason="wrong export", actor=clinician
    )
    assert (file.stage, file.report["undone"], file.report["kept"]) == (
        Stage.UNDONE,
        2,
        0,
    )
    assert not TroughLevel.objects.used().exists()
    aside = TroughLevel.objects.filter(set_aside_because="wrong export")
    assert [level.version for level in aside] == [2, 2]


def test_a_level_that_was_corrected_since_survives_the_undoing(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    file = imported(
        checked(uploaded(treated, clinician, csv_of(treated, LEVEL)), clinician),
        clinician,
    )
    TroughLevel.objects.update(version=2)

    file = services.undo_file(
        file=file, version=file.version, reason="wrong", actor=clinician
    )

    assert file.report["kept"] == 1
    assert TroughLevel.objects.used().count() == 1


def test_undoing_takes_as_few_statements_for_three_patients_as_for_one(
    treated: Patient,
    laboratory: Laboratory,
    clinician: Staff,
    django_assert_num_queries: Any,
) -> None:
    for count in (1, 3):
        rows = [csv_of(treated, LEVEL)]
        for _n in range(count - 1):
            other = a_patient(treated.site, clinician)
            a_dose(other, "2", protocol=a_protocol(), actor=clinician)
            rows.append(csv_of(other, LEVEL).partition(b"\n")[2])
        file = uploaded(treated, clinician, b"".join(rows))
        file = imported(checked(file, clinician), clinician)

        with django_assert_num_queries(32):
            file = services.undo_file(
                file=file, version=file.version, reason="wrong", actor=clinician
            )

        assert (file.report["undone"], file.report["kept"]) == (count, 0)
        lines = AuditEvent.objects.filter(action="set_aside_trough", reason="wrong")
        assert lines.filter(object_version=2).count() >= count


def test_a_window_that_an_undone_level_closed_is_open_again_after_follow_up_too(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    item = a_planned_item(
        treated,
        kind="level",
        opens_on=date(2026, 3, 25),
        best_on=date(2026, 3, 30),
        closes_on=date(2026, 4, 2),
    )
    file = uploaded(treated, clinician, csv_of(treated, LEVEL))
    file = imported(checked(file, clinician), clinician)
    services.plan_on(at=timezone.now(), at_most=1, actor=clinician)
    item.refresh_from_db()
    assert item.state == "done"
    Patient.objects.update(ended_on=date(2026, 4, 10), ended_because="completed")

    services.undo_file(file=file, version=file.version, reason="no", actor=clinician)

    item.refresh_from_db()
    assert item.state == "open"


def test_a_patients_schedule_is_planned_anew_after_an_import_is_undone(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    file = imported(
        checked(uploaded(treated, clinician, csv_of(treated, LEVEL)), clinician),
        clinician,
    )
    services.plan_on(at=timezone.now(), at_most=1, actor=clinician)
    assert SchedulePlan.objects.filter(patient=treated).exists()

    services.undo_file(file=file, version=file.version, reason="no", actor=clinician)

    assert not SchedulePlan.objects.filter(patient=treated).exists()


def test_levels_are_judged_anew_if_the_record_moved_on_while_the_file_was_read(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    sample = Sample(
        laboratory, parse_reported("13.3"), Unit.NG_PER_ML, on_day(28), None
    )
    levels = judge_troughs(history_of(treated), [sample], "")
    read_before_all_changes = Batch(treated, [sample], levels, reached=0)

    services.record_troughs(batches=[read_before_all_changes], actor=clinician)
    assert TroughLevel.objects.count() == 1

    later = replace(sample, drawn_at=on_day(35))
    levels = judge_troughs(history_of(treated), [later], "")
    Patient.objects.update(ended_on=DAY_0, ended_because="transferred")
    with pytest.raises(ValidationError, match="Follow-up of this patient has ended"):
        services.record_troughs(
            batches=[Batch(treated, [later], levels, reached=0)], actor=clinician
        )
    assert TroughLevel.objects.count() == 1


def test_nothing_is_stored_while_one_row_cannot_be(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    content = csv_of(treated, LEVEL, "{id},1980-05-04,2026-04-27 08:00,#N/A,ng/mL,")
    file = checked(uploaded(treated, clinician, content), clinician)

    with pytest.raises(ValidationError, match="1 rows cannot be"):
        imported(file, clinician)

    assert file.report["new"] == 1
    assert not TroughLevel.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_file_sent_by_four_at_once_is_one_upload(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    def send(_number: int) -> int:
        try:
            return uploaded(treated, clinician, csv_of(treated, LEVEL)).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as senders:
        kept = set(senders.map(send, range(4)))

    assert len(kept) == 1


def test_the_same_file_twice_is_one_import(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    content = csv_of(treated, LEVEL)
    file = imported(
        checked(uploaded(treated, clinician, content), clinician), clinician
    )

    again = uploaded(treated, clinician, content, name="copy.csv")

    assert (again.pk, again.stage) == (file.pk, Stage.IMPORTED)
    with pytest.raises(ValidationError, match="imported already"):
        imported(again, clinician)


@pytest.mark.parametrize("said_now", ["12.9", "<13.3"])
def test_what_is_stored_already_is_unchanged_or_a_conflict(
    treated: Patient, laboratory: Laboratory, clinician: Staff, said_now: str
) -> None:
    a_trough(treated, "13.3", actor=clinician)
    same = checked(uploaded(treated, clinician, csv_of(treated, LEVEL)), clinician)
    other = csv_of(treated, LEVEL.replace("13.3", said_now))
    conflict = checked(uploaded(treated, clinician, other), clinician)

    assert (same.report["unchanged"], same.report["new"]) == (1, 0)
    assert said(conflict) == [
        (2, "value", "This sample is recorded as 13.3 ng/mL. Correct it there.")
    ]


def test_an_unusual_level_is_imported_once_someone_says_how_it_was_checked(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    content = csv_of(treated, LEVEL.replace("13.3", "35"))
    file = checked(uploaded(treated, clinician, content), clinician)

    assert file.report["errors"] == []
    assert "above 30 ng/mL" in said(file, "questions")[0][2]
    with pytest.raises(ValidationError, match="how the unusual rows"):
        imported(file, clinician)

    assert counted(file) == [0, 0, 0, 1]
    file = imported(file, clinician, "asked the laboratory")
    assert counted(file) == [1, 0, 0, 0]
    assert TroughLevel.objects.get().confirmed == "asked the laboratory"


def test_every_row_of_levels_is_new_unchanged_wrong_or_unusual_and_only_one_of_them(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "13.3", actor=clinician)
    rows = (
        LEVEL,
        "{id},1980-05-04,2026-04-06 08:00,12.9,ng/mL,",
        "{id},1980-05-04,2026-04-13 08:00,#N/A,ng/mL,",
        "{id},1980-05-04,2026-04-13 08:00,35,ng/mL,",
        "{id},1980-05-04,2026-04-20 08:00,12.4,ng/mL,",
        "{id},1980-05-04,2026-04-20 08:00,12.4,ng/mL,",
        "MRN-X,1980-05-04,2026-04-20 08:00,12.4,ng/mL,",
    )
    content = csv_of(treated, *rows)
    file = checked(uploaded(treated, clinician, content), clinician)

    assert counted(file)[1:3] == [1, 3]
    assert sum(counted(file)) == file.report["rows"] == len(rows)


def a_diary_day_imported(
    treated: Patient, clinician: Staff, cells: str, header: str
) -> None:
    content = csv_of(treated, f"{{id}},1980-05-04,{cells}", header=header)
    file = checked(uploaded(treated, clinician, content, Kind.DIARY), clinician)
    imported(file, clinician)


def test_a_diary_day_with_two_bad_cells_and_a_good_one_is_one_bad_row(
    treated: Patient, clinician: Staff
) -> None:
    day = DAY_0 + timedelta(days=1)
    header = "identifier,born on,day,temperature,pulse,weight"
    a_diary_day_imported(treated, clinician, f"{day},36.4,,", header)
    content = csv_of(
        treated,
        f"{{id}},1980-05-04,{day},36.4,,",
        f"{{id}},1980-05-04,{day + timedelta(days=1)},hot,fast,60",
        f"{{id}},1980-05-04,{day + timedelta(days=2)},36.5,,",
        header=header,
    )
    file = checked(uploaded(treated, clinician, content, Kind.DIARY), clinician)

    assert len(said(file)) == 2
    assert counted(file) == [1, 1, 1, 0]


def test_a_column_that_nobody_knows_must_be_left_out_by_hand(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    content = csv_of(treated, LEVEL + "x", header=HEADER.replace("note", "ward"))
    file = uploaded(treated, clinician, content)

    with pytest.raises(ValidationError, match="Say what the column “ward” is"):
        checked(file, clinician)

    assert checked(file, clinician, left_out=[5]).report["new"] == 1


def test_a_missing_column_is_named(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    content = csv_of(treated, "{id},1980-05-04,13.3", header="identifier,born on,level")
    file = uploaded(treated, clinician, content)

    with pytest.raises(ValidationError, match="Drawn: date and time, or date, Unit"):
        checked(file, clinician)


def test_headers_are_known_in_japanese_and_whatever_their_case() -> None:
    english = guess(Kind.LEVELS, ["MRN", "Date of Birth", "Drawn  At", "Level (ng/mL)"])
    japanese = guess(
        Kind.LEVELS, ["患者ＩＤ", "生年月日", "採血日時", "血中濃度", "単位"]
    )

    assert english == {"identifier": 0, "born_on": 1, "drawn_at": 2, "value": 3}
    assert japanese == {**english, "unit": 4}


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_a_page_calls_a_column_is_a_header_that_it_knows(
    kind: Kind, language: str
) -> None:
    with translation.override(language):
        labels = [str(field.label) for field in FIELDS[kind]]
    places = {field.name: place for place, field in enumerate(FIELDS[kind])}

    for reader in ("en", "ja"):
        with translation.override(reader):
            assert guess(kind, labels) == places
            for field, label in zip(FIELDS[kind], labels, strict=True):
                assert guess(kind, [label]) == {field.name: 0}


@pytest.mark.parametrize(
    ("kind", "header", "name"),
    [
        (Kind.LEVELS, "最終服用", "last_dose_at"),
        (Kind.LEVELS, "最終服用日時", "last_dose_at"),
        (Kind.DIARY, "dose_taken", "dose"),
        (Kind.LEVELS, "Sample taken", "drawn_at"),
        (Kind.LEVELS, "シロリムス濃度", "value"),
        (Kind.LEVELS, "Time taken", "drawn_time"),
        (Kind.DIARY, "Time taken", "at"),
        (Kind.DOSES, "To", "stops_on"),
    ],
)
def test_headers_of_other_programs_are_known(
    kind: Kind, header: str, name: str
) -> None:
    assert guess(kind, [header]) == {name: 0}


JAPANESE = (
    "患者ID,生年月日,採血日時,血中濃度,単位\n"
    "{id},1980年5月4日,2026/3/30 8:00,１３.３,ng/mL\n"
)


@pytest.mark.parametrize(
    ("codec", "encoding"),
    [
        ("utf-8", Encoding.UTF_8),
        ("utf-8-sig", Encoding.UTF_8_BOM),
        ("cp932", Encoding.CP932),
    ],
)
def test_a_japanese_file_is_read_in_its_encoding(
    treated: Patient,
    laboratory: Laboratory,
    clinician: Staff,
    codec: str,
    encoding: Encoding,
) -> None:
    content = JAPANESE.replace("{id}", treated.identifier).encode(codec)
    file = checked(uploaded(treated, clinician, content), clinician)

    assert (file.encoding, file.report["new"]) == (encoding, 1)


def test_tabs_blank_lines_mixed_line_ends_and_written_zones_are_read(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    lines = [
        HEADER.replace(",", "\t") + "\r\n",
        "\n",
        "{id}\t1980-05-04\t2026-03-29T23:00Z\t13.3\tng/mL\t\n",
        "\t\t\t\t\t\r\n",
        "{id}\t1980-05-04\t2026-04-27 08:00\t12.1\tug/L\t\r\n",
    ]
    content = "".join(lines).replace("{id}", treated.identifier).encode()
    file = checked(uploaded(treated, clinician, content), clinician)

    report = file.report
    assert (report["new"], report["converted"], report["errors"]) == (2, 1, [])
    assert report["blank"] == 2
    imported(file, clinician)
    assert TroughLevel.objects.in_time_order()[0].drawn_at == on_day(28)


def test_a_row_that_names_nobody_says_so_before_anything_else(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    rows = [",,,13,ng/mL,", f"{treated.identifier},1980-05-04,,13,ng/mL,"]
    content = "\n".join([HEADER, *rows, ""]).encode()
    file = checked(uploaded(treated, clinician, content), clinician)

    nobody, never = file.report["errors"]
    assert nobody["said"] == "The identifier is missing."
    assert never["said"] == "This is not a date. Write it as 2026-03-01."
    assert file.report["blank"] == 0


def test_a_file_edited_after_its_check_is_another_file_to_be_checked(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    checked(uploaded(treated, clinician, csv_of(treated, LEVEL)), clinician)

    edited = uploaded(treated, clinician, csv_of(treated, LEVEL.replace("13.3", "12")))

    with pytest.raises(ValidationError, match="Check the file first"):
        imported(edited, clinician)


def test_an_import_that_is_broken_off_stores_nothing_and_can_be_done_again(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    file = checked(uploaded(treated, clinician, csv_of(treated, LEVEL)), clinician)

    def time_is_up(_done: int, _whole: int) -> None:
        raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        services.import_file(
            file=file, version=file.version, actor=clinician, progress=time_is_up
        )
    assert not TroughLevel.objects.exists()

    imported(file, clinician)
    lines = AuditEvent.objects.filter(action="record_trough", patient=treated)
    assert (TroughLevel.objects.count(), lines.count()) == (1, 1)


def test_semicolons_decimal_commas_and_days_first_are_read_where_chosen(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    content = csv_of(
        treated,
        "{id};04/05/1980;30/03/2026 08:00;13,3;ng/mL;",
        header=HEADER.replace(",", ";"),
    )
    file = uploaded(treated, clinician, content)

    refused = checked(file, clinician)
    assert said(refused)[1][1:] == (
        "drawn_at",
        "Day or month first? Write 2026-03-01, or choose below that days come first.",
    )
    assert checked(refused, clinician, order="day_first").report["new"] == 1


@pytest.mark.parametrize(
    ("born", "drawn", "order"),
    [
        ("15.12.1978", "01.03.2026 08:00", "day_first"),
        ("01.02.1978", "30/03/2026 08:00", "day_first"),
        ("01.02.1978", "01/03/2026 08:00", "iso"),
        ("15.12.1978", "03/30/2026 08:00", "iso"),
        ("1978-12-15", "2026-03-30 08:00", "iso"),
    ],
)
def test_days_come_first_from_the_start_where_a_cell_proves_it(
    treated: Patient, clinician: Staff, born: str, drawn: str, order: str
) -> None:
    content = csv_of(treated, f"{{id}},{born},{drawn},13.3,ng/mL,")

    assert uploaded(treated, clinician, content).order == order


def test_what_is_wrong_with_every_row_is_told_once(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    rows = [f"{{id}},1980-05-04,0{n}/03/2026 08:00,13.3,ng/mL," for n in range(1, 6)]
    rows[2] = LEVEL.replace("13.3", "#N/A")
    file = checked(uploaded(treated, clinician, csv_of(treated, *rows)), clinician)

    (days, value) = file.report["errors"]
    assert (days["field"], days["spans"], days["rows"]) == (
        "drawn_at",
        [[2, 3], [5, 6]],
        4,
    )
    assert (value["field"], value["spans"], value["rows"]) == ("value", [[4, 4]], 1)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "There are no rows"),
        (b"identifier,born on\n", "There are no rows"),
        (b"\n\n\n", "There are no rows"),
        (b"level,Level\n1,2\n", "Two columns are named"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"a,b\n1,2\n3,5 \xb5g\n", "Row 3, byte 5 is not utf-8"),
        (b"a,b\n1,\x00\n", "NUL"),
        (b"a,b\r1,2\r", "end in an old way"),
        (b'a,b\n1,2\n3,"4\n', "Row 3: a quotation mark"),
        (b'a,b\n1,x"y"\n', "Row 2: a quotation mark"),
        (b"a,b\n1," + b"x" * 140_000 + b"\n", "Row 2: a cell is longer"),
        (b"x" * 1_000_000, "longer"),
        (b"a\n" + b"1\n" * 20_001, "More than 20000 rows"),
        (b"PK\x03\x04rest", "different types"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel file"),
    ],
    ids=lambda each: str(each)[:24],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    patient: Patient, clinician: Staff, content: bytes, sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        uploaded(patient, clinician, content)

    assert not FileImport.objects.exists()


BAD_ROWS = [
    ("{id},1980-05-04,2026-03-30 08:00", "", "3 cells, where the header has 6"),
    (LEVEL + ",x", "", "7 cells"),
    ("Total,,,13.3,,", "born_on", "birth date is missing"),
    ("{id},1980-05-04,,13.3,ng/mL,", "drawn_at", "not a date"),
    (LEVEL.replace("{id}", "MRN-X"), "identifier", "No patient of this clinic"),
    (LEVEL.replace("{id}", "1.23E+05"), "identifier", "spreadsheet has damaged"),
    (LEVEL.replace("{id}", ""), "identifier", "missing"),
    (LEVEL.replace("1980-05-04", "1980-05-05"), "born_on", "born on another day"),
    (LEVEL.replace("2026-03-30 08:00", "30/03/2026 08:00"), "drawn_at", "Day or"),
    (LEVEL.replace("2026-03-30 08:00", "46000"), "drawn_at", "spreadsheet's number"),
    (LEVEL.replace("2026-03-30 08:00", "2026/10/40"), "drawn_at", "no such day"),
    (LEVEL.replace("1980-05-04", "29345"), "born_on", "spreadsheet's number"),
    (LEVEL.replace("2026-03-30 08:00", "2026-03-30"), "drawn_at", "time of day"),
    (LEVEL.replace("2026-03-30", "2026-02-30"), "drawn_at", "no such day"),
    (LEVEL.replace("2026-03-30", "2036-03-30"), "drawn_at", "future"),
    (LEVEL.replace("2026-03-30", "0001-01-01"), "drawn_at", "no such day"),
    (LEVEL.replace("08:00", "08:00+99:00"), "drawn_at", "Write the time"),
    (LEVEL.replace("08:00", "08:00+0\u0669:00"), "drawn_at", "Write the time"),
    (LEVEL.replace("13.3", "#N/A"), "value", "plain digits"),
    (LEVEL.replace("13.3", "=1+1"), "value", "plain digits"),
    (LEVEL.replace("13.3", '"1,300"'), "value", "at most two decimals"),
    (LEVEL.replace("13.3", "0"), "value", "Zero is no level"),
    (LEVEL.replace("13.3", "900"), "value", "between 0 and 200"),
    (LEVEL.replace("ng/mL", "mg/L"), "unit", "Known are ng/mL, µg/L, nmol/L"),
    (LEVEL.replace("ng/mL", "ng/dL"), "value", "is 0.133 ng/mL"),
    (LEVEL + "a\u202eb", "note", "invisible control"),
    (LEVEL.replace("2026-03-30 08:00", "1979-03-30 08:00"), "drawn_at", "birth"),
    (LEVEL.replace("{id}", "MRN\u202e1"), "identifier", "invisible control"),
]


def test_a_bad_row_is_named_with_its_cell(
    treated: Patient,
    laboratory: Laboratory,
    clinician: Staff,
    subtests: pytest.Subtests,
) -> None:
    for row, field, sentence in BAD_ROWS:
        with subtests.test(ascii(row)):
            file = checked(
                uploaded(treated, clinician, csv_of(treated, row)), clinician
            )

            ((line, where, words),) = said(file)
            assert (line, where) == (2, field)
            assert sentence in words


TOGETHER = [
    ("2036-03-30 08:00,13.3,ng/mL,", "drawn_at", "future"),
    ("2026-03-30 08:00,900,ng/mL,", "value", "between 0 and 200"),
    ("2026-03-31 08:00,13.3,ng/mL,2026-03-31 09:00", "last_dose_at", "after the"),
    ("2026-04-01 08:00,45,ng/mL,2026-04-01 09:00", "last_dose_at", "after the"),
    ("2026-04-02 08:00,13.3,ng/mL,2024-04-01 09:00", "last_dose_at", "a year"),
    ("2026-04-03 08:00,45,ng/mL,", "value", "what this patient could have"),
]


def test_what_is_wrong_with_one_row_of_a_patient_hides_nothing_of_the_next(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    rows = [f"{{id}},1980-05-04,{cells}" for cells, _field, _sentence in TOGETHER]
    header = "identifier,born on,drawn at,level,unit,last dose at"
    content = csv_of(treated, *rows, header=header)
    file = checked(uploaded(treated, clinician, content), clinician)

    assert counted(file) == [0, 0, 5, 1]
    told = [*file.report["errors"], *file.report["questions"]]
    for line, (_cells, field, sentence) in enumerate(TOGETHER, start=2):
        assert any(
            fault["field"] == field
            and sentence in fault["said"]
            and any(first <= line <= last for first, last in fault["spans"])
            for fault in told
        ), line


def test_each_bad_cell_of_a_row_is_named(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    content = csv_of(treated, "{id},1980-02-30,30.3.26,#N/A,mg,a\u202eb")
    file = checked(uploaded(treated, clinician, content), clinician)

    fields = [field for _line, field, _words in said(file)]
    assert fields == ["born_on", "value", "unit", "drawn_at", "note"]
    assert counted(file) == [0, 0, 1, 0]


def test_each_time_that_the_clocks_show_twice_is_named(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    Site.objects.update(time_zone="Europe/Berlin")
    times = "2026-10-25 02:40,13.3,ng/mL,2026-10-25 02:10"
    header = "identifier,born on,drawn at,level,unit,last dose at"
    content = csv_of(treated, f"{{id}},1980-05-04,{times}", header=header)
    file = checked(uploaded(treated, clinician, content), clinician)

    assert {field for _line, field, _words in said(file)} == {
        "drawn_at",
        "last_dose_at",
    }


def test_the_check_asks_of_later_levels_what_the_import_would(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    rows = [LEVEL.replace("13.3", "133"), LEVEL.replace("03-30", "04-06")]
    file = checked(uploaded(treated, clinician, csv_of(treated, *rows)), clinician)

    assert counted(file) == [0, 0, 0, 2]
    assert [line for line, _field, _words in said(file, "questions")] == [2, 3]


def test_the_database_waits_while_many_rows_are_judged(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    def patience(_done: int, _whole: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            waits.append(cursor.fetchone()[0])

    waits: list[str] = []
    file = uploaded(treated, clinician, csv_of(treated, LEVEL))
    file = checked(file, clinician, progress=patience)
    services.import_file(
        file=file, version=file.version, actor=clinician, progress=patience
    )

    assert waits == ["2min", "2min"]


def test_no_row_of_a_patient_whose_follow_up_has_ended_would_be_new(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    Patient.objects.update(ended_on=DAY_0, ended_because="transferred")
    rows = [LEVEL, LEVEL.replace("03-30", "04-06")]
    file = checked(uploaded(treated, clinician, csv_of(treated, *rows)), clinician)

    assert counted(file) == [0, 0, 2, 0]


def test_a_time_in_a_cell_of_its_own_is_named_by_that_cell(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    header = HEADER.replace("drawn at", "drawn at,drawn time")
    row = LEVEL.replace(" 08:00", ",25:00")
    file = uploaded(treated, clinician, csv_of(treated, row, header=header))

    ((_line, where, words),) = said(checked(file, clinician))
    assert (where, words) == ("drawn_time", "Write the time such as 08:05.")


def test_a_formula_in_a_note_is_text_and_a_limit_is_a_level(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    row = LEVEL.replace("13.3", "<2.0") + "=1+1"
    imported(
        checked(uploaded(treated, clinician, csv_of(treated, row)), clinician),
        clinician,
    )

    level = TroughLevel.objects.get()
    assert (str(level), level.note) == ("<2 ng/mL", "=1+1")


def test_lost_zeros_show_the_near_identifier_and_rows_said_twice_are_listed(
    site: Site, laboratory: Laboratory, treated: Patient, clinician: Staff
) -> None:
    a_patient(site, clinician, identifier="000123")
    content = csv_of(treated, LEVEL, LEVEL, LEVEL.replace("{id}", "123"))
    file = checked(uploaded(treated, clinician, content), clinician)

    assert said(file) == [
        (3, "drawn_at", "Row 2 tells the same already."),
        (4, "identifier", "No patient has this identifier. Is it 000123?"),
    ]


def test_a_patient_of_another_clinic_is_not_known(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    stranger = a_patient(a_site("Osaka clinic"), clinician)
    content = csv_of(stranger, LEVEL)
    file = checked(uploaded(treated, clinician, content), clinician)

    assert said(file) == [
        (2, "identifier", "No patient of this clinic has this identifier.")
    ]


def test_a_check_is_done_again_once_the_reading_has_changed(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    file = checked(uploaded(treated, clinician, csv_of(treated, LEVEL)), clinician)
    checked(file, clinician)

    with pytest.raises(ValidationError, match="Someone has changed"):
        imported(file, clinician)


@pytest.mark.parametrize("name", ["../../etc/levels.csv", "C:\\temp\\levels.csv"])
def test_the_name_of_a_file_is_never_a_path(
    treated: Patient, laboratory: Laboratory, clinician: Staff, name: str
) -> None:
    file = uploaded(treated, clinician, csv_of(treated, LEVEL), name=name)

    assert file.name == "levels.csv"


def workbook(*rows: list[object], merge: str = "") -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    if merge:
        book.worksheets[0].merge_cells(merge)
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


TITLES: list[object] = ["identifier", "born on", "drawn at", "level", "unit"]


def test_a_workbook_is_imported_with_its_real_dates(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    drawn = on_day(28).replace(tzinfo=None)
    row: list[object] = [treated.identifier, date(1980, 5, 4), drawn, 13.3, "ng/mL"]
    content = workbook(TITLES, row, [None] * 5)
    file = uploaded(treated, clinician, content, name="levels.xlsx")
    imported(checked(file, clinician), clinician)

    level = TroughLevel.objects.get()
    assert (level.reported_value, level.drawn_at) == (Decimal("13.3"), on_day(28))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "a.xlsx",
            workbook(TITLES, ["1", "2", "3", "4", "5"], merge="A2:B2"),
            "merged",
        ),
        ("a.xlsm", workbook(TITLES), "macros"),
        ("a.csv", workbook(TITLES), "different types"),
        ("a.xlsx", b"PK\x03\x04 broken", "cannot be opened"),
        ("a.xlsx", b"identifier\n1\n", "different types"),
        ("a.xlsx", workbook(TITLES), "no rows"),
    ],
    ids=[
        "merged",
        "macros",
        "renamed",
        "broken",
        "text",
        "empty",
    ],  # a book has its time
)
def test_a_workbook_that_cannot_be_trusted_is_refused(
    patient: Patient, clinician: Staff, name: str, content: bytes, sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        uploaded(patient, clinician, content, name=name)


def test_a_formula_of_a_workbook_is_a_bad_row(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    row: list[object] = [
        treated.identifier,
        "1980-05-04",
        "2026-03-30 08:00",
        "=1+1",
        "ng/mL",
    ]
    file = uploaded(treated, clinician, workbook(TITLES, row), name="levels.xlsx")

    assert said(checked(file, clinician)) == [
        (2, "", "Cell D2 is a formula. Paste the value in its place.")
    ]


DOSES = "identifier,born on,start,amount,interval,stop"


def test_doses_are_imported_in_the_order_of_days_and_undone(
    treated: Patient, clinician: Staff
) -> None:
    """The dose that ran before goes on again."""
    content = csv_of(
        treated,
        "{id},1980-05-04,2026-05-01,1.5,24,2026-06-01",
        "{id},1980-05-04,2026-04-01,1,twice daily,",
        header=DOSES,
    )
    file = checked(uploaded(treated, clinician, content, Kind.DOSES), clinician)
    ((line, where, words),) = said(file, "questions")
    assert (line, where) == (3, "starts_on")
    assert words.startswith("2 mg once daily, taken since")
    with pytest.raises(ValidationError, match="how the unusual rows"):
        imported(file, clinician)
    file = imported(file, clinician, "asked the patient")

    doses = Dose.objects.of(treated)
    assert [(d.starts_on.month, str(d.amount_mg), d.interval_h) for d in doses] == [
        (3, "2.00", 24),
        (4, "1.00", 12),
        (5, "1.50", 24),
    ]
    assert doses[2].stops_on == date(2026, 6, 1)

    file = services.undo_file(
        file=file, version=file.version, reason="another patient", actor=clinician
    )
    (left,) = Dose.objects.of(treated)
    assert (left.starts_on, left.stops_on, file.report["kept"]) == (DAY_0, None, 0)


@pytest.mark.parametrize("levels", [0, 1])
def test_a_protocol_that_an_undone_import_chose_goes_unless_a_level_rests_on_it(
    patient: Patient, clinician: Staff, laboratory: Laboratory, levels: int
) -> None:
    a_protocol(name="VM low")
    starts_on = patient.site.today(timezone.now()) - timedelta(days=20)
    content = csv_of(
        patient,
        f"{{id}},1980-05-04,{starts_on},1,24,,VM low",
        header=f"{DOSES},protocol",
    )
    file = uploaded(patient, clinician, content, Kind.DOSES)
    file = imported(checked(file, clinician), clinician)
    services.plan_on(at=timezone.now(), at_most=9)
    planned = ScheduleItem.objects.filter(patient=patient, state="open")
    assert planned.exists()
    for _level in range(levels):
        a_trough(patient, "8", actor=clinician, day=(starts_on - DAY_0).days + 15)

    file = services.undo_file(
        file=file, version=file.version, reason="another patient", actor=clinician
    )

    assert not Dose.objects.of(patient).exists()
    assert len(history_of(patient).assignments) == file.report["kept"] == levels
    assert not planned.exists()
    told = [each.set_aside for each in timeline_of(patient) if each.kind == "protocol"]
    assert told == [not levels]


def test_a_dose_that_was_changed_since_stays_and_none_goes_on_in_its_place(
    treated: Patient, clinician: Staff
) -> None:
    content = csv_of(
        treated,
        "{id},1980-05-04,2026-04-01,1,24,",
        "{id},1980-05-04,2026-05-01,1.5,24,",
        header=DOSES,
    )
    file = uploaded(treated, clinician, content, Kind.DOSES)
    file = imported(checked(file, clinician), clinician, "asked")
    Dose.objects.filter(starts_on=date(2026, 4, 1)).update(version=9)

    file = services.undo_file(
        file=file, version=file.version, reason="wrong", actor=clinician
    )

    doses = [(d.starts_on.month, d.stops_on) for d in Dose.objects.of(treated)]
    assert doses == [(3, date(2026, 4, 1)), (4, date(2026, 5, 1))]
    assert (file.report["undone"], file.report["kept"]) == (1, 1)


def test_a_file_of_more_doses_than_can_be_prescribed_in_time_is_split(
    treated: Patient, clinician: Staff
) -> None:
    rows = ["{id},1980-05-04,2026-04-01,1,24,"] * 2001
    content = csv_of(treated, *rows, header=DOSES)

    with pytest.raises(ValidationError, match="More than 2000 rows"):
        uploaded(treated, clinician, content, Kind.DOSES)


def test_no_file_cancels_a_dose_that_is_planned(
    treated: Patient, clinician: Staff
) -> None:
    today = treated.site.today(timezone.now())
    planned = a_dose(treated, "1.5", day=(today - DAY_0).days + 1, actor=clinician)
    content = csv_of(treated, f"{{id}},1980-05-04,{today},1,24,", header=DOSES)
    file = checked(uploaded(treated, clinician, content, Kind.DOSES), clinician)

    ((line, where, words),) = said(file)
    assert (line, where) == (2, "starts_on")
    assert words.startswith("1.5 mg once daily is planned from")
    planned.refresh_from_db()
    assert planned.cancelled_at is None


def test_an_undoing_that_would_let_two_doses_overlap_is_refused_in_words(
    treated: Patient, clinician: Staff
) -> None:
    content = csv_of(
        treated,
        "{id},1980-05-04,2026-04-01,1,24,2026-05-01",
        header=DOSES,
    )
    file = uploaded(treated, clinician, content, Kind.DOSES)
    file = imported(checked(file, clinician), clinician, "asked")
    a_dose(treated, "2", day=91, actor=clinician)

    with pytest.raises(ValidationError, match="Another dose is prescribed for some"):
        services.undo_file(
            file=file, version=file.version, reason="wrong", actor=clinician
        )


@pytest.mark.parametrize(
    ("row", "field", "sentence"),
    [
        ("{id},1980-05-04,2026-04-01,50,24,", "amount_mg", "40 mg"),
        ("{id},1980-05-04,2026-04-01,0.3,24,", "amount_mg", "whole stocked tablets"),
        ("{id},1980-05-04,2026-04-01,much,24,", "amount_mg", "amount in mg"),
        ("{id},1980-05-04,2026-04-01,1,8,", "interval_h", "12, 24 or 48"),
        ("{id},1980-05-04,2026-03-02,1,24,", "amount_mg", "begins on that day already"),
        (
            "{id},1980-05-04,2026-03-02,2,24,2026-04-01",
            "stops_on",
            "begins on that day already",
        ),
    ],
)
def test_a_dose_that_cannot_be_is_named(
    treated: Patient, clinician: Staff, row: str, field: str, sentence: str
) -> None:
    content = csv_of(treated, row, header=DOSES)
    file = checked(uploaded(treated, clinician, content, Kind.DOSES), clinician)

    ((line, where, words),) = said(file)
    assert (line, where) == (2, field)
    assert sentence in words


@pytest.mark.parametrize("signs", [301, 501])
def test_too_long_a_reason_for_a_dose_is_named(
    treated: Patient, clinician: Staff, signs: int
) -> None:
    row = "{id},1980-05-04,2026-04-01,1,24,," + "r" * signs
    content = csv_of(treated, row, header=f"{DOSES},reason")
    file = checked(uploaded(treated, clinician, content, Kind.DOSES), clinician)

    ((line, where, words),) = said(file)
    assert (line, where) == (2, "reason")
    assert "at most" in words


@pytest.mark.parametrize(("days", "errors"), [(0, 0), (1, 1)], ids=["today", "later"])
def test_a_dose_of_the_past_is_imported_and_one_to_come_is_prescribed_on_its_page(
    treated: Patient, clinician: Staff, days: int, errors: int
) -> None:
    starts_on = treated.site.today(timezone.now()) + timedelta(days=days)
    content = csv_of(treated, f"{{id}},1980-05-04,{starts_on},1,24,", header=DOSES)
    file = checked(uploaded(treated, clinician, content, Kind.DOSES), clinician)

    assert (file.report["errors_in_all"], len(said(file))) == (errors, errors)
    sentence = "A dose that starts after today is prescribed on its page"
    assert all(words.startswith(sentence) for _line, _field, words in said(file))


def test_a_protocol_that_is_named_is_its_newest_version(
    treated: Patient, clinician: Staff
) -> None:
    newest = a_protocol(name="VM low", version=2)
    a_protocol(name="VM low", version=1)
    content = csv_of(
        treated,
        "{id},1980-05-04,2026-04-01,1,24,,VM low",
        header=f"{DOSES},protocol",
    )
    file = uploaded(treated, clinician, content, Kind.DOSES)
    imported(checked(file, clinician), clinician, "asked")

    protocol = history_of(treated).protocol_on(date(2026, 4, 1))
    assert protocol == newest


def test_a_new_patients_doses_say_once_which_protocols_may_be_named(
    site: Site, clinician: Staff
) -> None:
    patient = a_patient(site, clinician)
    for name in ("VM low", "VM high"):
        a_protocol(name=name)
    rows = [f"{{id}},1980-05-04,2026-0{month}-01,1,24,," for month in (3, 4, 5)]
    header = f"{DOSES},protocol"
    content = csv_of(patient, *rows, header=header)
    nameless = checked(uploaded(patient, clinician, content, Kind.DOSES), clinician)
    content = csv_of(patient, f"{rows[0]}VM lo", header=header)
    misspelt = checked(uploaded(patient, clinician, content, Kind.DOSES), clinician)
    content = csv_of(patient, f"{rows[0]}VM low", *rows[1:], header=header)
    named = checked(uploaded(patient, clinician, content, Kind.DOSES), clinician)

    ((_line, field, words),) = said(nameless)
    assert field == "protocol"
    assert "Name one (VM high, VM low) in the column Protocol." in words
    assert counted(nameless) == [0, 0, 3, 0]
    ((_line, field, words),) = said(misspelt)
    assert (field, words) == (
        "protocol",
        "There is no protocol of this name. Known are: VM high, VM low.",
    )
    assert counted(named) == [3, 0, 0, 0]


DIARY = "患者ID,生年月日,日付,服薬,服薬時刻,体温,血圧,痛み,備考"


def test_diary_days_are_imported_through_the_diary_and_undone(
    treated: Patient, clinician: Staff
) -> None:
    content = csv_of(
        treated,
        "{id},1980-05-04,2026/3/3,服用,8:10,36.4,128/76,4,元気",
        '{id},1980-05-04,2026/3/4,忘れ,,"36,6",,,',
        header=DIARY,
    )
    file = uploaded(treated, clinician, content, Kind.DIARY)
    file = imported(checked(file, clinician), clinician)

    states = Intake.objects.order_by("due_on").values_list("state", flat=True)
    assert list(states) == ["taken", "missed"]
    assert Measurement.objects.filter(withdrawn_at=None).count() == 5

    file = services.undo_file(
        file=file, version=file.version, reason="typed twice", actor=clinician
    )
    assert file.report["kept"] == 0
    assert set(Intake.objects.values_list("state", flat=True)) == {"cleared"}
    assert not around(treated).intakes
    assert not Measurement.objects.filter(withdrawn_at=None).exists()


def test_a_fever_of_a_diary_that_is_undone_no_longer_calls_and_told_anew_it_does(
    treated: Patient, clinician: Staff, nurse: Staff
) -> None:
    today = treated.site.today(timezone.now())
    content = csv_of(
        treated,
        f"{{id}},1980-05-04,{today},39.4",
        header="identifier,born on,day,temperature",
    )
    file = uploaded(treated, clinician, content, Kind.DIARY)
    file = imported(checked(file, clinician), clinician)
    called = Task.objects.open().get()

    services.undo_file(
        file=file, version=file.version, reason="another patient", actor=clinician
    )

    called.refresh_from_db()
    assert (called.kind, called.outcome) == ("fever", "The entry was taken back.")
    assert not Task.objects.open().exists()

    services.save_diary(
        patient=treated,
        entries=[Entry(Place(today, "temperature_c"), "", "39.4")],
        source="phone",
        actor=nurse,
    )
    assert Task.objects.open().get().facts == called.facts


def test_a_diary_cell_that_says_something_else_is_a_conflict(
    treated: Patient, clinician: Staff
) -> None:
    day = DAY_0 + timedelta(days=1)
    header = "identifier,born on,day,temperature"
    a_diary_day_imported(treated, clinician, f"{day},36.4", header)
    other = csv_of(
        treated,
        f"{{id}},1980-05-04,{day},36.9",
        f"{{id}},1980-05-04,{day + timedelta(days=1)},98.6",
        header=header,
    )

    file = checked(uploaded(treated, clinician, other, Kind.DIARY), clinician)

    assert said(file) == [
        (2, "temperature_c", "The diary says 36.4 already. Change it there."),
        (3, "temperature_c", "98.6 looks like °F. In °C it is 37."),
    ]


def test_files_hold_their_patients_in_one_order_whatever_theirs_is(
    treated: Patient, clinician: Staff
) -> None:
    later = a_patient(treated.site, clinician)
    a_dose(later, "2", protocol=a_protocol(), actor=clinician)
    row = "{id},1980-05-04,2026/3/3,服用,8:10,36.4,128/76,4,"
    content = csv_of(later, row, header=DIARY)
    content += csv_of(treated, row, header=DIARY).partition(b"\n")[2]
    file = checked(uploaded(treated, clinician, content, Kind.DIARY), clinician)

    with CaptureQueriesContext(connection) as importing:
        file = imported(file, clinician)
    with CaptureQueriesContext(connection) as undoing:
        services.undo_file(
            file=file, version=file.version, reason="twice", actor=clinician
        )

    for asked in (importing, undoing):
        assert first_held(asked, {treated.pk, later.pk}) == [treated.pk, later.pk]


def first_held(asked: CaptureQueriesContext, patients: set[int]) -> list[int]:
    """Return patients in the order in which they were first locked."""
    held = [
        int(found[1])
        for each in asked.captured_queries
        if "FOR NO KEY UPDATE" in each["sql"]
        and (found := re.search(r'"patients_patient"\."id" = \(?(\d+)', each["sql"]))
    ]
    return [key for key in dict.fromkeys(held) if key in patients]

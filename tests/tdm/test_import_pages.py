"""The pages of imports and of laboratory messages, as people use them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from dosing import services
from dosing.imports import MOST_BYTES
from dosing.models import FileImport, Laboratory, LabReport, TroughLevel
from dosing.services import Link
from patients.models import Patient, Role, SchedulePlan, Scope, Staff
from tdm import filework, imports
from tests.builders import a_staff_member, a_trough, clinic_day
from tests.dosing.test_hl7 import MESSAGE, a_link
from tests.dosing.test_imports import HEADER, LEVEL, csv_of
from tests.tdm.browser import Person

Browse = Callable[[Staff], Client]


def upload(
    client: Client, site: int, content: bytes, kind: str = "levels"
) -> FileImport:
    sent = SimpleUploadedFile("levels.csv", content)
    answer = client.post("/imports/", {"kind": kind, "site": site, "file": sent})
    assert answer.status_code == 302, answer.content.decode()
    return FileImport.objects.get(pk=int(answer["Location"].split("/")[2]))


def matched(file: FileImport) -> dict[str, object]:
    places = {f"column_{place}": name for name, place in file.columns.items()}
    return {
        "version": file.version,
        "encoding": file.encoding,
        "order": "iso",
        "laboratory": file.laboratory_id,
        **places,
    }


@pytest.fixture
def by_worker(monkeypatch: pytest.MonkeyPatch, settings: object) -> None:
    """Let every file be large enough for a worker, who works at once."""
    monkeypatch.setattr(imports, "SMALL_BYTES", 0)
    settings.CELERY_TASK_ALWAYS_EAGER = True  # type: ignore[attr-defined]


def test_a_nurse_uploads_checks_imports_and_undoes(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    client = browser_of(nurse)
    file = upload(client, treated.site.pk, csv_of(treated, LEVEL))
    address = f"/imports/{file.pk}/"
    page = client.get(address).content.decode()
    assert "UTF-8, cells apart by commas" in page

    client.post(address, matched(file))
    page = client.get(address).content.decode()
    assert "<b>1</b>would be new" in page

    file.refresh_from_db()
    client.post(f"{address}store/", {"version": file.version})
    assert str(TroughLevel.objects.used().get()) == "13.3 ng/mL"
    assert SchedulePlan.objects.filter(patient=treated).exists()
    page = client.get(address).content.decode()
    assert f'<a href="/patients/{treated.pk}/">{treated.identifier}, ' in page

    again = client.post(
        "/imports/",
        {
            "kind": "levels",
            "site": treated.site.pk,
            "file": SimpleUploadedFile("b.csv", csv_of(treated, LEVEL)),
        },
        follow=True,
    )
    assert "This very file was imported before" in again.content.decode()

    file.refresh_from_db()
    client.post(f"{address}undo/", {"version": file.version, "reason": "wrong"})
    assert not TroughLevel.objects.used().exists()
    assert SchedulePlan.objects.filter(patient=treated).exists()
    page = client.get(address).content.decode()
    assert "Undone: wrong – Records taken back: 1." in page


def a_level_imported(client: Client, treated: Patient) -> FileImport:
    file = upload(client, treated.site.pk, csv_of(treated, LEVEL))
    client.post(f"/imports/{file.pk}/", matched(file))
    file.refresh_from_db()
    client.post(f"/imports/{file.pk}/store/", {"version": file.version})
    file.refresh_from_db()
    return file


def test_of_many_patients_the_first_are_listed_after_an_import(
    browser_of: Browse,
    nurse: Staff,
    treated: Patient,
    laboratory: Laboratory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(imports, "LISTED", 0)
    client = browser_of(nurse)
    file = a_level_imported(client, treated)

    page = client.get(f"/imports/{file.pk}/").content.decode()

    assert "1 more patient is not listed." in page
    assert treated.identifier not in page


def test_a_refused_undoing_that_is_loaded_again_shows_the_file(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    client = browser_of(nurse)
    file = a_level_imported(client, treated)
    address = f"/imports/{file.pk}/"

    refused = client.post(f"{address}undo/", {"version": file.version, "reason": ""})

    assert refused.status_code == 422
    for button in ("undo", "store"):
        again = client.get(f"{address}{button}/")
        assert (again.status_code, again["Location"]) == (302, address)
    assert TroughLevel.objects.used().exists()


FULL = """
CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER disk_is_full BEFORE INSERT ON dosing_troughlevel
EXECUTE FUNCTION disk_is_full();
"""


def test_on_a_full_disk_nothing_of_a_file_is_stored_and_the_page_says_so(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    client = browser_of(nurse)
    client.raise_request_exception = False
    file = upload(client, treated.site.pk, csv_of(treated, LEVEL))
    address = f"/imports/{file.pk}/"
    client.post(address, matched(file))
    file.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute(FULL)

    answer = client.post(f"{address}store/", {"version": file.version})

    assert answer.status_code == 503
    assert not TroughLevel.objects.exists()
    page = client.get(address).content.decode()
    assert "nothing of it is stored. Try again." in page
    assert "Import all rows" in page


def test_errors_are_shown_by_row_and_cell_and_bar_the_import(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    client = browser_of(nurse)
    content = csv_of(treated, LEVEL.replace("13.3", "#N/A"))
    file = upload(client, treated.site.pk, content)
    client.post(f"/imports/{file.pk}/", matched(file))

    page = client.get(f"/imports/{file.pk}/").content.decode()

    assert "Type the level in plain digits" in page
    assert "Import all rows" not in page
    assert "<b>0</b>would be new" in page
    assert "<b>1</b>cannot be imported" in page
    file.refresh_from_db()
    client.post(f"/imports/{file.pk}/store/", {"version": file.version})
    page = client.get(f"/imports/{file.pk}/").content.decode()
    assert "Nothing is imported: 1 rows cannot be" in page


def test_an_error_quotes_the_cell_and_names_the_patient(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    client = browser_of(nurse)
    rows = (LEVEL.replace("13.3", "12.O"), LEVEL.replace(" 08:00", ",8 am"))
    content = csv_of(
        treated,
        rows[0].replace(" 08:00", ",08:00"),
        rows[1],
        header=HEADER.replace("drawn at", "drawn at,drawn time"),
    )
    file = upload(client, treated.site.pk, content)
    client.post(f"/imports/{file.pk}/", matched(file))

    page = client.get(f"/imports/{file.pk}/").content.decode()

    assert page.count(f'<td data-label="Identifier">{treated.identifier}</td>') == 2
    assert 'Level <span class="sample">12.O</span>' in page
    assert '<span class="sample">8 am</span>' in page


def test_a_file_of_which_every_row_is_on_the_record_offers_no_import(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    a_trough(treated, "13.3", actor=nurse)
    client = browser_of(nurse)
    file = upload(client, treated.site.pk, csv_of(treated, LEVEL))
    client.post(f"/imports/{file.pk}/", matched(file))

    page = client.get(f"/imports/{file.pk}/").content.decode()

    assert "<b>1</b>unchanged" in page
    assert "there is nothing to import" in page
    assert "Import all rows" not in page


def test_one_fault_of_the_whole_file_is_one_line_with_some_of_its_cells(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    client = browser_of(nurse)
    days = [f"0{n}/03/2026 08:00" for n in range(1, 6)]
    rows = [LEVEL.replace("2026-03-30 08:00", day) for day in days]
    file = upload(client, treated.site.pk, csv_of(treated, *rows))
    client.post(f"/imports/{file.pk}/", matched(file))

    page = client.get(f"/imports/{file.pk}/").content.decode()

    assert page.count("Day or month first?") == 1
    assert '2–6 <span class="muted">(5 rows)</span>' in page
    assert (
        f'<span class="sample">{days[2]}</span> <span class="sample">…</span>' in page
    )


def test_a_fault_of_a_dose_in_a_diary_is_told_once_for_its_two_cells(
    browser_of: Browse, nurse: Staff, treated: Patient
) -> None:
    client = browser_of(nurse)
    header = "identifier,born on,day,taken,taken at"
    content = csv_of(treated, "{id},1980-05-04,2020-01-01,yes,8:00", header=header)
    file = upload(client, treated.site.pk, content, "diary")
    client.post(f"/imports/{file.pk}/", {**matched(file), "laboratory": ""})

    page = client.get(f"/imports/{file.pk}/").content.decode()

    assert page.count("No dose was prescribed for this day.") == 1
    assert "Taken or missed" in page
    assert "<b>1</b>cannot be imported" in page


def test_a_file_that_is_too_large_or_no_file_is_refused(
    browser_of: Browse, nurse: Staff
) -> None:
    client = browser_of(nurse)
    large = SimpleUploadedFile("a.csv", b"x" * (MOST_BYTES + 1))
    site = nurse.sites.get().pk

    too_large = client.post(
        "/imports/", {"kind": "levels", "site": site, "file": large}
    )
    empty = SimpleUploadedFile("a.csv", b"")
    no_rows = client.post("/imports/", {"kind": "levels", "site": site, "file": empty})

    assert (too_large.status_code, no_rows.status_code) == (413, 422)
    assert "There are no rows in this file." in no_rows.content.decode()


def test_the_columns_that_a_file_needs_are_told_before_it_is_sent(
    browser_of: Browse, clinician: Staff
) -> None:
    page = browser_of(clinician).get("/imports/").content.decode()

    assert (
        "Needs the columns: Identifier; Date of birth;"
        " Drawn: date and time, or date; Level; Unit." in page
    )
    assert "May have: First day without it; Usual time of day; Protocol; Reason" in page
    assert "Needs the columns: Identifier; Date of birth; Day." in page


def test_a_nurse_imports_no_doses(
    browser_of: Browse, nurse: Staff, clinician: Staff, treated: Patient
) -> None:
    header = "identifier,born on,start,amount,interval"
    content = csv_of(treated, "{id},1980-05-04,2026-04-01,1,24", header=header)
    file = upload(browser_of(clinician), treated.site.pk, content, "doses")

    client = browser_of(nurse)

    assert client.get(f"/imports/{file.pk}/").status_code == 403
    assert 'value="doses"' not in client.get("/imports/").content.decode()


def test_a_long_file_goes_to_a_worker_and_the_page_asks_how_far_it_is(
    browser_of: Browse,
    nurse: Staff,
    treated: Patient,
    laboratory: Laboratory,
    by_worker: None,
) -> None:
    client = browser_of(nurse)
    file = upload(client, treated.site.pk, csv_of(treated, LEVEL))
    filework.put(file.pk, filework.Shown(30, 120, version=file.version))
    assert "30 of 120 done" in client.get(f"/imports/{file.pk}/").content.decode()
    under_way = client.get(f"/imports/{file.pk}/progress/").content.decode()
    assert 'max="120" value="30"' in under_way

    client.post(f"/imports/{file.pk}/", matched(file))

    assert client.get(f"/imports/{file.pk}/progress/")["HX-Refresh"] == "true"
    file.refresh_from_db()
    assert (file.stage, file.report["new"]) == ("checked", 1)


def test_a_file_that_nobody_wants_is_discarded_and_may_be_uploaded_again(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    client = browser_of(nurse)
    file = upload(client, treated.site.pk, csv_of(treated, LEVEL))
    client.post(f"/imports/{file.pk}/", matched(file))
    file.refresh_from_db()
    assert "Discard the file" in client.get(f"/imports/{file.pk}/").content.decode()

    address = f"/imports/{file.pk}/discard/"
    early = client.post(address, {"version": file.version - 1})
    assert early.status_code == 422
    done = client.post(address, {"version": file.version}, follow=True)

    assert "The file was discarded." in done.content.decode()
    assert f"/imports/{file.pk}/" not in client.get("/imports/").content.decode()
    file.refresh_from_db()
    assert (file.stage, bytes(file.content)) == ("dropped", b"")
    page = client.get(f"/imports/{file.pk}/").content.decode()
    assert "Import all rows" not in page
    assert "Discard the file" not in page
    for again in ("", "discard/", "store/"):
        client.post(f"/imports/{file.pk}/{again}", matched(file))
        file.refresh_from_db()
        assert file.stage == "dropped"
    assert upload(client, treated.site.pk, csv_of(treated, LEVEL)).pk != file.pk


def test_what_is_imported_can_only_be_undone(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    client = browser_of(nurse)
    file = upload(client, treated.site.pk, csv_of(treated, LEVEL))
    client.post(f"/imports/{file.pk}/", matched(file))
    client.post(f"/imports/{file.pk}/store/", {"version": file.version + 2})

    file.refresh_from_db()
    client.post(f"/imports/{file.pk}/discard/", {"version": file.version})

    file.refresh_from_db()
    assert file.stage == "imported"


def test_whoever_pressed_import_too_late_leaves_no_word_on_the_page(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    client = browser_of(nurse)
    file = upload(client, treated.site.pk, csv_of(treated, LEVEL))
    client.post(f"/imports/{file.pk}/", matched(file))
    filework.put(file.pk, filework.Shown(said="Too late", version=file.version))

    assert "Too late" not in client.get(f"/imports/{file.pk}/").content.decode()


def told_long_ago(version: int) -> filework.Shown:
    """How far work was whose worker has been silent for too long."""
    silent = filework.SILENT + timedelta(seconds=1)
    return filework.Shown(30, 120, version=version, told_at=timezone.now() - silent)


def test_work_whose_worker_was_killed_says_that_it_stopped_and_can_be_done_again(
    browser_of: Browse,
    nurse: Staff,
    treated: Patient,
    laboratory: Laboratory,
    by_worker: None,
) -> None:
    client = browser_of(nurse)
    file = upload(client, treated.site.pk, csv_of(treated, LEVEL))
    address = f"/imports/{file.pk}/"
    filework.put(file.pk, told_long_ago(file.version))

    assert client.get(f"{address}progress/")["HX-Refresh"] == "true"
    page = client.get(address).content.decode()
    assert (
        "The work on this file stopped before its end. Nothing was stored."
        " Start it again." in page
    )
    assert "Check the file" in page

    client.post(address, matched(file))
    page = client.get(address).content.decode()
    assert "stopped before its end" not in page
    assert "<b>1</b>would be new" in page


def test_work_that_was_stored_before_its_worker_was_killed_is_not_said_to_be_lost(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    client = browser_of(nurse)
    file = upload(client, treated.site.pk, csv_of(treated, LEVEL))
    client.post(f"/imports/{file.pk}/", matched(file))
    filework.put(file.pk, told_long_ago(file.version))

    page = client.get(f"/imports/{file.pk}/").content.decode()

    assert "stopped before its end" not in page
    assert "<b>1</b>would be new" in page


@pytest.mark.django_db(transaction=True)
def test_a_second_run_on_a_file_says_that_someone_is_at_it(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    client = browser_of(nurse)
    file = upload(client, treated.site.pk, csv_of(treated, LEVEL))
    job = filework.Job(
        file_id=file.pk,
        version=file.version,
        actor_id=nurse.pk,
        what="check",
        words={},
        language="en",
    )
    someone = connection.copy()
    with someone.cursor() as elsewhere, connection.cursor() as here:
        elsewhere.execute("BEGIN; SELECT 1 FROM dosing_fileimport FOR UPDATE")
        here.execute("SET lock_timeout = '50ms'")
        with pytest.raises(OperationalError):
            filework.work(job)
        here.execute("RESET lock_timeout")
    someone.close()

    assert "Someone is at work" in client.get(f"/imports/{file.pk}/").content.decode()


def test_a_report_that_waits_is_accepted_after_its_question_or_refused(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    program = a_staff_member(treated.site, Role.API_CLIENT)
    link = Link(laboratory, "HOSP")
    text = MESSAGE.replace("{id}", treated.identifier).replace("13.3", "133")
    for number in ("M1", "M2"):
        services.receive_message(
            link=link, content=text.replace("M1", number).encode(), actor=program
        )
    first, second = LabReport.objects.open()
    client = browser_of(nurse)
    assert "2 results wait for someone." in client.get("/imports/").content.decode()
    assert "2 results wait for someone." in client.get("/").content.decode()
    assert "133 ng/mL" in client.get("/messages/").content.decode()
    address = f"/messages/{first.pk}/"
    page = client.get(address)
    form = page.context["accept"]
    assert "MSH|" in page.content.decode()
    typed = {name: form[name].value() or "" for name in form.fields}
    typed |= {"drawn_at": "2026-03-30T08:00", "laboratory": laboratory.pk}

    asked = client.post(address, {**typed, "reason": "telephone"})
    assert asked.status_code == 422
    assert "far from what this patient could have" in asked.content.decode()
    keys = asked.context["accept"].data["confirmed"]
    client.post(address, {**typed, "reason": "telephone", "confirmed": keys})
    assert TroughLevel.objects.get().confirmed == "telephone"

    refused = {"version": second.version, "reason": "sent twice"}
    client.post(f"/messages/{second.pk}/refuse/", refused)
    assert not LabReport.objects.open().exists()


def test_a_report_in_an_unknown_unit_waits_without_a_unit_on_the_clinics_clock(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    """The sample was drawn at 22:45 UTC, which is the next morning in Tokyo."""
    text = MESSAGE.replace("{id}", treated.identifier).replace("ng/mL^ng/mL", "foo^foo")
    text = text.replace("20260330080000+0900", "20260329224500+0000")
    program = a_staff_member(treated.site, Role.API_CLIENT)
    link = Link(laboratory, "HOSP")
    services.receive_message(link=link, content=text.encode(), actor=program)
    client = browser_of(nurse)
    report = LabReport.objects.open().get()

    page = client.get(f"/messages/{report.pk}/")

    form = page.context["accept"]
    assert form["unit"].value() == ""
    assert '<option value="" selected>' in str(form["unit"])
    assert f"{form['drawn_at'].value():%d %H:%M}" == "30 07:45"
    listed = client.get("/messages/")
    assert treated.identifier in listed.content.decode()
    assert (list(listed.context["waiting"]), list(listed.context["latest"])) == (
        [report],
        [],
    )


def test_a_waiting_report_names_its_patient_and_takes_the_last_dose(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    for day, value in enumerate(("9.1", "9.2", "9.3", "9.4"), start=16):
        a_trough(treated, value, actor=nurse, day=day)
    text = MESSAGE.replace("{id}", treated.identifier).replace("13.3", "133")
    program = a_staff_member(treated.site, Role.API_CLIENT)
    link = Link(laboratory, "HOSP")
    services.receive_message(link=link, content=text.encode(), actor=program)
    report = LabReport.objects.open().get()
    client = browser_of(nurse)
    listed = client.get("/messages/").content.decode()
    address = f"/messages/{report.pk}/"
    page = client.get(address)
    said = page.content.decode()

    assert "Mon 30 Mar 2026 08:00" in listed
    assert f'href="/patients/{treated.pk}/">{treated.identifier}, {treated}' in said
    assert all(f"{value} ng/mL" in said for value in ("9.4", "9.3", "9.2"))
    assert "9.1 ng/mL" not in said
    assert "AA: accepted, not to be sent again" in said

    form = page.context["accept"]
    typed = {name: form[name].value() or "" for name in form.fields}
    typed |= {
        "level": "13.3",
        "drawn_at": "2026-03-30T08:00",
        "last_dose_at": "2026-03-29T08:00",
        "laboratory": laboratory.pk,
        "reason": "asked by telephone",
    }
    assert client.post(address, typed).status_code == 302

    assert TroughLevel.objects.newest_of(treated)[0].hours_since_dose == 24


def test_the_reason_why_a_report_waits_is_told_in_the_readers_language(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    text = MESSAGE.replace("{id}", "NOBODY")
    program = a_staff_member(treated.site, Role.API_CLIENT)
    link = Link(laboratory, "HOSP")
    services.receive_message(link=link, content=text.encode(), actor=program)
    client = browser_of(nurse)

    page = client.get("/messages/", headers={"accept-language": "ja"})

    assert "No patient of this clinic" not in page.content.decode()


def test_an_odd_level_is_asked_about_in_the_readers_language(
    browser_of: Browse, nurse: Staff, treated: Patient, laboratory: Laboratory
) -> None:
    program = a_staff_member(treated.site, Role.API_CLIENT)
    link = Link(laboratory, "HOSP")
    text = MESSAGE.replace("{id}", treated.identifier)
    for number, value in (("M1", "133"), ("M2", "13.3"), ("M3", "13.4")):
        sent = text.replace("M1", number).replace("13.3", value)
        sent = sent.replace("ORD1", number)
        services.receive_message(link=link, content=sent.encode(), actor=program)
    client = browser_of(nurse)
    report = LabReport.objects.open()[0]

    listed = client.get("/messages/", headers={"accept-language": "ja"})
    page = client.get(f"/messages/{report.pk}/", headers={"accept-language": "ja"})

    for said in (listed.content.decode(), page.content.decode()):
        assert "far from what this patient" not in said
        assert "133 ng/mLは、この患者で想定される範囲" in said
    assert "recorded as" not in listed.content.decode()
    assert "far from what this patient" in client.get("/messages/").content.decode()


def test_messages_of_a_file_are_taken_in_by_a_command(
    treated: Patient,
    laboratory: Laboratory,
    tmp_path: object,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program = a_link(treated.site, Scope.WRITE_LEVELS)
    path = tmp_path / "levels.hl7"  # type: ignore[operator]
    text = MESSAGE.replace("{id}", treated.identifier).replace("\r", "\n")
    path.write_text(text + text.replace("|M1|", "|M2|"))

    call_command(
        "hl7_file",
        str(path),
        site=treated.site.name,
        laboratory=laboratory.name,
        by=program.username,
        assigner="HOSP",
    )

    said = capsys.readouterr().out
    assert said.count("MSA|AA|") == 2
    assert TroughLevel.objects.count() == 1


@pytest.mark.browser
def test_someone_imports_a_file_at_a_screen(person: Person) -> None:
    patient = Patient.objects.filter(levels__isnull=False).first()
    assert patient is not None
    drawn = clinic_day() - timedelta(days=1)
    row = f"{patient.identifier},{patient.born_on},{drawn} 07:00,<2.0,ng/mL,"
    person.signs_in("nurse")
    person.click("Imports", role="link")
    person.page.get_by_label("File", exact=True).set_input_files(
        {
            "name": "levels.csv",
            "mimeType": "text/csv",
            "buffer": f"{HEADER}\n{row}\n".encode(),
        }
    )
    person.click("Upload and look at it")
    person.click("Check the file")
    person.sees("would be new")
    person.click("Import all rows")
    person.types("Why is the import undone?", "only a test")
    person.click("Undo the whole import")
    person.sees("Undone: only a test")

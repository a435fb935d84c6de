"""The diary on the pages: a week, a day, two hands, a silent diary, a level's doses."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from socket import socketpair
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from dosing import services
from dosing.diary import Entry, Place
from dosing.history import adherence, around, history_of
from dosing.models import Laboratory, TroughLevel
from dosing.services.labs import Typed
from dosing.words import say
from patients import services as people
from patients.models import Patient, Role, Site, Staff, Task
from patients.services.photos import LARGEST_BYTES
from patients.web import MOST_SAVES_A_MINUTE
from tdm import middleware
from tdm.worklist import Urgency, worklist
from tests.builders import (
    DAY_0,
    TOKYO,
    a_dose,
    a_patient,
    a_protocol,
    a_signature,
    a_site,
    a_staff_member,
    a_trough,
    in_diary,
)
from tests.tdm.told import timeline_of

Browse = Callable[[Staff], Client]
WEEK = DAY_0 + timedelta(days=7)


def address(patient: Patient) -> str:
    return f"/patients/{patient.pk}/diary/?on={WEEK}"


def cell(row: str, day: int = 0) -> str:
    return Place(WEEK + timedelta(days=day), row).key


def form(**more: str) -> dict[str, str]:
    return {"source": "phone", "reason": "from paper", **more}


def test_a_week_is_saved_in_one_request(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    doses = {f"now:{cell('dose', day)}": "taken" for day in range(7)}

    answer = browser_of(nurse).post(address(treated), form(**doses))

    assert (answer.status_code, treated.intakes.count()) == (200, 7)
    assert b"Saved" in answer.content


def test_all_as_prescribed_fills_what_is_empty_without_any_script(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    cells = {f"now:{cell('dose', day)}": "" for day in range(7)}
    cells[f"now:{cell('dose', 4)}"] = "missed: forgotten"

    browser_of(nurse).post(address(treated), form(all="1", **cells))

    states = list(treated.intakes.order_by("due_on").values_list("state", flat=True))
    assert states == ["taken"] * 4 + ["missed"] + ["taken"] * 2


def test_what_was_not_saved_keeps_what_was_typed_and_says_why(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    typed = {
        f"now:{cell('temperature_c')}": "98.6",
        f"now:{cell('pain_vas')}": "4",
    }

    answer = browser_of(nurse).post(address(treated), form(**typed))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "98.6 looks like °F. In °C it is 37." in page
    assert "1 cell not saved" in page
    assert 'value="98.6"' in page


def test_a_reason_that_is_asked_for_below_has_its_field_and_lets_the_day_in(
    treated: Patient, laboratory: Laboratory, clinician: Staff, browser_of: Browse
) -> None:
    on_the_page = Place(treated.site.today(timezone.now()), "dose")
    services.save_diary(
        patient=treated,
        entries=[Entry(on_the_page, "", "taken")],
        source="phone",
        actor=clinician,
    )
    a_trough(treated, "12", actor=clinician)
    a_signature(treated, "2", actor=clinician)
    week = f"/patients/{treated.pk}/diary/"
    mended = {
        "source": "phone",
        f"was:{on_the_page.key}": "taken",
        f"now:{on_the_page.key}": "missed: forgotten",
    }
    client = browser_of(clinician)
    assert 'name="reason"' not in client.get(week).content.decode()

    refused = client.post(week, mended)
    stored = client.post(week, {**mended, "reason": "Told by telephone"})

    assert "say below why it is changed" in refused.content.decode()
    assert 'name="reason"' in refused.content.decode()
    assert (refused.status_code, stored.status_code) == (422, 200)


def test_two_hands_on_one_cell_are_shown_both_and_one_is_picked(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    in_diary(treated, 7, temperature_c="36.4", actor=nurse)
    key = cell("temperature_c")
    client = browser_of(nurse)

    clash = client.post(address(treated), form(**{f"now:{key}": "37.2"}))
    page = clash.content.decode()
    assert clash.status_code == 409
    assert "theirs: 36.4" in page
    assert "yours: 37.2" in page

    again = {f"now:{key}": "37.2", f"was:{key}": "", f"seen:{key}": "36.4"}
    assert client.post(address(treated), form(**again)).status_code == 409
    theirs = client.post(address(treated), form(**again, **{f"pick:{key}": "theirs"}))
    assert (theirs.status_code, value(treated)) == (200, "36.40")
    mine = client.post(address(treated), form(**again, **{f"pick:{key}": "mine"}))
    assert (mine.status_code, value(treated)) == (200, "37.20")


def value(patient: Patient) -> str:
    return str(patient.measurements.get(quantity="temperature_c").value)


def test_one_day_is_entered_on_a_phone(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    typed = {
        f"now:{cell('dose')}": "taken",
        f"now:{cell('pain_vas')}": "3",
        f"now:{cell('none')}": "none",
    }

    answer = browser_of(nurse).post(
        f"/patients/{treated.pk}/diary/day/?on={WEEK}", form(**typed)
    )

    assert answer.status_code == 200
    assert treated.diary_days.get().no_side_effects


def test_the_cells_of_another_week_or_of_no_row_are_not_written(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    strange = {
        "now:2026-03-08.dose.0": "taken",
        "now:2026-99-99.dose.0": "taken",
        f"now:{WEEK}.heart.0": "1",
        "now:x": "1",
    }

    assert browser_of(nurse).post(address(treated), form(**strange)).status_code == 200
    assert not treated.diary_days.exists()


def test_a_diary_of_another_clinic_does_not_exist(
    treated: Patient, browser_of: Browse, db: None
) -> None:

    stranger = a_staff_member(a_site("Osaka clinic"), Role.NURSE)

    assert browser_of(stranger).get(address(treated)).status_code == 404


def test_a_thousand_saves_in_a_minute_are_stopped(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    client = browser_of(nurse)
    minute = f"{timezone.now():%Y%m%d%H%M}"
    cache.set(f"saves-diary-{nurse.pk}-{minute}", MOST_SAVES_A_MINUTE, 120)

    answers = {client.post(address(treated), form()).status_code for _again in range(2)}

    assert 429 in answers


def test_an_abnormal_value_offers_a_task(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    in_diary(treated, 7, spo2_percent="93", actor=nurse)
    client = browser_of(nurse)

    assert "Make a task" in client.get(address(treated)).content.decode()
    place = {"cell": cell("spo2_percent")}
    for _again in range(2):
        client.post(f"/patients/{treated.pk}/diary/task/", place)

    task = Task.objects.get(kind="value")
    assert task.facts["value"] == "93"
    nothing = client.post(
        f"/patients/{treated.pk}/diary/task/", {"cell": cell("spo2_percent", 1)}
    )
    assert nothing.status_code == 404


def heard(patient: Patient, actor: Staff, days_ago: int) -> None:
    day = patient.site.today(timezone.now()) - timedelta(days=days_ago)
    services.save_diary(
        patient=patient,
        entries=[Entry(Place(day, "dose"), "", "taken")],
        source="phone",
        actor=actor,
    )


def lines(staff: Staff) -> list[Urgency]:
    found = worklist(staff, at=timezone.localtime(timezone.now(), TOKYO))
    return [line.urgency for line in found.lines]


@pytest.mark.parametrize(("days", "silent"), [(3, 0), (4, 1)])
def test_three_empty_days_raise_one_line_that_ends_with_the_first_entry(
    treated: Patient, nurse: Staff, days: int, silent: int
) -> None:
    heard(treated, nurse, days + 2)
    heard(treated, nurse, days)

    assert lines(nurse).count(Urgency.SILENT_DIARY) == silent
    heard(treated, nurse, 1)
    assert Urgency.SILENT_DIARY not in lines(nurse)


def test_whoever_keeps_no_diary_is_not_called_silent(
    treated: Patient, nurse: Staff
) -> None:
    assert Urgency.SILENT_DIARY not in lines(nurse)


def test_a_clinic_may_wait_longer_for_a_diary(
    treated: Patient, nurse: Staff, site: Site
) -> None:
    heard(treated, nurse, 6)
    assert Urgency.SILENT_DIARY in lines(nurse)
    site.silent_after_days = 6
    site.save()

    assert Urgency.SILENT_DIARY not in lines(nurse)


def said(patient: Patient, level: TroughLevel) -> str:
    found = adherence(history_of(patient), around(patient).intakes, level)
    return " ".join(map(say, found.sentences))


def test_the_reading_of_a_level_counts_the_doses_behind_it(
    treated: Patient, laboratory: Laboratory, nurse: Staff
) -> None:
    level = a_trough(treated, "9.1", actor=nurse)
    assert said(treated, level) == (
        "The diary says nothing of the 14 doses due in the 14 days before this draw;"
        " all are counted as taken."
    )

    for day in range(14, 28):
        in_diary(treated, day, dose="taken", actor=nurse)
    in_diary(treated, 13, dose="missed: forgotten", actor=nurse)
    in_diary(treated, 20, dose="missed: forgotten", actor=nurse)
    in_diary(treated, 22, dose="unknown", actor=nurse)

    assert said(treated, level) == (
        "14 doses due in the 14 days before this draw: 12 taken."
        " 1 missed, the last on Sun 22 Mar 2026."
        " 1 not known, the last on Tue 24 Mar 2026."
    )


def test_days_without_an_entry_are_counted_as_taken_and_it_is_said(
    treated: Patient, laboratory: Laboratory, nurse: Staff, browser_of: Browse
) -> None:
    a_trough(treated, "9.1", actor=nurse)
    in_diary(treated, 20, dose="taken", actor=nurse)

    page = browser_of(nurse).get(f"/patients/{treated.pk}/").content.decode()

    assert "13 without an entry, counted as taken." in page


def test_a_task_is_done_by_who_says_what_was_done(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    task = people.raise_task(
        patient=treated, kind="other", key="1", text="Call.", actor=nurse
    )
    assert Urgency.TASK in lines(nurse)
    client = browser_of(nurse)
    done = f"/tasks/{task.pk}/done/"

    assert client.post(done, {"version": 1, "outcome": " "}).status_code == 422
    client.post(done, {"version": 1, "outcome": "Called, all well"})

    assert Urgency.TASK not in lines(nurse)
    assert client.post(done, {"version": 2, "outcome": "again"}).status_code == 422
    task.refresh_from_db()
    assert (task.closed_by, task.outcome) == (nurse, "Called, all well")


def test_a_level_and_a_task_are_two_lines(
    site: Site, clinician: Staff, nurse: Staff, laboratory: Laboratory
) -> None:

    patient = a_patient(site, clinician)
    a_dose(patient, "2", protocol=a_protocol(), actor=clinician)
    a_trough(patient, "21", actor=clinician)
    people.raise_task(
        patient=patient,
        kind="fever",
        key="1",
        text="Fever.",
        actor=nurse,
        is_urgent=True,
    )

    assert lines(nurse) == [Urgency.URGENT_LEVEL, Urgency.URGENT_TASK]


def a_picture(form: str, *, exif: bool = False) -> bytes:
    picture, out = Image.new("RGB", (40, 20), "teal"), BytesIO()
    told = Image.Exif()
    if exif:
        told[271] = "Maker of a telephone"
    picture.save(out, form, exif=told)
    return out.getvalue()


def attach(client: Client, patient: Patient, sent: bytes, name: str = "p.jpg") -> int:
    answer = client.post(
        f"/patients/{patient.pk}/diary/photo/",
        {"week_on": WEEK, "photo": SimpleUploadedFile(name, sent)},
    )
    return answer.status_code


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_photo_of_the_paper_keeps_its_pixels_and_nothing_else(
    treated: Patient, nurse: Staff, browser_of: Browse, form: str
) -> None:
    client = browser_of(nurse)

    assert attach(client, treated, a_picture(form, exif=True)) == 303

    photo = treated.diary_photos.get()
    answer = client.get(f"/photos/{photo.pk}/")
    assert answer["Content-Type"] == f"image/{form.lower()}"
    assert b"Maker" not in answer.content
    assert Image.open(BytesIO(answer.content)).size == (40, 20)
    assert f"/photos/{photo.pk}/" in client.get(address(treated)).content.decode()


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (b"<svg onload=alert(1)>", "p.jpg"),
        (a_picture("GIF"), "p.png"),
        (a_picture("PNG")[:60], "p.png"),
        (b"x" * (LARGEST_BYTES + 1), "p.jpg"),
    ],
    ids=["text", "another format", "cut off", "too large"],
)
def test_what_is_no_picture_is_refused(
    treated: Patient, nurse: Staff, browser_of: Browse, sent: bytes, name: str
) -> None:
    assert attach(browser_of(nurse), treated, sent, name) == 422
    assert not treated.diary_photos.exists()


def test_a_photo_is_shown_to_its_clinic_only(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    attach(browser_of(nurse), treated, a_picture("PNG"))
    stranger = a_staff_member(a_site("Osaka clinic"), Role.CLINICIAN)

    photo = treated.diary_photos.get()
    assert browser_of(stranger).get(f"/photos/{photo.pk}/").status_code == 404


def test_a_file_pasted_into_a_note_is_stopped_at_the_door(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    note = {f"now:{cell('note')}": "x" * 2_000_000}

    assert browser_of(nurse).post(address(treated), form(**note)).status_code == 413
    assert not treated.diary_days.exists()


def test_a_day_of_the_diary_is_one_line_of_the_page_and_every_entry_of_the_api(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    in_diary(treated, 7, dose="taken", temperature_c="36.4", pain_vas="3", actor=nurse)

    page = browser_of(nurse).get(f"/patients/{treated.pk}/")

    told = [entry.title for entry in page.context["entries"] if entry.kind == "diary"]
    assert told == [
        "Diary (paper diary) · Dose: taken"
        " · Pain, visual analogue scale (0-10): 3 · Temperature (°C): 36.4"
    ]
    assert {e.kind for e in page.context["entries"]} == {"diary", "dose", "protocol"}
    kinds = [entry.kind for entry in timeline_of(treated)]
    assert (kinds.count("measurement"), kinds.count("intake")) == (2, 1)


def test_today_shows_three_tasks_of_a_patient_and_the_page_all(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    for number in range(5):
        people.raise_task(
            patient=treated,
            kind="other",
            key=str(number),
            text="Call on %(day)s.",
            facts={"day": "2026-11-26"},
            actor=nurse,
        )
    client = browser_of(nurse)

    today = client.get("/").content.decode()
    assert today.count("Call on Thu 26 Nov 2026.") == 3
    assert "2 more tasks" in today
    page = client.get(f"/patients/{treated.pk}/").content.decode()
    assert page.count("Call on Thu 26 Nov 2026.") == 5


def test_an_open_fever_and_a_severe_grade_stand_above_every_dose(
    treated: Patient, laboratory: Laboratory, clinician: Staff, browser_of: Browse
) -> None:
    a_trough(treated, "12", actor=clinician)
    today = treated.site.today(timezone.now())
    services.save_diary(
        patient=treated,
        entries=[Entry(Place(today, "temperature_c"), "", "39.1")],
        source="phone",
        actor=clinician,
    )
    services.record_labs(
        patient=treated,
        drawn_on=today,
        results={"neutrophils": Typed(Decimal("0.9"), "10^9/L")},
        actor=clinician,
    )

    page = browser_of(clinician).get(f"/patients/{treated.pk}/decide/").content.decode()

    above, _doses = page.split('class="choices"')
    assert "39.1 °C" in above
    assert "Hold sirolimus while neutrophils are below 1.0" in above


def test_a_drug_of_unknown_size_is_named_beside_the_curve(
    treated: Patient, clinician: Staff, browser_of: Browse
) -> None:
    services.record_comedication(
        patient=treated,
        drug="clarithromycin",
        starts_on=treated.site.today(timezone.now()),
        actor=clinician,
    )

    page = browser_of(clinician).get(f"/patients/{treated.pk}/").content.decode()

    assert "Without Clarithromycin: how much it changes sirolimus is not known" in page


def test_a_level_is_pre_filled_with_the_time_the_diary_knows(
    treated: Patient, laboratory: Laboratory, nurse: Staff, browser_of: Browse
) -> None:
    client = browser_of(nurse)
    form_ = client.get(f"/patients/{treated.pk}/levels/new/").context["form"]
    due = form_.initial["last_dose_at"]
    services.save_diary(
        patient=treated,
        entries=[Entry(Place(due.date(), "at"), "", "09:40")],
        source="phone",
        actor=nurse,
    )

    again = client.get(f"/patients/{treated.pk}/levels/new/").context["form"]
    assert again.initial["last_dose_at"] == due.replace(hour=9, minute=40)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "soon"])
def test_a_day_that_cannot_be_meant_opens_a_diary_all_the_same(
    treated: Patient, nurse: Staff, browser_of: Browse, day: str
) -> None:
    client = browser_of(nurse)

    for page in ("diary/", "diary/day/"):
        answer = client.get(f"/patients/{treated.pk}/{page}?on={day}")
        assert answer.status_code == 200


def test_a_picture_of_several_frames_is_kept_as_one(
    treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    first, second = (Image.new("RGB", (8, 8), each) for each in ("teal", "red"))
    out = BytesIO()
    first.save(out, "MPO", save_all=True, append_images=[second])

    assert attach(browser_of(nurse), treated, out.getvalue()) == 303


def test_a_week_that_never_comes_whole_is_not_taken_for_an_empty_one(
    treated: Patient,
    nurse: Staff,
    browser_of: Browse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(middleware, "BODY_WAIT_S", 0.2)
    client = browser_of(nurse)
    ours, theirs = socketpair()
    with ours, theirs, ours.makefile("rb") as said:
        theirs.sendall(b"now:2026-03-05:note=tired")
        as_gunicorn_says: dict[str, Any] = {
            "CONTENT_LENGTH": "400",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "wsgi.input": said,
            "gunicorn.socket": ours,
        }

        answer = client.post(address(treated), **as_gunicorn_says)

        assert ours.gettimeout() is None
    assert answer.status_code == 408
    assert "what you typed is still there" in answer.content.decode()

"""The page of a patient's lesions, from the body map to the verdicts."""

from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from dosing import services as dosing
from dosing.history import history_of
from dosing.models import Laboratory
from dosing.services.labs import Typed
from patients import services as people
from patients.forms.body_map import shape
from patients.models import ImagingStudy, Lesion, Patient, Region, Role, Staff
from patients.response import SERIES_RULE, Verdict, judge
from tdm.response import stories_of
from tests.builders import DAY_0, a_lesion, a_site, a_staff_member, a_visit, an_mri
from tests.tdm.demo import demo_clinic

Browse = Callable[[Staff], Client]


@pytest.fixture
def lesion(treated: Patient, clinician: Staff) -> Lesion:
    return a_lesion(treated, clinician)


def page_of(client: Client, patient: Patient) -> str:
    answer = client.get(f"/patients/{patient.pk}/lesions/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


LESION = {"body_site": "Flexors", "compartment": "muscle", "issva_type": "common_vm"}


def test_a_tap_on_the_body_map_says_region_and_side(
    patient: Patient, nurse: Staff, browser_of: Browse
) -> None:
    client = browser_of(nurse)
    facts = {"gene": "tek", "variant": "L914F", "coagulopathy": "yes"}
    form = {**LESION, **facts, "place": "forearm.left", "side": ""}
    client.post(f"/patients/{patient.pk}/lesions/new/", form)

    lesion = patient.lesions.get()
    assert (lesion.region, lesion.side, lesion.gene) == ("forearm", "left", "tek")
    page = page_of(client, patient)
    assert 'aria-label="Body map: forearm, left"' in page
    assert "TEK (TIE2) · L914F" in page

    again = {"version": 1, "reason": "other side", "place": "forearm.right"}
    answer = client.post(
        f"/lesions/{lesion.pk}/correct/", {**form, **again, "side": "left"}
    )
    assert "The map says the other side." in answer.content.decode()
    client.post(f"/lesions/{lesion.pk}/correct/", {**form, **again, "side": "both"})
    lesion.refresh_from_db()
    assert (lesion.region, lesion.side) == ("forearm", "both")


def test_the_first_lesion_is_placed_on_the_map_with_its_patient(
    nurse: Staff, browser_of: Browse
) -> None:
    known = {"identifier": "M-1", "family_name": "Mori", "given_name": "Aki"}
    form = {**known, "site": nurse.sites.get().pk, "born_on": "1990-01-01"}
    place = {**LESION, "sex": "male", "place": "knee.right", "side": ""}
    browser_of(nurse).post("/patients/new/", {**form, **place})

    lesion = Patient.objects.get().lesions.get()
    assert (lesion.region, lesion.side) == ("knee", "right")


@pytest.mark.parametrize("region", Region.values)
def test_every_region_is_drawn_on_each_side(region: str) -> None:
    assert shape(region, "left").startswith("M")
    assert shape(region, "left") != shape(region, "right")


def test_a_study_is_recorded_and_corrected_on_its_page(
    lesion: Lesion, treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    client = browser_of(nurse)
    form = {"done_on": "2026-03-02", "modality": "mri", "area_mm2": "1000"}
    client.post(f"/lesions/{lesion.pk}/imaging/new/", {**form, "is_baseline": "on"})
    later = {**form, "done_on": "2026-06-01", "area_mm2": "717"}
    printed = {"area_printed_percent": "-29", "reader_name": "Dr Ueda"}
    client.post(f"/lesions/{lesion.pk}/imaging/new/", {**later, **printed})

    page = page_of(client, treated)
    assert "(717 − 1000) / 1000 × 100 = −28.30 %" in page
    assert "differs from the computed change" in page
    assert "read by Dr Ueda" in page

    study = ImagingStudy.objects.latest("done_on")
    here = f"/imaging/{study.pk}/lesions/{lesion.pk}/correct/"
    assert 'value="717.00"' in client.get(here).content.decode()
    again = {"version": 1, "reason": "misread", "area_printed_percent": "-28.8"}
    client.post(here, {**later, **again})
    assert "differs from the computed change" not in page_of(client, treated)

    wrong = client.post(here, {**later, **again, "version": 2, "modality": "ct"})
    assert "Only numbers of an MRI are kept" in wrong.content.decode()


def test_a_study_withdrawn_on_its_page_is_struck_out_of_the_timeline(
    lesion: Lesion, treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    client = browser_of(nurse)
    an_mri(lesion, is_baseline=True, actor=nurse)
    study = an_mri(lesion, day=91, area="717", actor=nurse)
    withdraw = {"version": 1, "reason": "other patient"}
    client.post(f"/imaging/{study.pk}/withdraw/", withdraw)

    assert "717" not in page_of(client, treated)
    story = client.get(f"/patients/{treated.pk}/").content.decode()
    assert "717" in story
    assert "MRI, baseline" in story
    assert story.count("entered in error") == 2
    history = client.get(f"/history/imaging/{study.pk}/").content.decode()
    assert "Imaging study withdrawn" in history


def test_a_computed_volume_is_not_typed_again_on_correction(
    lesion: Lesion, nurse: Staff, browser_of: Browse
) -> None:
    client = browser_of(nurse)
    form = {"done_on": "2026-03-02", "modality": "mri", "volume_method": "ellipsoid"}
    diameters = {f"diameter_{n}_mm": "20" for n in (1, 2, 3)}
    client.post(f"/lesions/{lesion.pk}/imaging/new/", {**form, **diameters})
    study = ImagingStudy.objects.get()

    initial = (
        client.get(f"/imaging/{study.pk}/lesions/{lesion.pk}/correct/")
        .context["form"]
        .initial
    )

    assert "volume_cm3" not in initial
    assert initial["volume_method"] == "ellipsoid"
    assert str(study.measurements.get(quantity="mri_volume_cm3").value) == "4.19"


def test_without_a_baseline_the_page_says_so(
    lesion: Lesion, treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    an_mri(lesion, day=60, actor=nurse)

    assert "Baseline missing." in page_of(browser_of(nurse), treated)


def test_the_teaching_cases_are_judged_with_their_raw_numbers(
    db: None, client: Client
) -> None:
    demo_clinic()
    clinician = Staff.objects.get(username="clinician")
    client.force_login(clinician, backend="tdm.roles.RoleBackend")
    first, second = Patient.objects.order_by("identifier")

    verdicts = [
        [
            (row.response.rule.key, row.word)
            for row in client.get(f"/patients/{case.pk}/lesions/")
            .context["stories"][0][0]
            .judged
        ]
        for case in (first, second)
    ]
    assert verdicts == [
        [
            ("series", "responds"),
            ("area", "responds"),
            ("volume", "cannot be judged"),
        ],
        [
            ("series", "responds"),
            ("area", "does not respond"),
            ("volume", "cannot be judged"),
        ],
    ]
    page = page_of(client, first)
    assert "maximum MRI area: 1299 → 931 mm²" in page
    assert "(−28.33 %)" in page
    assert "printed −29 %" in page
    assert "differs from the computed change" in page
    assert "differs from the computed change" not in page_of(client, second)
    line = " ".join(client.get(f"/patients/{second.pk}/").content.decode().split())
    assert "area 20 % smaller: <b>does not respond</b>" in line


def picture() -> bytes:
    made, out = Image.new("RGB", (8, 8), "teal"), BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "Sato Hanako"
    made.save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_a_key_image_keeps_its_pixels_and_is_shown_to_its_clinic_only(
    lesion: Lesion, treated: Patient, nurse: Staff, browser_of: Browse
) -> None:
    study = an_mri(lesion, actor=nurse)
    client, here = browser_of(nurse), f"/imaging/{study.pk}/images/new/"
    html = SimpleUploadedFile("scan.png", b"<html><script>1</script></html>")
    assert client.post(here, {"photo": html}).status_code == 422
    client.post(here, {"photo": SimpleUploadedFile("scan.jpg", picture())})

    image = study.key_images.get()
    answer = client.get(f"/key-images/{image.pk}/")
    assert (answer["Content-Type"], b"Hanako" in answer.content) == (
        "image/jpeg",
        False,
    )
    assert f"/key-images/{image.pk}/" in page_of(client, treated)

    for role, site in ((Role.NURSE, a_site("Osaka")), (Role.RESEARCH_READER, None)):
        stranger = a_staff_member(site or treated.site, role)
        got = browser_of(stranger).get(f"/key-images/{image.pk}/").status_code
        assert got in {403, 404}
    people.withdraw_imaging(study=study, version=1, reason="slip", actor=nurse)
    assert browser_of(nurse).get(f"/key-images/{image.pk}/").status_code == 404


def test_the_last_clotting_values_stand_beside_coagulation(
    lesion: Lesion,
    treated: Patient,
    laboratory: Laboratory,
    nurse: Staff,
    browser_of: Browse,
) -> None:
    dosing.record_labs(
        patient=treated,
        drawn_on=DAY_0,
        results={"fibrinogen": Typed(Decimal("1.1"), "g/L")},
        actor=nurse,
    )

    page = page_of(browser_of(nurse), treated)
    assert "Fibrinogen 1.1 g/L" in page
    assert "not verified [NV]" in page


def test_a_page_of_more_lesions_and_studies_asks_no_more_questions(
    lesion: Lesion,
    treated: Patient,
    nurse: Staff,
    browser_of: Browse,
    django_assert_num_queries: Any,
) -> None:
    client = browser_of(nurse)
    an_mri(lesion, actor=nurse)
    with django_assert_num_queries(19):
        page_of(client, treated)
    for day in (30, 60):
        an_mri(a_lesion(treated, nurse), day=day, actor=nurse)
    with django_assert_num_queries(19):
        page_of(client, treated)


def test_a_lesion_that_was_never_measured_does_not_respond_by_anothers_pain(
    treated: Patient, clinician: Staff
) -> None:
    old = a_lesion(treated, clinician)
    an_mri(old, actor=clinician)
    for day, pain in ((0, "8"), (60, "3")):
        a_visit(treated, old, day=day, pain=pain, actor=clinician)
    new = a_lesion(treated, clinician, body_site="thigh")

    known, added = stories_of(history_of(treated), [old, new])
    (alone,) = stories_of(history_of(treated), [new])

    verdicts = [
        judge(SERIES_RULE, story.course).verdict for story in (known, added, alone)
    ]
    assert verdicts == [Verdict.RESPONDS, Verdict.UNKNOWN, Verdict.RESPONDS]

"""Safety labs on the pages: the panel's form, the card, the timeline, the ranges."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dosing import services
from dosing.labs import read_labs
from dosing.models import Analyte, Laboratory, LabResult, ReferenceRange
from dosing.services.labs import Typed
from patients.models import Patient, Staff, Task
from tdm.charts import LabPoint, lab_trend
from tdm.labs import lab_cards
from tests.builders import DAY_0, a_laboratory, a_patient, a_site


def signed_in(client: Client, staff: Staff) -> Client:
    client.force_login(staff, backend="tdm.roles.RoleBackend")
    return client


def typed(**facts: str) -> dict[str, str]:
    """What the form sends: every unit, and the values that were typed."""
    units = {
        f"{analyte.value}_unit": unit
        for analyte in Analyte
        for unit in [LabResult(analyte=analyte.value).unit]
    }
    return {"drawn_on": str(DAY_0), **units, **facts}


def alt_up_to_40(laboratory: Laboratory) -> None:
    ReferenceRange.objects.create(
        laboratory=laboratory,
        analyte="alt",
        low=Decimal(5),
        high=Decimal(40),
        from_on=date(2020, 1, 1),
    )


def post(client: Client, patient: Patient, **facts: str) -> Any:
    return client.post(f"/patients/{patient.pk}/labs/new/", typed(**facts))


def test_a_panel_is_saved_in_one_request_and_the_factor_is_said(
    client: Client, nurse: Staff, patient: Patient, laboratory: Laboratory
) -> None:
    answer = post(
        signed_in(client, nurse),
        patient,
        laboratory=str(laboratory.pk),
        creatinine="1.2",
        creatinine_unit="mg/dL",
        alt="\uff13\uff15",
        haemoglobin="13,2",
        haemoglobin_unit="g/dL",
    )

    assert {lab.analyte: lab.value for lab in LabResult.objects.all()} == {
        "creatinine": Decimal("106.08"),
        "alt": 35,
        "haemoglobin": 132,
    }
    assert answer.status_code == 303
    page = client.get(answer["Location"]).content.decode()
    assert "3 laboratory values of" in page
    assert "Creatinine 1.2 mg/dL = 106 \u00b5mol/L (\u00d7 88.4)" in page


def test_each_bad_field_has_its_error_beside_it_and_nothing_is_saved(
    client: Client, nurse: Staff, patient: Patient
) -> None:
    answer = post(
        signed_in(client, nurse), patient, haemoglobin="13.2", alt="&lt;5", ast="20"
    )

    form = answer.context["form"]
    assert answer.status_code == 422
    assert set(form.errors) == {"alt"}
    assert "Type the number alone" in form.errors["alt"][0]

    answer = post(client, patient, haemoglobin="13.2", ast="20")

    assert set(answer.context["form"].errors) == {"haemoglobin"}
    assert "between 20 and 300 g/L" in answer.content.decode()
    assert 'value="13.2"' in answer.content.decode()
    assert not LabResult.objects.exists()


def test_the_form_offers_the_unit_the_clinic_used_last(
    client: Client, nurse: Staff, patient: Patient
) -> None:
    post(signed_in(client, nurse), patient, glucose="95", glucose_unit="mg/dL")
    other = a_patient(patient.site, nurse)

    form = client.get(f"/patients/{other.pk}/labs/new/").context["form"]

    assert form["glucose_unit"].value() == "mg/dL"
    assert form["creatinine_unit"].value() == "umol/L"


def test_a_panel_without_a_value_is_refused(
    client: Client, nurse: Staff, patient: Patient
) -> None:
    answer = post(signed_in(client, nurse), patient)

    assert answer.status_code == 422
    assert "Type at least one value." in answer.content.decode()


def test_the_card_shows_value_unit_word_grade_and_range(
    client: Client, nurse: Staff, patient: Patient, laboratory: Laboratory
) -> None:
    alt_up_to_40(laboratory)
    post(signed_in(client, nurse), patient, laboratory=str(laboratory.pk), alt="130")

    page = client.get(f"/patients/{patient.pk}/").content.decode()

    assert '<span class="mark above">high</span> <b>CTCAE 5.0 grade 2</b>' in page
    assert "Range 5\u201340 U/L" in page
    assert "ALT, last 130 U/L, high" in page
    assert "ALT 130 U/L, high, CTCAE 5.0 grade 2" in page
    assert Task.objects.get().facts["grade"] == "2"


def test_a_value_without_a_range_says_why_it_has_no_grade(
    client: Client, nurse: Staff, patient: Patient
) -> None:
    post(signed_in(client, nurse), patient, alt="130")

    page = client.get(f"/patients/{patient.pk}/").content.decode()

    assert '<span class="mark unknown">no range</span>' in page
    assert "Cannot be graded: no reference range" in page


def test_a_severe_grade_inside_no_range_is_marked_urgent(
    client: Client, nurse: Staff, patient: Patient
) -> None:
    post(signed_in(client, nurse), patient, neutrophils="0.4")

    page = client.get(f"/patients/{patient.pk}/").content.decode()

    assert '<span class="mark urgent">no range</span>' in page
    assert "CTCAE 5.0 grade 4" in page
    assert (
        "Neutrophils 0.4 10\u2079/L on Mon 2 Mar 2026"
        in client.get("/").content.decode()
    )


def test_a_value_is_corrected_and_withdrawn_from_the_timeline(
    client: Client, nurse: Staff, patient: Patient
) -> None:
    post(signed_in(client, nurse), patient, alt="130")
    lab = LabResult.objects.get()
    page = client.get(f"/patients/{patient.pk}/").content.decode()
    assert f"/labs/{lab.pk}/correct/" in page
    assert f"/labs/{lab.pk}/withdraw/" in page

    form = {"version": "1", "value": "31", "unit": "U/L", "drawn_on": str(DAY_0)}
    client.post(f"/labs/{lab.pk}/correct/", {**form, "reason": "misread"})
    assert LabResult.objects.get().value == 31
    stale = client.post(f"/labs/{lab.pk}/withdraw/", {"version": "1", "reason": "no"})
    assert stale.status_code == 422
    client.post(f"/labs/{lab.pk}/withdraw/", {"version": "2", "reason": "not theirs"})

    assert LabResult.objects.get().withdrawn_at is not None
    assert (
        "No laboratory value is recorded."
        in client.get(f"/patients/{patient.pk}/").content.decode()
    )
    history = client.get(f"/history/lab/{lab.pk}/").content.decode()
    assert "misread" in history
    assert "not theirs" in history


def test_a_slip_in_a_correction_is_said_beside_the_value(
    client: Client, nurse: Staff, patient: Patient
) -> None:
    post(signed_in(client, nurse), patient, haemoglobin="132")
    lab = LabResult.objects.get()
    form = {"version": "1", "value": "132", "unit": "g/dL", "drawn_on": str(DAY_0)}

    answer = client.post(f"/labs/{lab.pk}/correct/", {**form, "reason": "unit"})

    assert answer.status_code == 422
    assert "between 2 and 30 g/dL" in answer.context["form"].errors["value"][0]


def test_the_page_of_a_long_history_of_labs_asks_no_more_of_the_database(
    patient: Patient, nurse: Staff, laboratory: Laboratory, client: Client
) -> None:
    def statements(days: int) -> int:
        for day in range(days):
            if not LabResult.objects.filter(drawn_on=DAY_0 + timedelta(day)).exists():
                services.record_labs(
                    patient=patient,
                    laboratory=laboratory,
                    drawn_on=DAY_0 + timedelta(day),
                    results={
                        "alt": Typed(Decimal(30), "U/L"),
                        "platelets": Typed(Decimal(200), "10^9/L"),
                    },
                    actor=nurse,
                )
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/patients/{patient.pk}/")
        return len(asked)

    signed_in(client, nurse)
    assert statements(1) == statements(12)


@pytest.fixture
def office(client: Client, administrator: Staff) -> Client:
    return signed_in(client, administrator)


def range_form(laboratory: Laboratory, **facts: str) -> dict[str, object]:
    form = {"analyte": "alt", "low": "5", "high": "40", "from_on": "2026-01-01"}
    return {"laboratory": laboratory.pk, **form, **facts}


def test_an_administrator_sets_a_range_and_a_nurse_sees_it_judge(
    office: Client, laboratory: Laboratory, patient: Patient, nurse: Staff
) -> None:
    office.post("/admin/dosing/referencerange/add/", range_form(laboratory))
    post(signed_in(office, nurse), patient, laboratory=str(laboratory.pk), alt="41")

    (found,) = read_labs(patient)
    assert found.side.value == "high"


def test_a_range_in_another_unit_is_refused_in_words(
    office: Client, laboratory: Laboratory
) -> None:
    form = range_form(laboratory, analyte="haemoglobin", low="11.5", high="15")

    page = office.post("/admin/dosing/referencerange/add/", form).content.decode()

    assert "This is given in g/L, between 20 and 300." in page
    assert not ReferenceRange.objects.exists()


def test_an_administrator_sets_ranges_of_their_own_laboratories_only(
    office: Client,
) -> None:
    other = a_laboratory(a_site("Osaka clinic"))
    alt_up_to_40(other)

    office.post("/admin/dosing/referencerange/add/", range_form(other))
    listed = office.get("/admin/dosing/referencerange/").content.decode()

    assert ReferenceRange.objects.count() == 1
    assert "0 reference ranges" in listed


def test_a_trend_marks_each_value_by_its_shape() -> None:
    days = (DAY_0, DAY_0 + timedelta(days=10))
    points = [
        LabPoint(DAY_0, 30.0, "inside"),
        LabPoint(DAY_0 + timedelta(days=5), 4.0, "low"),
        LabPoint(DAY_0 + timedelta(days=10), 60.0, "high"),
    ]

    drawn = lab_trend(points, (5.0, 40.0), days, "ALT")

    assert [mark.css for mark in drawn.marks] == ["v-in", "v-below", "v-above last"]
    assert len({mark.d.count("L") for mark in drawn.marks}) == 2
    assert drawn.band is not None
    assert 0 < drawn.band.y < drawn.band.y + drawn.band.height < drawn.height


@pytest.mark.parametrize(
    ("band", "top", "reaches_down"),
    [((None, 40.0), False, True), ((5.0, None), True, False)],
)
def test_an_open_end_of_the_band_runs_to_the_edge(
    band: tuple[float | None, float | None], *, top: bool, reaches_down: bool
) -> None:
    points = [LabPoint(DAY_0, 20.0, "inside")]

    drawn = lab_trend(points, band, (DAY_0, DAY_0), "ALT")

    assert drawn.band is not None
    assert (drawn.band.y == 0) is top
    assert (drawn.band.y + drawn.band.height == drawn.height) is reaches_down


def test_a_single_value_of_nought_without_a_range_is_drawn(
    patient: Patient, nurse: Staff
) -> None:
    services.record_labs(
        patient=patient,
        drawn_on=DAY_0,
        results={"urine_protein": Typed(Decimal(0), "g/g")},
        actor=nurse,
    )

    (card,) = lab_cards(read_labs(patient))

    assert card.trend.band is None
    assert card.last.read.result.shown == "0 g/g"

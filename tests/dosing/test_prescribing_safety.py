"""The safety questions of the page on which a dose is prescribed."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from dosing import services
from dosing.models import Protocol, SafetyCheck
from patients.models import AuditEvent, Patient, Site, Staff
from tests.builders import DAY_0, a_dose, a_patient

HARMLESS = {
    "pregnancy": "negative",
    "breastfeeding": "no",
    "live_vaccine": "no",
    "liver": "none",
}


@pytest.fixture
def prescribed(client: Client, clinician: Staff, protocol: Protocol) -> Any:
    """Post the page's form for a patient."""
    client.force_login(clinician, backend="tdm.roles.RoleBackend")

    def post(patient: Patient, **answers: str) -> Any:
        form = {
            "protocol": protocol.pk,
            "amount_mg": "2",
            "interval_h": "24",
            "usual_time": "08:00",
            "starts_on": date(2026, 3, 2).isoformat(),
            "reason": "start",
            **HARMLESS,
            **answers,
        }
        return client.post(f"/patients/{patient.pk}/doses/new/", form)

    return post


def test_the_page_always_asks(prescribed: Any, patient: Patient) -> None:
    answer = prescribed(patient, breastfeeding="")

    assert answer.status_code == 422
    assert "breastfeeding" in answer.context["form"].errors
    assert not patient.doses.exists()


def test_the_answers_are_kept_with_the_dose_and_named_in_the_audit(
    prescribed: Any, patient: Patient, clinician: Staff
) -> None:
    far = date.today() + timedelta(days=60)  # noqa: DTZ011
    answer = prescribed(patient, surgery_on=str(far))

    assert answer.status_code == 303
    check = patient.safety_checks.get()
    assert (check.pregnancy, check.liver, check.lifted) == ("negative", "none", [])
    assert check.surgery_on == far
    assert AuditEvent.objects.get(action="ask_safety").actor == clinician


def test_an_unknown_pregnancy_prevents_the_first_dose_until_it_is_lifted(
    prescribed: Any, patient: Patient
) -> None:
    refused = prescribed(patient, pregnancy="unknown")

    page = refused.content.decode()
    assert refused.status_code == 422
    assert "This prescription is prevented" in page
    assert "Rapalimus package insert (Japan), contraindications [V]" in page
    assert "May be lifted by a clinician, with a reason." in page
    assert 'name="lift_pregnancy_unknown"' in page
    assert not patient.doses.exists()
    assert SafetyCheck.objects.get().lifted == []

    lifted = prescribed(
        patient, pregnancy="unknown", lift_pregnancy_unknown="hysterectomy in 2019"
    )

    assert lifted.status_code == 303
    assert patient.safety_checks.order_by("pk")[1].lifted == [
        {"rule": "pregnancy-unknown", "reason": "hysterectomy in 2019"}
    ]
    line = AuditEvent.objects.filter(action="ask_safety").latest("pk")
    assert line.reason == "pregnancy-unknown: hysterectomy in 2019"
    assert line.details == {"lifted": {"pregnancy-unknown": "hysterectomy in 2019"}}


def test_nobody_prescribes_while_the_pregnancy_test_is_positive(
    prescribed: Any, patient: Patient
) -> None:
    answer = prescribed(
        patient, pregnancy="positive", lift_pregnancy_unknown="she insists"
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nobody may lift this" in page
    assert 'name="lift_pregnancy"' not in page
    assert not patient.doses.exists()


def test_several_rules_are_lifted_one_by_one_and_no_reason_is_lost(
    prescribed: Any, patient: Patient
) -> None:
    answer = prescribed(
        patient,
        breastfeeding="yes",
        live_vaccine="yes",
        lift_breastfeeding="weaned on Monday",
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert [rule.rule for rule, _field in answer.context["form"].standing] == [
        "live-vaccine"
    ]
    assert "weaned on Monday" in page


def test_a_reason_for_a_rule_that_does_not_stand_is_not_kept(
    prescribed: Any, patient: Patient
) -> None:
    prescribed(patient, lift_breastfeeding="just in case")

    assert patient.safety_checks.get().lifted == []


def test_a_dose_under_voriconazole_names_the_rule_and_its_source(
    prescribed: Any, patient: Patient, clinician: Staff
) -> None:
    services.record_comedication(
        patient=patient, drug="voriconazole", starts_on=DAY_0, actor=clinician
    )

    page = prescribed(patient).content.decode()

    assert "Voriconazole is being taken: the label says to avoid it" in page
    assert "section 7.2 [V]" in page
    assert not patient.doses.exists()


def test_a_lower_dose_under_a_strong_inhibitor_needs_no_lifting(
    prescribed: Any, treated: Patient, clinician: Staff
) -> None:
    services.record_comedication(
        patient=treated, drug="posaconazole", starts_on=DAY_0, actor=clinician
    )
    tomorrow = (date.today() + timedelta(days=1)).isoformat()  # noqa: DTZ011

    more = prescribed(treated, amount_mg="3", starts_on=tomorrow)
    less = prescribed(treated, amount_mg="1", starts_on=tomorrow)

    assert (more.status_code, less.status_code) == (422, 303)


@pytest.mark.parametrize(("age_days", "offered"), [(89, "negative"), (90, None)])
def test_answers_of_the_last_90_days_are_offered_again(
    client: Client, clinician: Staff, patient: Patient, age_days: int, offered: object
) -> None:
    today = patient.site.today(clinician.date_joined)
    SafetyCheck.objects.create(
        patient=patient,
        asked_on=today - timedelta(days=age_days),
        surgery_on=today - timedelta(days=1),
        **HARMLESS,
    )
    client.force_login(clinician, backend="tdm.roles.RoleBackend")

    form = client.get(f"/patients/{patient.pk}/doses/new/").context["form"]

    assert form.initial.get("pregnancy") == offered
    assert form.initial.get("surgery_on") is None


def test_a_man_is_asked_no_pregnancy_and_told_of_fertility(
    client: Client, clinician: Staff, site: Site
) -> None:
    man = a_patient(site, clinician, sex="male")
    client.force_login(clinician, backend="tdm.roles.RoleBackend")

    page = client.get(f"/patients/{man.pk}/doses/new/")

    assert page.context["form"].initial["pregnancy"] == "na"
    assert "azoospermia" in page.content.decode()


def test_the_answers_are_read_with_the_next_level_and_lifted_rules_stay_seen(
    prescribed: Any, patient: Patient, client: Client
) -> None:
    lifted = {"lift_live_vaccine": "varicella", "lift_liver_half_dose": "halved"}
    prescribed(patient, liver="B", live_vaccine="yes", **lifted)

    page = client.get(f"/patients/{patient.pk}/").content.decode()

    assert "Child-Pugh B" in page
    assert "Lifted: live vaccine (varicella)" in page
    assert "Lifted: liver impairment, half dose to start (halved)" in page


def test_a_dose_outside_the_page_brings_no_answers(
    patient: Patient, clinician: Staff, protocol: Protocol
) -> None:
    a_dose(patient, "2", protocol=protocol, actor=clinician)

    assert not SafetyCheck.objects.exists()

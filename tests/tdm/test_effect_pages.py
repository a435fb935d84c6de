"""Side effects on pages: three taps in, pinned, drawn, told and weighed."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from dosing import policy
from dosing import services as dosing
from dosing.advice import StaleAdviceError, advise
from dosing.history import around, history_of
from dosing.models import Laboratory, Protocol
from dosing.models.holding import default_hold_rules
from dosing.words import say, task_in_words
from patients import services
from patients.models import Patient, Role, SideEffect, Site, Staff, Task
from tdm import charts, story, table1
from tdm.charts.labels import text_box
from tdm.effects import seen
from tdm.worklist import worklist
from tests.builders import DAY_0, a_staff_member, a_trough, on_day
from tests.tdm.told import timeline_of

HTMX = {"HX-Request": "true"}
RASH = "rash_maculo_papular"


def day(number: int) -> date:
    return DAY_0 + timedelta(days=number)


def signed_in(client: Client, staff: Staff) -> Client:
    client.force_login(staff, backend="tdm.roles.RoleBackend")
    return client


def suffers(
    patient: Patient, term: str, grade: int, *, actor: Staff, on: int = 20, **facts: Any
) -> SideEffect:
    return services.record_effect(
        patient=patient, term=term, grade=grade, onset_on=day(on), actor=actor, **facts
    )


DETAILS = {"action_taken": "none", "relation": "not_judged"}


def test_a_term_and_a_grade_are_two_taps_after_the_plus(
    client: Client, treated: Patient, nurse: Staff
) -> None:
    signed_in(client, nurse)
    here = f"/patients/{treated.pk}/effects/new/?on={day(20)}"

    terms = client.get(here, headers=HTMX).content.decode()
    assert f"/patients/{treated.pk}/effects/new/?on={day(20)}&amp;term={RASH}" in terms
    assert terms.index("Mucositis oral") < terms.index("Pneumonitis")
    grades = client.get(f"{here}&term={RASH}", headers=HTMX).content.decode()
    assert [grades.count(f'name="grade" value="{grade}"') for grade in (3, 4)] == [1, 0]
    assert "Under 10 % of the body surface" in grades
    assert f'value="{day(20)}"' in grades
    saved = client.post(
        here,
        {"term": RASH, "grade": "1", "onset_on": str(day(20)), **DETAILS},
        headers=HTMX,
    )

    effect = SideEffect.objects.get()
    assert (saved.status_code, saved["HX-Refresh"]) == (204, "true")
    assert (effect.term, effect.grade, effect.onset_on) == (RASH, 1, day(20))


def test_without_scripts_the_same_steps_are_pages(
    client: Client, treated: Patient, nurse: Staff
) -> None:
    signed_in(client, nurse)
    here = f"/patients/{treated.pk}/effects/new/"

    page = client.get(f"{here}?on={day(20)}&term=nausea").content.decode()
    saved = client.post(
        here, {"term": "nausea", "grade": "2", "onset_on": str(day(20)), **DETAILS}
    )

    assert "<html" in page
    assert saved["Location"] == f"/patients/{treated.pk}/"
    assert SideEffect.objects.get().grade == 2


def test_enter_in_a_text_saves_no_grade(
    client: Client, treated: Patient, nurse: Staff
) -> None:
    """The first button of the form is the one that Enter would press."""
    here = f"/patients/{treated.pk}/effects/new/?term=other"
    page = signed_in(client, nurse).get(here).content.decode()
    form = page[page.index('class="fields" novalidate') :]

    assert form[form.index("<button") :].startswith('<button type="submit" disabled')


@pytest.mark.parametrize("text", ["", "2026-02-30", "soon", "\x00"])
def test_a_day_that_is_none_becomes_today(
    client: Client, treated: Patient, nurse: Staff, text: str
) -> None:
    page = signed_in(client, nurse).get(
        f"/patients/{treated.pk}/effects/new/", {"on": text}
    )

    assert page.context["day"] == treated.site.today(timezone.now())


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"term": "hiccups", "grade": "1"}, "Select a valid choice"),
        ({"term": "fatigue", "grade": "4"}, "This term has no such grade."),
        ({"term": "fatigue", "grade": ""}, "This field is required."),
        ({"term": "other", "grade": "1"}, "Say which side effect it is."),
    ],
)
def test_what_cannot_be_saved_is_said_and_kept(
    client: Client, treated: Patient, nurse: Staff, typed: dict[str, str], said: str
) -> None:
    answer = signed_in(client, nurse).post(
        f"/patients/{treated.pk}/effects/new/",
        {"onset_on": str(day(20)), "note": "typed", **DETAILS, **typed},
        headers=HTMX,
    )

    assert answer.status_code == 422
    assert SideEffect.objects.count() == 0
    if typed["term"] != "hiccups":
        assert said in answer.content.decode()
        assert 'value="typed"' in answer.content.decode()


def test_what_is_open_already_is_said_before_a_second_tap(
    client: Client, treated: Patient, nurse: Staff
) -> None:
    effect = suffers(treated, "nausea", 1, actor=nurse)
    page = signed_in(client, nurse).get(
        f"/patients/{treated.pk}/effects/new/?term=nausea"
    )

    assert "is open since" in page.content.decode()
    assert f"/effects/{effect.pk}/correct/" in page.content.decode()


def test_an_effect_is_corrected_resolved_and_withdrawn_on_pages(
    client: Client, treated: Patient, nurse: Staff
) -> None:
    effect = suffers(treated, RASH, 1, actor=nurse)
    signed_in(client, nurse)
    assert (
        "Correct Rash" in client.get(f"/effects/{effect.pk}/correct/").content.decode()
    )

    client.post(
        f"/effects/{effect.pk}/correct/",
        {
            "version": "1",
            "grade": "2",
            "onset_on": str(day(20)),
            "action_taken": "treated",
            "relation": "possible",
            "treatment": "Topical steroid",
            "reason": "it spread",
        },
    )
    client.post(
        f"/effects/{effect.pk}/resolve/",
        {"version": "2", "resolved_on": str(day(23))},
    )
    effect.refresh_from_db()
    assert (effect.grade, effect.resolved_on, effect.version) == (2, day(23), 3)

    client.post(
        f"/effects/{effect.pk}/withdraw/",
        {"version": "3", "reason": "another patient's"},
    )
    page = client.get(f"/patients/{treated.pk}/").content.decode()
    assert "is withdrawn." in page
    assert "entered in error" in page
    assert client.get(f"/effects/{effect.pk}/correct/").status_code == 404


def test_an_open_effect_is_pinned_with_day_and_nearest_level(
    client: Client, treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "13.5", day=14, actor=clinician)
    a_trough(treated, "16.4", day=28, actor=clinician)
    suffers(treated, "mucositis_oral", 2, actor=clinician, on=26)
    suffers(treated, "nausea", 1, actor=clinician, on=9, resolved_on=day(11))

    page = signed_in(client, clinician).get(f"/patients/{treated.pk}/")
    text = page.content.decode()

    (pinned,) = page.context["effects"]
    (past,) = page.context["past_effects"]
    assert (pinned.day, pinned.apart_days) == (26, 2)
    assert pinned.level.ng_per_ml == Decimal("16.4")
    assert (past.effect.term, past.day, past.apart_days) == ("nausea", 9, 5)
    assert text.index('aria-labelledby="effects"') < text.index('id="state"')
    assert "2 days after" in text
    assert "Proposal, to be confirmed by your clinic:" in text
    assert "consider a lower target" in text
    assert "1 resolved" in text


def test_of_two_levels_equally_near_the_earlier_is_shown(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "16.4", day=28, actor=clinician)
    a_trough(treated, "13.5", day=14, actor=clinician)
    effect = suffers(treated, "nausea", 1, actor=clinician, on=21)

    (found,) = seen([effect], history_of(treated), None)

    assert found.apart_days == -7


def test_an_effect_before_the_first_dose_has_no_day_of_treatment(
    treated: Patient, clinician: Staff
) -> None:
    effect = suffers(treated, "nausea", 1, actor=clinician, on=-3)

    (found,) = seen([effect], history_of(treated), None)

    assert (found.day, found.level) == (None, None)


def test_a_protocol_without_rules_proposes_nothing(
    client: Client, treated: Patient, clinician: Staff
) -> None:
    Protocol.objects.update(hold_rules=[])
    suffers(treated, "mucositis_oral", 3, actor=clinician)

    page = signed_in(client, clinician).get(f"/patients/{treated.pk}/")

    assert "to be confirmed by your clinic:" not in page.content.decode()


def suggestion_for(patient: Patient) -> policy.Suggestion:
    advice = advise(patient, at=timezone.now())
    assert advice is not None
    assert advice.withheld or advice.suggestion.recommended is not None
    return advice.suggestion


def rules_on(patient: Patient) -> list[tuple[str, str]]:
    return [(f.rule, f.kind.value) for f in suggestion_for(patient).findings]


@pytest.fixture
def high(treated: Patient, laboratory: Laboratory, clinician: Staff) -> Patient:
    """Someone whose level asks for a lower dose."""
    a_trough(treated, "16.4", actor=clinician)
    return treated


def test_an_open_severe_effect_withholds_every_dose_until_judged_or_gone(
    high: Patient, clinician: Staff
) -> None:
    by_rule = suggestion_for(high).recommended
    effect = suffers(high, "diarrhoea", 3, actor=clinician)

    assert by_rule is not None
    assert suggestion_for(high).recommended is None
    assert ("severe-side-effect", "prevent") in rules_on(high)
    assert ("hold-proposal", "warn") in rules_on(high)

    services.resolve_effect(
        effect=effect, version=1, resolved_on=day(30), actor=clinician
    )
    assert suggestion_for(high).recommended == by_rule
    assert not {"severe-side-effect", "hold-proposal"} & set(dict(rules_on(high)))


@pytest.mark.parametrize(
    ("relation", "withheld"),
    [("unrelated", False), ("unlikely", True), ("not_judged", True)],
)
def test_only_an_effect_judged_unrelated_does_not_withhold(
    high: Patient, clinician: Staff, *, relation: str, withheld: bool
) -> None:
    suffers(high, "diarrhoea", 3, actor=clinician, relation=relation)

    advice = advise(high, at=timezone.now())

    assert advice is not None
    assert advice.withheld is withheld


def test_an_effect_entered_since_the_advice_was_shown_stops_the_signing(
    high: Patient, clinician: Staff
) -> None:
    shown = advise(high, at=timezone.now())
    assert shown is not None
    suffers(high, "nausea", 1, actor=clinician)

    with pytest.raises(StaleAdviceError) as stale:
        dosing.sign_decision(
            patient=high,
            basis=shown.basis,
            amount_mg=2,  # type: ignore[arg-type]
            interval_h=24,
            reason="tolerating",
            actor=clinician,
        )

    assert [say(each) for each in stale.value.changes] == [
        "A side effect was entered, corrected or resolved."
    ]


def test_a_withdrawal_and_a_new_effect_do_not_hide_each_other(
    high: Patient, clinician: Staff
) -> None:
    effect = suffers(high, "nausea", 1, actor=clinician)
    shown = advise(high, at=timezone.now())
    services.withdraw_effect(effect=effect, version=1, reason="a slip", actor=clinician)
    suffers(high, "vomiting", 1, actor=clinician)
    now = advise(high, at=timezone.now())

    assert shown is not None
    assert now is not None
    assert shown.basis["effects"] != now.basis["effects"]


def test_the_decision_says_what_withholds_and_what_is_proposed(
    client: Client, high: Patient, clinician: Staff
) -> None:
    suffers(high, "pneumonitis", 3, actor=clinician)

    page = signed_in(client, clinician).get(f"/patients/{high.pk}/decide/")
    text = page.content.decode()

    assert "Pneumonitis of grade 3 is open and not judged unrelated" in text
    assert (
        "Pneumonitis, grade 3: Stop sirolimus. To be confirmed by your clinic." in text
    )
    assert "Design rule [NV]" in text
    assert "Suggested:" not in text


def told(patient: Patient) -> charts.Story:
    now = timezone.localtime(on_day(40), patient.site.zone)
    return story.story_of(history_of(patient), around(patient), now)


def test_effects_are_bars_by_grade_and_rows_of_the_table(
    treated: Patient, clinician: Staff
) -> None:
    suffers(treated, "nausea", 1, actor=clinician, on=10, resolved_on=day(13))
    suffers(treated, "mucositis_oral", 3, actor=clinician, on=20)
    wrong = suffers(treated, "fatigue", 1, actor=clinician, on=22)
    services.withdraw_effect(effect=wrong, version=1, reason="slip", actor=clinician)

    figure = charts.figure(told(treated))
    for _name, chart in figure.charts:
        bars = {r.css: r for r in chart.drawing.rects if r.css.startswith("effect")}
        assert set(bars) == {"effect grade-1", "effect grade-3"}
        mild, severe = bars["effect grade-1"], bars["effect grade-3"]
        assert severe.height == 3 * mild.height
        assert severe.width > mild.width
        assert "open since" in severe.title
        assert mild.y + mild.height < severe.y
        assert severe.y + severe.height < chart.height
    words = [text.text for text in figure.charts[0][1].drawing.texts]
    assert any(w.startswith("Mucositis oral, grade 3") for w in words)
    rows = [
        (row.value, row.meaning) for row in figure.rows if row.what == "side effect"
    ]
    assert rows[0][0] == "Nausea, grade 1"
    assert "gone on" in rows[0][1]
    assert rows[1:] == [("Mucositis oral, grade 3", "open")]


def test_an_open_effect_is_drawn_until_now_and_not_into_days_to_come(
    treated: Patient, clinician: Staff
) -> None:
    suffers(treated, "nausea", 1, actor=clinician, on=10)
    facts = told(treated)
    longer = replace(facts, now=facts.now + timedelta(days=10))

    def right(of: charts.Story) -> tuple[float, float]:
        drawing = charts.chart(of, width=1040).drawing
        (bar,) = [r for r in drawing.rects if r.css.startswith("effect")]
        (now,) = [line for line in drawing.lines if line.css == "now"]
        return round(bar.x + bar.width, 0), round(now.x1, 0)

    assert right(facts)[0] == right(facts)[1]
    assert right(longer)[0] == right(longer)[1]


def test_the_timeline_tells_onset_end_and_error(
    treated: Patient, clinician: Staff
) -> None:
    suffers(treated, "nausea", 1, actor=clinician, on=10, resolved_on=day(13))
    wrong = suffers(treated, "fatigue", 2, actor=clinician, on=22)
    services.withdraw_effect(effect=wrong, version=1, reason="slip", actor=clinician)

    entries = [e for e in timeline_of(treated) if e.kind == "effect"]

    assert [(e.title, e.set_aside) for e in entries] == [
        ("Fatigue, grade 2", True),
        ("Nausea: gone", False),
        ("Nausea, grade 1", False),
    ]


def test_the_history_of_an_effect_is_kept(
    client: Client, treated: Patient, clinician: Staff
) -> None:
    effect = suffers(treated, "nausea", 1, actor=clinician)
    services.withdraw_effect(effect=effect, version=1, reason="a slip", actor=clinician)

    page = signed_in(client, clinician).get(f"/history/effect/{effect.pk}/")

    assert "Side effect withdrawn" in page.content.decode()
    assert "a slip" in page.content.decode()


def test_a_dangerous_effect_is_an_urgent_line_with_its_words(
    treated: Patient, clinician: Staff
) -> None:
    suffers(treated, "cough", 1, actor=clinician, on=20)
    suffers(treated, "dyspnoea", 1, actor=clinician, on=21)
    suffers(treated, "diarrhoea", 3, actor=clinician, on=22)

    with timezone.override("Asia/Tokyo"):
        lines = worklist(clinician, at=timezone.localtime()).lines

    (line,) = [each for each in lines if each.tasks]
    said = " ".join(map(task_in_words, line.tasks))
    assert (line.kind, line.owner) == ("urgent_task", "clinician")
    assert "Cough and dyspnoea since Mon 23 Mar 2026." in said
    assert "Diarrhea of grade 3 since Tue 24 Mar 2026." in said


def test_case_2_has_its_rash_of_week_6(db: None) -> None:
    call_command("load_case_series")

    rash = SideEffect.objects.get()
    start = rash.patient.doses.get().starts_on
    assert rash.patient.identifier == "TEACH-2"
    assert (rash.term, rash.grade, rash.treatment) == (RASH, 1, "Topical steroid")
    assert (rash.onset_on - start).days == 42
    assert rash.resolved_on is not None
    assert (rash.resolved_on - rash.onset_on).days == 3
    assert Task.objects.count() == 0
    printed = [row["adverse effects"] for row in table1.rows()]
    assert printed[0] == "none"
    assert "week 6" in printed[1]


@pytest.mark.parametrize("count", [1, 3])
def test_a_patient_page_costs_the_same_for_one_and_three_effects(
    client: Client,
    high: Patient,
    clinician: Staff,
    django_assert_num_queries: Any,
    count: int,
) -> None:
    for term in ("nausea", "vomiting", "fatigue")[:count]:
        suffers(high, term, 1, actor=clinician)
        suffers(high, term, 1, actor=clinician, on=5, resolved_on=day(6))
    signed_in(client, clinician)
    client.get(f"/patients/{high.pk}/")

    with django_assert_num_queries(40):
        client.get(f"/patients/{high.pk}/")


def test_a_pharmacist_sees_what_is_open_and_changes_nothing(
    client: Client, treated: Patient, site: Site, clinician: Staff
) -> None:
    effect = suffers(treated, "nausea", 1, actor=clinician)
    pharmacist = a_staff_member(site, Role.PHARMACIST)

    page = signed_in(client, pharmacist).get(f"/patients/{treated.pk}/")

    assert "Nausea" in page.content.decode()
    assert f"/effects/{effect.pk}/" not in page.content.decode()
    assert "/effects/new/" not in page.content.decode()


def a_form(**facts: str) -> dict[str, str]:
    """What the administrator's form of a new protocol sends."""
    rules = json.dumps(default_hold_rules())
    return {
        "name": "VM evening",
        "version": "1",
        "target_low_ng_per_ml": "5",
        "target_high_ng_per_ml": "15",
        "aim_ng_per_ml": "10",
        "urgent_ng_per_ml": "20",
        "start_dose_mg_per_day": "2",
        "ceiling_mg_per_day": "4",
        "step_limit_percent": "50",
        "strengths_mg": "1",
        "citation": "Our clinic",
        "model_weights": '{"mao_2024_liver_adult": 1}',
        "hold_rules": rules,
        "schedule": "monthly-1",
        **facts,
    }


@pytest.mark.parametrize(("typed", "count"), [("[]", 0), (None, 7)])
def test_an_administrator_gives_a_protocol_its_own_hold_rules(
    client: Client, administrator: Staff, typed: str | None, count: int
) -> None:
    facts = {} if typed is None else {"hold_rules": typed}

    signed_in(client, administrator).post(
        "/admin/dosing/protocol/add/", a_form(**facts)
    )

    assert len(Protocol.objects.get(name="VM evening").holding) == count


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Write a list of rules"),
        ("{}", "Write a list of rules"),
        ("hold", "Enter a valid JSON"),
        ('[{"triggers": ["hiccups"]}]', "Rule 1 has exactly these"),
    ],
)
def test_hold_rules_that_cannot_be_read_are_refused_beside_the_field(
    client: Client, administrator: Staff, typed: str, said: str
) -> None:
    answer = signed_in(client, administrator).post(
        "/admin/dosing/protocol/add/", a_form(hold_rules=typed)
    )

    assert said in answer.content.decode()
    assert not Protocol.objects.filter(name="VM evening").exists()


def test_a_bar_at_the_right_edge_still_says_its_whole_name(
    treated: Patient, clinician: Staff
) -> None:
    suffers(treated, "mucositis_oral", 3, actor=clinician, on=39)

    for _name, chart in charts.figure(told(treated)).charts:
        (label,) = [t for t in chart.drawing.texts if "Mucositis" in t.text]
        assert label.text == "Mucositis oral, grade 3"
        assert label.x >= 0
        assert text_box(label).right <= chart.width

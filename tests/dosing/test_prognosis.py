"""From rows to the core and back: doses taken or missed, drugs, blood, decisions."""

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone

from dosing import services
from dosing.advice import Advice, StaleAdviceError, advise
from dosing.explanation import explained
from dosing.history import Asked, History, around, history_of, question_of
from dosing.ledger import came_true, ledger_of, overrides, score
from dosing.models import Decision, Laboratory, Protocol
from dosing.services.labs import Typed
from dosing.services.levels import Confirmation, UnconfirmedError
from dosing.units import Unit, parse_reported
from patients import services as people
from patients.models import Patient, Site, Staff
from tests.builders import DAY_0, a_dose, a_protocol, a_site, a_trough, in_diary, on_day


def asked_of(patient: Patient, day: int = 29, hour: int = 9) -> Asked:
    found = question_of(history_of(patient), around(patient), at=on_day(day, hour))
    assert found is not None
    return found


def advice_for(patient: Patient) -> Advice:
    advice = advise(patient, at=timezone.now())
    assert advice is not None
    return advice


@pytest.fixture
def measured(treated: Patient, laboratory: Laboratory, clinician: Staff) -> Patient:
    """Case 2: 13.5 and 16.4 on days 14 and 28 of 2 mg."""
    a_trough(treated, "13.5", day=14, actor=clinician)
    a_trough(treated, "16.4", actor=clinician)
    return treated


def test_prescribed_doses_are_counted_in_hours_from_the_first(
    measured: Patient,
) -> None:
    asked = asked_of(measured)
    times = [at for dose in asked.question.doses for at in dose.times_h]

    assert times == [24.0 * day for day in range(30)]
    assert [level.time_h for level in asked.question.levels] == [336.0, 672.0]
    assert (asked.doses.due, asked.doses.assumed) == (30, 28)


def test_a_dose_at_even_pace_is_one_series(treated: Patient) -> None:
    assert len(asked_of(treated, day=365).question.doses) == 1


def test_a_missed_dose_is_absent_and_named(treated: Patient, nurse: Staff) -> None:
    in_diary(treated, 27, dose="missed: forgotten", actor=nurse)
    asked = asked_of(treated)
    times = [at for dose in asked.question.doses for at in dose.times_h]

    assert 27 * 24.0 not in times
    assert asked.doses.missed == (DAY_0 + timedelta(days=27),)


def test_an_unknown_dose_counts_as_likely_as_not(
    treated: Patient, nurse: Staff
) -> None:
    in_diary(treated, 27, dose="unknown", actor=nurse)
    asked = asked_of(treated)
    doubtful = [dose for dose in asked.question.doses if dose.probability < 1]

    assert [(dose.time_h, dose.probability) for dose in doubtful] == [(648.0, 0.5)]
    assert asked.doses.unknown == (DAY_0 + timedelta(days=27),)


def test_a_late_dose_is_taken_when_it_was(treated: Patient, nurse: Staff) -> None:
    in_diary(treated, 27, at="13:00", actor=nurse)
    times = [at for dose in asked_of(treated).question.doses for at in dose.times_h]

    assert 27 * 24.0 + 5 in times
    assert 27 * 24.0 not in times


def test_a_level_that_names_its_last_dose_moves_that_dose(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "12", actor=clinician, hours_after_dose=22)
    times = [at for dose in asked_of(treated).question.doses for at in dose.times_h]

    assert 27 * 24.0 + 2 in times
    assert 27 * 24.0 not in times


def test_a_dose_due_before_a_draw_that_says_none_was_taken_comes_after_it(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    services.record_trough(
        patient=treated,
        laboratory=laboratory,
        reported=parse_reported("12"),
        unit=Unit.NG_PER_ML,
        drawn_at=on_day(28, 9, 30),
        last_dose_at=on_day(27),
        actor=clinician,
    )
    times = [at for dose in asked_of(treated).question.doses for at in dose.times_h]

    assert 28 * 24.0 not in times
    assert 28 * 24.0 + 1.5 in times


def test_a_longer_gap_before_a_draw_was_missed(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "8", actor=clinician, hours_after_dose=72)

    assert [day.day for day in asked_of(treated).doses.missed] == [
        (DAY_0 + timedelta(days=n)).day for n in (26, 27)
    ]


def test_doses_follow_the_wall_clock_when_clocks_change(
    clinician: Staff, protocol: Protocol
) -> None:
    site = a_site("Bern clinic", time_zone="Europe/Zurich")
    patient = people.register_patient(
        site=site,
        actor=clinician,
        identifier="B-1",
        family_name="Meier",
        given_name="Anna",
        born_on=DAY_0.replace(year=1980),
        sex="female",
    )
    a_dose(patient, "2", protocol=protocol, actor=clinician)
    times = [
        at for dose in asked_of(patient, day=40).question.doses for at in dose.times_h
    ]

    assert {round(b - a, 3) for a, b in pairwise(times)} == {
        23.0,
        24.0,
    }


def test_what_was_measured_holds_until_it_is_measured_again(
    treated: Patient, nurse: Staff
) -> None:
    for day, value in ((10, "38"), (20, "30")):
        services.record_labs(
            patient=treated,
            drawn_on=DAY_0 + timedelta(days=day),
            results={"haematocrit": Typed(Decimal(value), "%")},
            actor=nurse,
        )
    facts = asked_of(treated).question.facts

    assert [each.covariates["HCT"] for each in facts] == [38.0, 38.0, 30.0]
    assert [each.from_h for each in facts] == [0.0, 232.0, 472.0]


def test_a_weight_counts_anew_from_5_percent_off_the_one_that_counted(
    treated: Patient, nurse: Staff
) -> None:
    for day, kg in ((1, "60"), (2, "61"), (3, "62.9"), (4, "63"), (5, "62"), (6, "60")):
        in_diary(treated, day, weight_kg=kg, actor=nurse)

    facts = asked_of(treated).question.facts

    assert [each.covariates["WT"] for each in facts] == [60.0, 60.0, 63.0]


def test_an_interacting_drug_counts_from_its_first_to_its_last_day(
    treated: Patient, nurse: Staff
) -> None:
    services.record_comedication(
        patient=treated,
        drug="verapamil",
        starts_on=DAY_0 + timedelta(days=10),
        stops_on=DAY_0 + timedelta(days=20),
        actor=nurse,
    )
    factors = [f.covariates["CL_FACTOR"] for f in asked_of(treated).question.facts]

    assert factors == pytest.approx([1.0, 1 / 2.16, 1.0])


def test_a_level_above_the_assay_is_left_to_the_reader(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, ">30", actor=clinician, confirmation=CHECKED)

    assert asked_of(treated).question.levels == ()


CHECKED = Confirmation(("above-assay", "decimal-slip"), "checked with the laboratory")


def test_in_case_2_rule_and_models_suggest_one_and_a_half(measured: Patient) -> None:
    advice = advice_for(measured)

    assert advice.recommended is not None
    assert advice.recommended.amount_mg == Decimal("1.5")
    assert [str(o.regimen.amount_mg) for o in advice.offers] == ["2.00", "1.5", "1.0"]
    assert all(offer.choice for offer in advice.offers)


def test_in_range_nothing_is_changed_whatever_the_models_prefer(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "13.3", day=14, actor=clinician)
    a_trough(treated, "14.7", actor=clinician)
    advice = advice_for(treated)

    assert advice.recommended == advice.current_regimen


def test_models_that_disagree_leave_no_default(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "16.4", actor=clinician)
    advice = advice_for(treated)

    assert advice.prognosis.outlook is not None
    assert advice.prognosis.outlook.disagree
    assert advice.recommended is None
    assert advice.suggestion.recommended is not None


def test_a_strong_drug_withholds_both_rule_and_models(
    measured: Patient, clinician: Staff
) -> None:
    services.record_comedication(
        patient=measured,
        drug="ketoconazole",
        starts_on=DAY_0 + timedelta(days=20),
        actor=clinician,
    )
    advice = advice_for(measured)

    assert "drug-changed" in [f.rule for f in advice.suggestion.findings]
    assert advice.withheld
    assert advice.recommended is None
    assert advice.suggestion.recommended is None


def test_a_missed_dose_sets_the_rule_aside_and_leaves_the_models(
    measured: Patient, nurse: Staff
) -> None:
    before = advice_for(measured)
    in_diary(measured, 26, dose="missed: forgotten", actor=nurse)
    after = advice_for(measured)

    assert "missed-dose" in [f.rule for f in after.suggestion.findings]
    assert after.suggestion.recommended is None
    assert not after.withheld
    chances = [
        advice.choice_of(advice.current_regimen).above  # type: ignore[arg-type,union-attr]
        for advice in (before, after)
    ]
    assert chances[1] > chances[0]


def test_every_rule_that_prevents_leaves_no_default(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "16.4", day=5, actor=clinician)
    advice = advice_for(treated)

    assert advice.prognosis.outlook is not None
    assert (advice.withheld, advice.recommended) == (True, None)


def test_a_forecast_without_models_leaves_the_proportional_rule(
    measured: Patient, clinician: Staff, protocol: Protocol
) -> None:
    Protocol.objects.filter(pk=protocol.pk).update(
        model_weights={"zimmerman_1997_nca_renal_adult": 1.0}
    )
    advice = advice_for(measured)

    assert advice.prognosis.outlook is None
    assert advice.prognosis.silence is not None
    assert advice.recommended == advice.suggestion.recommended
    assert advice.recommended is not None


def sign(advice: Advice, actor: Staff, amount: str, reason: str) -> Decision:
    return services.sign_decision(
        patient=advice.patient,
        basis=advice.basis,
        amount_mg=Decimal(amount),
        interval_h=24,
        reason=reason,
        actor=actor,
    )


@pytest.mark.parametrize(("amount", "words"), [("2.5", "against"), ("3", "reach 21.8")])
def test_a_rise_on_a_level_above_the_range_needs_words(
    measured: Patient, clinician: Staff, amount: str, words: str
) -> None:
    advice = advice_for(measured)

    with pytest.raises(ValidationError, match=words):
        sign(advice, clinician, amount, "clinical_picture")
    assert not Decision.objects.exists()
    assert measured.doses.count() == 1


@pytest.mark.parametrize(
    ("level", "facts"),
    [
        ("14", {"hours_after_dose": 96}),
        ("5.2", {"hours_after_dose": 13}),
    ],
)
def test_in_range_at_another_time_is_no_reason_to_keep_a_dose(
    treated: Patient,
    laboratory: Laboratory,
    clinician: Staff,
    level: str,
    facts: dict[str, Any],
) -> None:
    a_trough(treated, level, actor=clinician, **facts)
    advice = advice_for(treated)

    assert advice.reading.verdict == "in"
    assert advice.recommended != advice.current_regimen


def test_a_planned_stop_of_a_drug_does_not_decide_todays_dose(
    measured: Patient, clinician: Staff
) -> None:
    before = advice_for(measured)
    services.record_comedication(
        patient=measured,
        drug="rifampicin",
        starts_on=timezone.localdate() + timedelta(days=200),
        actor=clinician,
    )
    after = advice_for(measured)

    assert after.recommended == before.recommended
    assert after.choice_of(after.offers[0].regimen) == before.choice_of(
        before.offers[0].regimen
    )
    assert "planned-drug" in [f.rule for f in after.suggestion.findings]


def test_the_same_drug_recorded_twice_counts_once(
    treated: Patient, clinician: Staff
) -> None:
    for day in (0, 10):
        services.record_comedication(
            patient=treated,
            drug="verapamil",
            starts_on=DAY_0 + timedelta(days=day),
            actor=clinician,
        )
    factors = [f.covariates["CL_FACTOR"] for f in asked_of(treated).question.facts]

    assert factors == pytest.approx([1 / 2.16, 1 / 2.16])


def test_a_late_dose_in_diary_and_report_is_one_dose(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    in_diary(treated, 26, at="21:00", actor=clinician)
    services.record_trough(
        patient=treated,
        laboratory=laboratory,
        reported=parse_reported("12"),
        unit=Unit.NG_PER_ML,
        drawn_at=on_day(27, 7),
        last_dose_at=on_day(26, 21),
        actor=clinician,
    )
    times = [at for dose in asked_of(treated).question.doses for at in dose.times_h]

    assert times.count(26 * 24.0 + 13) == 1
    assert 27 * 24.0 in times
    assert len(times) == 30


def test_a_reported_time_thirteen_hours_late_is_the_dose_before_it(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    services.record_trough(
        patient=treated,
        laboratory=laboratory,
        reported=parse_reported("12"),
        unit=Unit.NG_PER_ML,
        drawn_at=on_day(27, 7),
        last_dose_at=on_day(26, 21),
        actor=clinician,
    )
    times = [at for dose in asked_of(treated).question.doses for at in dose.times_h]

    assert 26 * 24.0 not in times
    assert 26 * 24.0 + 13 in times
    assert 27 * 24.0 in times


def test_a_level_before_the_first_recorded_dose_is_not_asked_about(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    with pytest.raises(UnconfirmedError) as asked:
        a_trough(treated, "6", actor=clinician, day=-10)
    keys = [question.key for question in asked.value.questions]
    confirmation = Confirmation(keys, "from the clinic before")
    a_trough(treated, "6", actor=clinician, day=-10, confirmation=confirmation)
    a_trough(treated, "9", actor=clinician)
    found = asked_of(treated)

    assert [level.value for level in found.question.levels] == [9.0]
    assert [str(level) for level, _why in found.unused] == ["6 ng/mL"]


def test_another_range_does_not_begin_before_a_level_that_was_judged(
    measured: Patient, clinician: Staff
) -> None:
    with pytest.raises(ValidationError, match="judged already"):
        services.assign_protocol(
            patient=measured,
            protocol=a_protocol(),
            starts_on=DAY_0 + timedelta(days=28),
            reason="side effects",
            actor=clinician,
        )


def test_under_another_range_the_advice_is_of_that_range_and_says_so(
    measured: Patient, clinician: Staff
) -> None:
    low = a_protocol(target_low_ng_per_ml=4, target_high_ng_per_ml=12, aim_ng_per_ml=8)
    services.assign_protocol(
        patient=measured,
        protocol=low,
        starts_on=DAY_0 + timedelta(days=30),
        reason="side effects",
        actor=clinician,
    )
    advice = advice_for(measured)

    assert advice.reading.target == low.target
    assert "another-range" in [f.rule for f in advice.suggestion.findings]


@pytest.mark.parametrize("stored", [b"", 5, ("two", "things"), "nonsense"])
def test_a_damaged_answer_in_the_cache_is_worked_out_again(
    measured: Patient, stored: object
) -> None:
    right = advice_for(measured).recommended
    keys = [key.split(":", 2)[2] for key in kept_answers()]
    assert keys
    cache.set_many(dict.fromkeys(keys, stored))

    assert advice_for(measured).recommended == right


def kept_answers() -> list[str]:
    """The keys of forecasts in the cache, with the cache's own prefix."""
    client = cache._cache.get_client()  # type: ignore[attr-defined]
    return [key.decode() for key in client.keys("*forecast:*")]


def test_without_a_cache_the_advice_is_the_same(
    measured: Patient, settings: Any
) -> None:
    right = advice_for(measured).recommended
    away = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": away}

    assert advice_for(measured).recommended == right


def test_a_dose_entered_since_makes_the_advice_stale(
    measured: Patient, clinician: Staff
) -> None:
    advice = advice_for(measured)
    in_diary(measured, 26, dose="missed: forgotten", actor=clinician)

    with pytest.raises(StaleAdviceError) as stale:
        sign(advice, clinician, "1.5", "as_suggested")
    assert stale.value.changes[0].text == "A dose was entered as taken or missed."


def test_a_decision_keeps_the_question_the_answer_and_what_it_foretells(
    measured: Patient, clinician: Staff
) -> None:
    decision = sign(advice_for(measured), clinician, "1.5", "as_suggested")
    kept = decision.forecast

    assert kept is not None
    assert set(kept["models"]) == {"mao_2024_liver_adult", "wu_2012_cancer_adult"}
    ahead = kept["foretold"]
    assert len(ahead["middle"]) == 100
    assert ahead["low"][20] < ahead["middle"][20] < ahead["high"][20]
    assert 9.5 < ahead["middle"][30] < 12.5


def test_a_decision_is_explained_with_the_same_numbers(
    measured: Patient, clinician: Staff
) -> None:
    decision = sign(advice_for(measured), clinician, "1.5", "as_suggested")
    said = StringIO()
    call_command("explain_decision", str(decision.pk), stdout=said)

    assert "1.5 mg every 24 h" in said.getvalue()
    assert "100 days: same" in said.getvalue()
    assert '"exact": "1.52"' in said.getvalue()
    assert "NOT" not in said.getvalue()
    assert "model files unchanged" in said.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        lambda kept: kept["choices"][0]["trough_ng_per_ml"].reverse(),
        lambda kept: kept["choices"][1].update(above=0.5),
        lambda kept: kept["choices"][1].update(auc24_ng_h_per_ml=1.0),
        lambda kept: kept["foretold"]["middle"].reverse(),
        lambda kept: kept["models"].update(mao_2024_liver_adult=0.1),
    ],
    ids=["trough", "chance", "auc24", "foretold", "weight"],
)
def test_numbers_that_do_not_come_out_again_are_told(
    measured: Patient, clinician: Staff, change: Callable[[Any], None]
) -> None:
    decision = sign(advice_for(measured), clinician, "1.5", "as_suggested")
    assert explained(decision).same
    change(decision.forecast)

    assert not explained(decision).same


@pytest.mark.django_db
def test_an_unknown_decision_is_said_so() -> None:
    with pytest.raises(CommandError, match="no decision 77"):
        call_command("explain_decision", "77")


@pytest.fixture
def signed(
    site: Site, protocol: Protocol, laboratory: Laboratory, clinician: Staff
) -> Decision:
    patient = on_two_milligrams(site, clinician, protocol)
    return sign(advice_for(patient), clinician, "1.5", "as_suggested")


def later(decision: Decision, hours_after_dose: int = 24) -> History:
    """The history of a signed decision with a level of 12 twenty days on."""
    history = history_of(decision.patient)
    level = copy(history.levels[-1])
    level.pk, level.drawn_at = None, decision.signed_at + timedelta(days=20)
    level.last_dose_at = level.drawn_at - timedelta(hours=hours_after_dose)
    level.ng_per_ml = Decimal(12)
    return replace(history, levels=(*history.levels, level))


def test_the_ledger_sets_what_was_foretold_beside_what_came(signed: Decision) -> None:
    ((_signed, came),) = ledger_of(later(signed), [signed])

    assert came is not None
    assert came.low < came.middle < came.high
    assert signed.forecast is not None
    assert came.middle == signed.forecast["foretold"]["middle"][19]
    found = score([came, None])
    assert found is not None
    assert (found.n, found.inside) == (1, int(came.is_inside))
    assert found.bias_percent == pytest.approx(100 * (came.middle - 12) / 12)
    assert found.precision_percent == pytest.approx(abs(found.bias_percent))


def test_what_is_no_trough_is_not_set_beside_what_was_foretold(
    signed: Decision,
) -> None:
    assert came_true(signed, later(signed, hours_after_dose=3), [signed]) is None


def test_a_level_after_another_decision_is_not_set_beside_it(signed: Decision) -> None:
    again = copy(signed)
    again.signed_at = signed.signed_at + timedelta(days=5)

    assert came_true(signed, later(signed), [signed, again]) is None


def test_a_level_on_another_dose_is_not_set_beside_it(signed: Decision) -> None:
    signed.chosen_amount_mg = Decimal(3)

    assert came_true(signed, later(signed), [signed]) is None


def on_two_milligrams(site: Site, actor: Staff, protocol: Protocol) -> Patient:
    """Someone who began four weeks before today, with both levels of case 2."""
    begun = (timezone.localdate(timezone.now(), site.zone) - DAY_0).days - 40
    patient = people.register_patient(
        site=site,
        actor=actor,
        identifier="L-1",
        family_name="Ito",
        given_name="Ken",
        born_on=DAY_0.replace(year=1980),
        sex="male",
    )
    a_dose(patient, "2", protocol=protocol, actor=actor, day=begun)
    a_trough(patient, "13.5", day=begun + 14, actor=actor)
    a_trough(patient, "16.4", day=begun + 28, actor=actor)
    return patient


def test_overrides_are_counted_with_their_reasons(
    measured: Patient, clinician: Staff
) -> None:
    decision = sign(advice_for(measured), clinician, "2", "clinical_picture")
    found = overrides([decision])

    assert (found.signed, found.suggested, found.overridden) == (1, 1, 1)
    assert found.reasons == (("Clinical picture", 1),)
    assert found.share == 1.0

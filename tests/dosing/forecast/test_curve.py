"""The curve, what lies ahead, and why a level is odd."""

from dataclasses import replace

import pytest
from django.utils import translation

from dosing import forecast, pk
from dosing.words import say
from tests.dosing.forecast.questions import CASE_2, a_question


def test_a_curve_goes_through_where_the_levels_were() -> None:
    found, speakers = forecast.curve(a_question(CASE_2, HCT=38.0), (), 0.0, 672.0)
    last = found.values[2][-1]

    assert 13.0 < last < 16.4
    assert found.values[0][0] == 0
    assert speakers.names == ("mao_2024_liver_adult", "wu_2012_cancer_adult")
    assert speakers.outside


def test_bands_are_in_order_everywhere() -> None:
    found, _speakers = forecast.curve(a_question(CASE_2), (), 0.0, 800.0)

    for column in zip(*found.values, strict=True):
        assert list(column) == sorted(column)


def test_two_years_are_drawn_with_few_points() -> None:
    found, _speakers = forecast.curve(a_question(days=730), (), 0.0, 17520.0)

    assert len(found.times_h) <= 420
    assert found.times_h[-1] == pytest.approx(17520.0, abs=60)


def test_a_line_of_troughs_does_not_end_in_a_peak() -> None:
    question = a_question(days=420)

    found, _speakers = forecast.curve(question, (), 0.0, 24.0 * 419 + 16.0)

    middle = found.values[2]
    assert middle[-1] == pytest.approx(middle[-2], rel=0.01)


def test_less_is_expected_after_a_lower_dose() -> None:
    question = a_question(CASE_2)
    plans = [
        (pk.Administration(672.0, amount, count=20, every_h=24.0),)
        for amount in (2.0, 1.5)
    ]
    same, lower = (forecast.expected(question, plan, [1080.0]) for plan in plans)

    assert lower[1][0] == pytest.approx(0.75 * same[1][0], rel=0.02)
    assert lower[0][0] < lower[1][0] < lower[2][0]


def test_a_measured_level_is_expected_wider_than_the_curve() -> None:
    question = a_question(CASE_2)
    coming = (pk.Administration(672.0, 2.0, count=20, every_h=24.0),)
    low, _middle, high = forecast.expected(question, coming, [1080.0])
    found, _speakers = forecast.curve(question, coming, 1080.0, 1080.0)

    assert high[0] - low[0] > 1.5 * (found.values[4][0] - found.values[0][0])


def test_the_seed_levels_are_not_odd_after_each_other() -> None:
    found = forecast.oddness(a_question(CASE_2))

    assert found is not None
    assert not found.is_odd
    assert found.causes == ()


def causes(levels: list[tuple[float, float]]) -> list[str]:
    found = forecast.oddness(a_question(levels, HCT=38.0))
    assert found is not None
    assert found.is_odd
    return [cause.sentence.text for cause in found.causes]


def test_half_the_level_is_put_down_to_missed_doses() -> None:
    told = causes([(14, 13.5), (21, 13.9), (28, 7.2)])

    assert told.index("The last two doses were missed.") < told.index(
        "The last dose was taken twice."
    )


def test_a_tenfold_level_is_put_down_to_the_decimal_point() -> None:
    assert causes([(14, 9.0), (28, 91.0)])[0] == (
        "The decimal point slipped: ten times too high."
    )


def test_causes_come_with_the_level_they_would_make_the_likeliest_first() -> None:
    found = forecast.oddness(a_question([(14, 9.0), (28, 24.0)], HCT=38.0))

    assert found is not None
    fits = [cause.fits for cause in found.causes]
    assert fits == sorted(fits, reverse=True)
    best = found.causes[0]
    assert best.ng_per_ml[0] < 24.0 < best.ng_per_ml[2]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_cause_of_an_odd_level_is_said_in_the_readers_language(
    language: str,
) -> None:
    found = forecast.oddness(a_question([(14, 9.0), (28, 91.0)], HCT=38.0))

    assert found is not None
    with translation.override(language):
        said = {cause.sentence.text: say(cause.sentence) for cause in found.causes}
    assert any("15" in sentence for sentence in said.values())
    assert not any("percent" in sentence for sentence in said.values())
    if language == "ja":
        assert [text for text, sentence in said.items() if text == sentence] == []


def test_a_change_of_dose_that_did_not_happen_is_asked_about() -> None:
    question = a_question([(14, 13.5), (28, 13.4)], HCT=38.0)
    changed = replace(
        question,
        doses=(
            pk.Administration(0.0, 2.0, count=15, every_h=24.0),
            pk.Administration(360.0, 1.0, count=13, every_h=24.0),
        ),
    )
    found = forecast.oddness(changed)

    assert found is not None
    assert "The new dose was not begun: not yet at its steady state." in [
        cause.sentence.text for cause in found.causes[:3]
    ]


def test_only_a_limit_is_never_odd() -> None:
    question = a_question()
    limit = replace(question, levels=(pk.Observation(672.0, 2.0, below=True),))

    assert forecast.oddness(limit) is None

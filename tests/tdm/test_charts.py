"""What a clinician reads off the chart: marks, bands, bars and words in their place."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from django.utils import translation

from tdm.charts import (
    Chart,
    DosePeriod,
    ExposurePoint,
    Goal,
    Known,
    LevelPoint,
    ResponseSeries,
    Span,
    Story,
    TargetBand,
    ToldDose,
    Window,
    chart,
    companion,
    figure,
    sparkline,
)
from tdm.charts.labels import text_box
from tdm.charts.shapes import Bars
from tests.builders import DAY_0, on_day

WIDE, NARROW = 1040, 358
BAND = TargetBand(DAY_0, None, Decimal(5), Decimal(15), "target 5\u201315 (VM v1)")
TWO_MG = DosePeriod(DAY_0, None, Decimal(2), 24, "2 mg once daily")


def a_point(day: int, value: str, verdict: str = "in", **facts: object) -> LevelPoint:
    return LevelPoint(
        **{  # type: ignore[arg-type]
            "at": on_day(day),
            "ng_per_ml": Decimal(value.lstrip("<")),
            "verdict": verdict,
            "label": value,
            "title": f"{value} ng/mL",
            "set_aside": False,
            "censored": value.startswith("<"),
            "method": "LC-MS/MS",
            **facts,
        }
    )


def a_story(*levels: LevelPoint, now: int = 30, **facts: object) -> Story:
    return Story(
        **{  # type: ignore[arg-type]
            "start_on": DAY_0,
            "now": on_day(now),
            "levels": levels,
            "doses": (TWO_MG,),
            "bands": (BAND,),
            "urgent_ng_per_ml": Decimal(20),
            **facts,
        }
    )


def words(drawn: Chart) -> list[str]:
    return [text.text for text in drawn.drawing.texts]


def titles(drawn: Chart) -> list[str]:
    return [line.title for line in drawn.drawing.lines]


def classes(drawn: Chart) -> list[str]:
    return [mark.css for mark in drawn.drawing.marks]


def strip(story: Story) -> list[Bars]:
    """Return the cells of the dose strip, without those of its key."""
    bars = chart(story, width=WIDE).drawing.bars
    return [each for each in bars if not each.css.endswith(" key")]


def pain(*values: tuple[int, int]) -> ResponseSeries:
    points = tuple((DAY_0 + timedelta(days=d), Decimal(v)) for d, v in values)
    return ResponseSeries("pain", "0-10", points, "pain", points[0][0])


def test_each_level_has_its_mark_its_value_and_its_meaning() -> None:
    drawn = chart(
        a_story(a_point(14, "13.5"), a_point(28, "16.4", "above")), width=WIDE
    )

    assert classes(drawn) == ["level v-in", "level v-above"]
    assert {"13.5", "16.4"} <= set(words(drawn))


def test_what_lies_higher_is_drawn_higher_and_later_further_right() -> None:
    low, high = chart(
        a_story(a_point(14, "6"), a_point(28, "12")), width=WIDE
    ).drawing.marks

    assert high.y < low.y
    assert low.x < high.x


def test_a_level_set_aside_stretches_no_axis() -> None:
    point = a_point(28, "124", "urgent", set_aside=True)
    alone = chart(a_story(a_point(14, "13.5")), width=WIDE).drawing
    beside = chart(a_story(a_point(14, "13.5"), point), width=WIDE).drawing

    ticks = [
        [each.text for each in drawn.texts if each.css == "tick"]
        for drawn in (alone, beside)
    ]
    assert ticks[0] == ticks[1]
    (top,) = (each.y for each in beside.marks if "hollow" in each.css)
    assert min(each.y for each in beside.marks) == top > 0


def test_a_level_set_aside_is_hollow_and_joined_to_nothing() -> None:
    drawn = chart(
        a_story(a_point(14, "13.5"), a_point(28, "16.4", "above", set_aside=True)),
        width=WIDE,
    )

    assert classes(drawn)[1] == "level v-above hollow"
    assert "join" not in [line.css for line in drawn.drawing.lines]
    assert "16.4 set aside" in words(drawn)


def test_a_level_below_quantification_points_down() -> None:
    drawn = chart(a_story(a_point(14, "<2.0", "below")), width=WIDE)

    assert classes(drawn) == ["level v-below censored"]
    assert "<2.0" in words(drawn)


def test_a_change_of_assay_breaks_the_line() -> None:
    drawn = chart(
        a_story(a_point(14, "13.5"), a_point(28, "12", method="CMIA")), width=WIDE
    )

    assert "join" not in [line.css for line in drawn.drawing.lines]
    assert "assay change: LC-MS/MS to CMIA" in titles(drawn)
    assert "assay change" in words(drawn)


def test_an_urgent_level_is_written_with_its_sign() -> None:
    assert "\u203c 23.1" in words(
        chart(a_story(a_point(28, "23.1", "urgent")), width=WIDE)
    )


def test_the_target_is_a_band_that_names_its_source() -> None:
    drawn = chart(a_story(a_point(28, "12")), width=WIDE)

    assert [rect.title for rect in drawn.drawing.rects] == [BAND.label]
    assert BAND.label in words(drawn)


def test_each_protocol_has_its_own_stretch_of_band() -> None:
    turn = DAY_0 + timedelta(days=14)
    lower = TargetBand(turn, None, Decimal(4), Decimal(12), "target 4\u201312")

    drawn = chart(a_story(bands=(replace(BAND, to_on=turn), lower)), width=WIDE)

    first, second = drawn.drawing.rects
    assert first.x + first.width == pytest.approx(second.x, abs=0.2)


@pytest.mark.parametrize("width", [WIDE, 680, NARROW])
@pytest.mark.parametrize("step", [1, 2, 5, 14])
def test_no_two_words_of_the_levels_overlap(width: int, step: int) -> None:
    levels = [a_point(7 + step * n, f"{10 + n % 9}.{n % 10}") for n in range(14)]
    drawn = chart(a_story(*levels, now=240), width=width)

    boxes = [text_box(t) for t in drawn.drawing.texts if "value" in t.css]
    assert boxes
    assert not any(one.overlaps(two) for one, two in combinations(boxes, 2))


@pytest.mark.parametrize("width", [WIDE, 680, NARROW])
def test_nothing_is_drawn_outside_the_picture(width: int) -> None:
    story = a_story(
        a_point(14, "13.5"),
        a_point(28, "61", "urgent"),
        now=120,
        response=(pain((0, 8), (30, 5), (91, 3)),),
    )

    drawn = chart(story, width=width)

    assert all(
        0 <= m.x <= width and 0 <= m.y <= drawn.height for m in drawn.drawing.marks
    )
    boxes = [text_box(text) for text in drawn.drawing.texts]
    assert all(box.right <= width and box.bottom <= drawn.height for box in boxes)


def test_a_year_of_treatment_is_a_step_instead_of_bars() -> None:
    month = strip(a_story(now=30))
    year = strip(a_story(now=365))

    assert len(month[0].rects) == 31
    assert len(year[0].rects) == 1


def test_what_is_planned_looks_different_from_what_was_due() -> None:
    given, planned = strip(a_story(now=30))

    assert (given.css, planned.css) == ("dose silent", "dose planned")
    assert given.rects[-1].x < planned.rects[0].x


def test_alternate_days_have_a_bar_on_every_other_day() -> None:
    every_other = replace(TWO_MG, interval_h=48, label="2 mg on alternate days")

    given = strip(a_story(now=9, doses=(every_other,)))[0]

    assert len(given.rects) == 5


def test_a_pause_leaves_a_gap() -> None:
    before = replace(TWO_MG, stops_on=DAY_0 + timedelta(days=10))
    after = replace(TWO_MG, starts_on=DAY_0 + timedelta(days=20))

    bars = strip(a_story(now=25, doses=(before, after)))

    assert [len(each.rects) for each in bars[:2]] == [10, 6]


def test_response_is_percent_of_its_own_baseline() -> None:
    drawn = chart(a_story(response=(pain((0, 8), (30, 5)),)), width=WIDE)

    assert "pain \u221238\u00a0%" in words(drawn)


def test_the_line_of_the_response_rule_stands_beside_an_mri_with_its_source() -> None:
    rule = Goal(20, "phase II [V2]")
    area = replace(pain((0, 1299), (90, 931)), name="MRI area", goal=rule)
    told = "MRI: response from 20 % less (phase II [V2])"

    beside_mri = chart(a_story(response=(area,), now=95), width=WIDE)
    beside_pain = chart(a_story(response=(pain((0, 8), (90, 5)),), now=95), width=WIDE)

    assert told in words(beside_mri)
    assert told in titles(beside_mri)
    assert not any("response" in each for each in words(beside_pain))
    assert "goal" not in [line.css for line in beside_pain.drawing.lines]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_response_rule_is_told_whole_on_a_phone(language: str) -> None:
    rule = Goal(20, "Area precedent: Japanese topical sirolimus, phase II [V2]")
    area = replace(pain((0, 1299), (90, 931)), name="MRI area", goal=rule)

    with translation.override(language):
        drawn = chart(a_story(response=(area,), now=95), width=NARROW)
        (told, *_others) = (t for t in titles(drawn) if t.startswith("MRI"))

    lines = [t.text for t in drawn.drawing.texts if t.css == "goal-word"]
    assert "".join(lines).replace(" ", "") == told.replace(" ", "")
    assert not any(line.startswith(("%", "）", "、")) for line in lines)
    assert not any(text_box(t).right > NARROW for t in drawn.drawing.texts)


@pytest.mark.parametrize("width", [WIDE, 680, NARROW])
def test_no_word_lies_over_what_was_measured(width: int) -> None:
    rule = Goal(20, "Area precedent: Japanese topical sirolimus, phase II [V2]")
    area = replace(pain((0, 1299), (30, 1040), (90, 931)), name="MRI", goal=rule)
    drawn = chart(a_story(response=(area, pain((0, 8), (30, 6))), now=95), width=width)

    boxes = [text_box(each) for each in drawn.drawing.texts]
    outcomes = [each for each in drawn.drawing.marks if "outcome" in each.css]
    assert outcomes
    assert not any(
        box.left < mark.x < box.right and box.top < mark.y < box.bottom
        for box in boxes
        for mark in outcomes
    )


def test_a_course_that_passes_through_the_window_is_drawn_inside_it() -> None:
    course = pain((0, 8), (80, 4))
    span = Span(DAY_0 + timedelta(days=20), DAY_0 + timedelta(days=50))

    drawn = chart(a_story(response=(course,), now=90), width=WIDE, span=span)
    shown = figure(a_story(response=(course,), now=90), span=span)

    (trend,) = (each for each in drawn.drawing.paths if each.css.startswith("trend"))
    ((begin, end),) = re.findall(r"^M(\S+) \S+L(\S+) \S+$", trend.d)
    assert (float(begin), float(end)) == (drawn.left, drawn.right)
    assert [row.value for row in shown.rows if row.what == "pain"] == ["8 0-10"]
    assert [row.value for row in shown.rows if row.what == "target"] == ["5–15 ng/mL"]
    assert "2 mg once daily" in [row.value for row in shown.rows]


TOLD: dict[int, ToldDose] = {
    0: ToldDose(Known.TAKEN),
    1: ToldDose(Known.LATE),
    2: ToldDose(Known.MISSED),
    3: ToldDose(Known.UNKNOWN),
    4: ToldDose(Known.OTHER, Decimal(4)),
    5: ToldDose(Known.VOMITED),
    6: ToldDose(Known.TAKEN),
}


def in_the_diary(
    told: dict[int, ToldDose], slot: int = 0
) -> dict[tuple[date, int], ToldDose]:
    return {(DAY_0 + timedelta(days=day), slot): dose for day, dose in told.items()}


def test_each_day_of_the_strip_is_what_the_diary_says_silence_is_not_taken() -> None:
    bars = strip(a_story(now=9, diary=in_the_diary(TOLD)))

    count = {each.css: len(each.rects) for each in bars if "planned" not in each.css}
    assert count == {
        "dose": 2,
        "dose late": 1,
        "dose missed": 1,
        "dose unknown": 1,
        "dose other": 1,
        "dose vomited": 1,
        "dose silent": 3,
    }
    (other,) = (each for each in bars if each.css == "dose other")
    (taken,) = (each for each in bars if each.css == "dose")
    assert other.rects[0].height == 2 * taken.rects[0].height


def test_the_key_of_the_strip_names_what_occurs_and_nothing_else() -> None:
    told = {day: ToldDose(Known.TAKEN) for day in range(10)}

    as_planned = words(chart(a_story(now=9, diary=in_the_diary(told)), width=WIDE))
    told[3] = ToldDose(Known.MISSED)
    one_missed = words(chart(a_story(now=9, diary=in_the_diary(told)), width=WIDE))

    assert "taken" not in as_planned
    assert {"taken", "missed", "planned"} <= set(one_missed)
    assert "taken late" not in one_missed


def test_a_half_of_a_day_that_is_not_told_is_not_drawn_as_taken() -> None:
    twice = replace(TWO_MG, interval_h=12, label="2 mg twice daily")
    told = in_the_diary({0: ToldDose(Known.TAKEN)})
    story = a_story(now=0, doses=(twice,), diary=told)

    taken, silent = (each for each in strip(story) if "planned" not in each.css)

    assert (taken.css, silent.css) == ("dose", "dose silent")
    assert taken.rects[0].y == pytest.approx(
        silent.rects[0].y + silent.rects[0].height, abs=0.2
    )
    values = [row.value for row in figure(story).rows]
    assert "taken: 2 mg; diary says nothing: 2 mg" in values


def test_over_a_year_equal_days_are_one_step_and_another_amount_its_own() -> None:
    bars = strip(a_story(now=365, diary=in_the_diary(TOLD)))

    past = [each for each in bars if "planned" not in each.css]
    assert {each.css: len(each.rects) for each in past} == {
        "dose": 2,
        "dose late": 1,
        "dose missed": 1,
        "dose unknown": 1,
        "dose other": 1,
        "dose vomited": 1,
        "dose silent": 1,
    }
    (other,) = (each for each in past if each.css == "dose other")
    (taken,) = (each for each in past if each.css == "dose")
    assert other.rects[0].height == 2 * taken.rects[0].height


def test_the_table_tells_equal_days_of_the_diary_as_one_range() -> None:
    told = {day: ToldDose(Known.TAKEN) for day in (0, 1, 2)}
    told |= {5: ToldDose(Known.MISSED), 6: ToldDose(Known.OTHER, Decimal(4))}

    story = a_story(diary=in_the_diary(told), now=9)
    rows = [(r.treatment_day, r.value, r.meaning) for r in figure(story).rows]

    assert (0, "taken", "last day Wed 4 Mar 2026") in rows
    assert (3, "diary says nothing", "last day Fri 6 Mar 2026") in rows
    assert (5, "missed", "") in rows
    assert (6, "another amount: 4 mg", "") in rows


def test_chosen_days_are_shown_and_nothing_else() -> None:
    story = a_story(a_point(5, "10"), a_point(20, "11"), a_point(40, "12"), now=60)
    span = Span(DAY_0 + timedelta(days=10), DAY_0 + timedelta(days=30))

    shown = figure(story, span=span)

    assert [row.value for row in shown.rows if row.what == "level"] == ["11 ng/mL"]
    assert (shown.first, shown.last, shown.days) == (span.first, span.last, 21)
    assert shown.query == "from=2026-03-12&to=2026-04-01"


def an_mri_at(mean: str, percent: str) -> ExposurePoint:
    return ExposurePoint(DAY_0, Decimal(mean), 2, Decimal(percent), "left arm", "")


def test_the_companion_sets_exposure_beside_change_and_fits_no_line() -> None:
    drawn = companion([an_mri_at("14", "-28.3"), an_mri_at("4", "-10")])

    low, high = sorted(drawn.drawing.marks, key=lambda each: each.x)
    assert low.y < high.y
    assert drawn.summary == "2 MRIs"
    assert {"1", "2"} <= {each.text for each in drawn.drawing.texts}
    assert all(line.x1 == line.x2 or line.y1 == line.y2 for line in drawn.drawing.lines)


def test_a_baseline_alone_says_so() -> None:
    assert "pain (baseline)" in words(
        chart(a_story(response=(pain((0, 8)),)), width=WIDE)
    )


def test_a_baseline_of_zero_has_no_percentages() -> None:
    shown = figure(a_story(response=(pain((0, 0), (30, 2)),)))

    assert not any("series-pain" in css for css in classes(shown.charts[0][1]))
    assert [row.value for row in shown.rows if row.what == "pain"] == [
        "0 0-10",
        "2 0-10",
    ]


def test_the_table_tells_every_mark_with_its_day_and_meaning() -> None:
    story = a_story(
        a_point(14, "13.5"),
        a_point(28, "16.4", "above", set_aside=True),
        response=(pain((0, 8), (30, 5)),),
    )

    told = [(r.treatment_day, r.what, r.value, r.meaning) for r in figure(story).rows]

    assert (14, "level", "13.5 ng/mL", "in the target range, LC-MS/MS") in told
    assert (
        28,
        "level",
        "16.4 ng/mL",
        "above the target, LC-MS/MS, set aside",
    ) in told
    assert (30, "pain", "5 0-10", "\u221238\u00a0%") in told


def test_the_summary_can_be_heard() -> None:
    drawn = chart(
        a_story(a_point(14, "13.5"), a_point(28, "16.4", "above")), width=WIDE
    )

    assert (
        "2 levels, the last 16.4 ng/mL on Mon 30 Mar 2026, above the target."
        in drawn.summary
    )
    assert "Dose now: 2 mg once daily." in drawn.summary


@pytest.mark.parametrize(
    ("window", "shown"),
    [
        (Window.FOUR_WEEKS, ["12"]),
        (Window.THREE_MONTHS, ["11", "12"]),
        (Window.ALL, ["10", "11", "12"]),
    ],
)
def test_a_window_shows_what_lies_in_it(window: Window, shown: list[str]) -> None:
    story = a_story(a_point(14, "10"), a_point(80, "11"), a_point(120, "12"), now=125)

    drawn = chart(story, width=WIDE, window=window)

    values = [t.text for t in drawn.drawing.texts if t.css.startswith("value")]
    assert sorted(values) == shown


def test_a_window_without_a_level_says_so() -> None:
    story = a_story(a_point(14, "10"), now=200)

    drawn = chart(story, width=WIDE, window=Window.FOUR_WEEKS)

    assert "no level in this window" in words(drawn)
    assert "No level." in drawn.summary


def test_before_the_first_level_the_chart_says_so() -> None:
    assert "no level yet" in words(chart(a_story(), width=WIDE))


def test_before_any_dose_there_is_no_strip() -> None:
    drawn = chart(a_story(doses=()), width=WIDE)

    assert drawn.drawing.bars == ()
    assert "No dose now." in drawn.summary


def test_weeks_are_counted_from_the_first_dose() -> None:
    assert {"start", "week 2", "week 4"} <= set(
        words(chart(a_story(a_point(28, "12")), width=WIDE))
    )


def test_a_baseline_before_the_start_lies_in_a_week_before_it() -> None:
    day = date(2026, 2, 9)
    early = ResponseSeries("MRI area", "mm2", ((day, Decimal(1299)),), "area", day)

    assert "week \u22122" in words(chart(a_story(response=(early,)), width=WIDE))


def test_years_of_treatment_are_named_by_month() -> None:
    drawn = chart(a_story(now=800), width=WIDE)

    assert any(t.endswith(" 2027") for t in words(drawn))


def test_the_line_of_a_patient_shows_the_last_level_last() -> None:
    line = sparkline(
        [a_point(28, "16.4", "above"), a_point(14, "13.5")], Decimal(5), Decimal(15)
    )

    assert line.last_css == "v-above"
    assert line.title == "last level 16.4 ng/mL, above the target"
    assert len(line.strands) == 1


def test_the_line_of_a_patient_breaks_with_the_assay_and_skips_what_is_set_aside() -> (
    None
):
    line = sparkline(
        [
            a_point(14, "13.5"),
            a_point(20, "40", "urgent", set_aside=True),
            a_point(28, "12", method="CMIA"),
        ],
        Decimal(5),
        Decimal(15),
    )

    assert len(line.strands) == 2
    assert line.last_css == "v-in"


def test_the_line_of_a_patient_without_levels_is_empty() -> None:
    line = sparkline([], Decimal(5), Decimal(15))

    assert (line.strands, line.last_path, line.title) == ((), "", "no level yet")


def test_now_is_where_the_clock_says() -> None:
    noon = datetime.combine(DAY_0, on_day(0, 12).timetz()) + timedelta(days=14)
    drawn = chart(a_story(a_point(28, "12"), now=30), width=WIDE)
    moved = chart(replace(a_story(a_point(28, "12")), now=noon), width=WIDE)

    def now_x(of: Chart) -> float:
        return next(each.x1 for each in of.drawing.lines if each.css == "now")

    assert now_x(moved) < now_x(drawn)

"""A percentage says the same on the lesion's page, on the chart and in the report."""

from decimal import Decimal

import pytest

from dosing.history import history_of
from dosing.models import Laboratory
from patients.models import Lesion, Patient, Staff
from patients.response import Aspect
from patients.services import Numbers
from tdm.companion import companion_of
from tdm.report.course import course_of
from tdm.response import stories_of
from tdm.story import responses
from tests.builders import a_lesion, a_trough, an_mri


def area_on_page(patient: Patient) -> Decimal | None:
    (story,) = stories_of(history_of(patient), list(patient.lesions.all()))
    change = story.course.changes[Aspect.AREA]
    return change.percent(change.latest)


def area_on_chart(patient: Patient) -> Decimal | None:
    (series,) = responses(history_of(patient))
    found = series.change_percent(series.in_order[-1][1])
    return found and found.quantize(Decimal("0.01"))


def area_in_report(patient: Patient) -> tuple[str, str]:
    (row,) = course_of(history_of(patient))
    return row.first.split()[0], row.change


@pytest.mark.parametrize(
    ("chosen", "first", "percent", "printed"),
    [
        (None, "1000", Decimal("-10.00"), "\u221210.0 %"),
        (-300, "1500", Decimal("-40.00"), "\u221240.0 %"),
    ],
)
def test_an_older_mri_is_the_baseline_only_where_it_was_chosen(
    treated: Patient,
    clinician: Staff,
    chosen: int | None,
    first: str,
    percent: Decimal,
    printed: str,
) -> None:
    lesion = a_lesion(treated, clinician)
    for day, area in ((-300, "1500"), (-3, "1000"), (90, "900")):
        an_mri(lesion, day=day, area=area, is_baseline=day == chosen, actor=clinician)

    assert area_on_page(treated) == area_on_chart(treated) == percent
    assert area_in_report(treated) == (first, printed)


def test_volumes_of_two_methods_are_neither_drawn_nor_printed_as_one(
    treated: Patient, clinician: Staff
) -> None:
    lesion: Lesion = a_lesion(treated, clinician)
    for day, volume, method in (
        (0, "10", "segmentation"),
        (60, "4", "other"),
        (90, "9", "segmentation"),
    ):
        numbers = Numbers(volume_cm3=Decimal(volume), volume_method=method)
        an_mri(lesion, day=day, numbers=numbers, actor=clinician)

    series = list(responses(history_of(treated)))
    assert [[value for _on, value in each.points] for each in series] == [[10, 9], [4]]
    assert {each.name for each in series} == {
        "MRI volume, left · Forearm, segmentation",
        "MRI volume, left · Forearm, another method, since the first value",
    }
    assert [each.goal is None for each in series] == [False, True]
    rows = list(course_of(history_of(treated)))
    assert sorted((row.change, row.first == "\u2013") for row in rows) == [
        ("", True),
        ("\u221210.0 %", False),
    ]


def test_without_a_baseline_no_percentage_is_printed_and_the_chart_says_so(
    treated: Patient, clinician: Staff
) -> None:
    lesion = a_lesion(treated, clinician)
    for day, area in ((60, "1000"), (90, "900")):
        an_mri(lesion, day=day, area=area, actor=clinician)

    assert area_on_page(treated) is None
    assert area_in_report(treated) == ("\u2013", "")
    (series,) = responses(history_of(treated))
    assert (series.name, series.goal) == ("MRI area, since the first value", None)


def test_the_mean_before_an_mri_begins_with_the_first_dose_and_averages_numbers(
    treated: Patient, clinician: Staff, laboratory: Laboratory
) -> None:
    lesion = a_lesion(treated, clinician)
    an_mri(lesion, day=0, area="1000", is_baseline=True, actor=clinician)
    an_mri(lesion, day=90, area="900", actor=clinician)
    a_trough(treated, "10", day=14, actor=clinician)
    a_trough(treated, "12", day=28, actor=clinician)
    a_trough(treated, "<2.0", day=60, actor=clinician)

    history = history_of(treated)
    found = companion_of(history, stories_of(history, [lesion]))

    assert found is not None
    (point,) = found.points
    assert (point.mean, point.levels, point.limits) == ("11.0", 2, 1)
    assert point.days_since_level == 30

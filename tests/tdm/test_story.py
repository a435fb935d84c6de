"""What a diary says of a dose, as the chart is told it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from dosing.models import Intake
from tdm.charts import Known, ToldDose
from tdm.story import told_of
from tests.builders import on_day

SOON, LATER = timedelta(minutes=20), timedelta(hours=3)


@pytest.mark.parametrize(
    ("intake", "told"),
    [
        (Intake(state="taken"), ToldDose(Known.TAKEN)),
        (Intake(state="late"), ToldDose(Known.LATE)),
        (Intake(state="missed"), ToldDose(Known.MISSED)),
        (Intake(state="unknown"), ToldDose(Known.UNKNOWN)),
        (
            Intake(state="taken", amount_mg=Decimal(4)),
            ToldDose(Known.OTHER, Decimal(4)),
        ),
        (
            Intake(state="taken", taken_at=on_day(0), vomited_at=on_day(0) + SOON),
            ToldDose(Known.VOMITED),
        ),
        (
            Intake(state="taken", taken_at=on_day(0), vomited_at=on_day(0) + LATER),
            ToldDose(Known.TAKEN),
        ),
        (Intake(state="taken", vomited_at=on_day(0)), ToldDose(Known.VOMITED)),
    ],
)
def test_a_dose_is_told_as_taken_only_where_it_surely_was(
    intake: Intake, told: ToldDose
) -> None:
    assert told_of(intake) == told

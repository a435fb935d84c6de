"""The bridge to the count of tablets: what was dispensed, due, taken and missed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from dosing import policy
from dosing.history import History
from dosing.models import GIVEN, Dispensing, Intake, State


def supply_of(
    history: History, given: Iterable[Dispensing], intakes: Iterable[Intake], day: date
) -> policy.Supply | None:
    """Count the tablets of one patient on a day; None where none were dispensed."""
    rows = list(intakes)
    known = [(intake.state, (intake.due_on, intake.slot)) for intake in rows]
    diary = policy.Diary(
        missed=frozenset(dose for state, dose in known if state == State.MISSED),
        taken=frozenset(dose for state, dose in known if state in GIVEN),
        amounts_mg={
            (intake.due_on, intake.slot): intake.amount_mg
            for intake in rows
            if intake.amount_mg is not None
        },
    )
    packets = [each.packet for each in given]
    return policy.supply(packets, history.course, diary, day)


def supplies_of(
    histories: Mapping[int, History], day: date
) -> dict[int, policy.Supply]:
    """Count the tablets of many patients on a day: two statements for all."""
    given: dict[int, list[Dispensing]] = defaultdict(list)
    for each in Dispensing.objects.standing().filter(patient__in=histories):
        given[each.patient_id].append(each)
    intakes: dict[int, list[Intake]] = defaultdict(list)
    for intake in Intake.objects.filter(patient__in=list(given)):
        intakes[intake.patient_id].append(intake)
    counted = {
        key: supply_of(histories[key], rows, intakes[key], day)
        for key, rows in given.items()
    }
    return {key: found for key, found in counted.items() if found is not None}

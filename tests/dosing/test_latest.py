"""The latest of each patient, as the database draws it, and as the tables have it."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import now

from dosing import policy, services
from dosing.advice import advise
from dosing.models import Dispensing, Dose, Laboratory, TroughLevel
from dosing.services.levels import Confirmation
from dosing.units import Unit, parse_reported
from patients.models import DiaryDay, Latest, Patient, Staff
from tests.builders import DAY_0, a_dose, a_trough, in_diary

WESTMOST = timezone(timedelta(hours=-12))


class Everything(frozenset[str]):
    """Whatever may be asked about an unusual level."""

    def __contains__(self, _key: object) -> bool:
        return True


CONFIRMED = Confirmation(Everything(), "repeated")


def drawn_from_the_tables(patient: Patient) -> dict[str, object]:
    """Work out anew what the database keeps of a patient."""
    levels = TroughLevel.objects.filter(patient=patient).used()
    doses = Dose.objects.standing().filter(patient=patient)
    unanswered = TroughLevel.objects.filter(patient=patient).latest_unanswered()
    given = Dispensing.objects.of(patient).last()
    return {
        "told_on": max((d.day for d in DiaryDay.objects.of(patient)), default=None),
        "level_at": max((level.drawn_at for level in levels), default=None),
        "open_low_ng_per_ml": min(
            (Decimal(0) if e.comparator == "<" else e.ng_per_ml for e in unanswered),
            default=None,
        ),
        "open_high_ng_per_ml": max(
            (Decimal(200) if e.comparator == ">" else e.ng_per_ml for e in unanswered),
            default=None,
        ),
        "unmeasured_since": min(
            (d.starts_on for d in doses if not perhaps_measured(d, list(levels))),
            default=None,
        ),
        "used_up_on": used_up_on(given, list(doses)),
    }


def perhaps_measured(dose: Dose, levels: list[TroughLevel]) -> bool:
    """Ask whether some level came late enough at every clinic on earth."""
    days = timedelta(days=policy.NEARLY_STEADY_AFTER_DAYS)
    steady = datetime.combine(dose.starts_on + days, datetime.min.time(), WESTMOST)
    return any(level.drawn_at >= steady for level in levels)


def used_up_on(given: Dispensing | None, doses: list[Dose]) -> object:
    if given is None:
        return None
    since = [d for d in doses if not d.stops_on or d.stops_on > given.dispensed_on]
    if not since:
        return None
    most = max(dose.amount_mg * 24 / dose.interval_h for dose in since)
    return given.dispensed_on + timedelta(days=int(given.packet.mg / most))


def kept(patient: Patient) -> dict[str, object]:
    facts = list(drawn_from_the_tables(patient))
    found: dict[str, object] = Latest.objects.values(*facts).get(patient=patient)
    return found


class Someone:
    """Changes one patient's care at random, in every way that moves the latest."""

    def __init__(self, patient: Patient, actor: Staff, seed: int) -> None:
        self.patient, self.actor = patient, actor
        self.chance = random.Random(seed)  # noqa: S311 - no secret

    def day(self) -> int:
        return self.chance.randrange(0, 120)

    def level(self) -> TroughLevel:
        return self.chance.choice(list(self.patient.levels.all()))

    def draws(self) -> None:
        value = self.chance.choice(["3.1", "9.5", "15", "18.4", "23.1", "<2", ">30"])
        hours = self.chance.choice([24, None])
        a_trough(
            self.patient,
            value,
            day=self.day(),
            hours_after_dose=hours,
            actor=self.actor,
            confirmation=CONFIRMED,
        )

    def corrects(self) -> None:
        level = self.level()
        services.correct_trough(
            level=level,
            version=level.version,
            laboratory=level.laboratory,
            reported=parse_reported(self.chance.choice(["9.1", "17.2", "<2"])),
            unit=Unit.NG_PER_ML,
            drawn_at=level.drawn_at + timedelta(days=self.chance.randrange(-9, 9)),
            last_dose_at=None,
            confirmation=CONFIRMED,
            reason="slip",
            actor=self.actor,
        )

    def sets_aside(self) -> None:
        level = self.level()
        services.set_aside_trough(
            level=level, version=level.version, reason="clotted", actor=self.actor
        )

    def signs(self) -> None:
        advice = advise(self.patient, at=now())
        if advice is not None:
            services.sign_decision(
                patient=self.patient,
                basis=advice.basis,
                amount_mg=Decimal(self.chance.choice([0, 2])),
                interval_h=24,
                reason="clinical_picture",
                actor=self.actor,
            )

    def prescribes(self) -> None:
        a_dose(
            self.patient,
            self.chance.choice(["0.5", "1", "2"]),
            day=self.day(),
            interval_h=self.chance.choice([12, 24, 48]),
            actor=self.actor,
        )

    def takes_back(self) -> None:
        dose = self.chance.choice(list(self.patient.doses.all()))
        services.correct_dose(
            dose=dose,
            version=dose.version,
            amount_mg=Decimal(self.chance.choice([1, 3])),
            interval_h=24,
            usual_time=dose.usual_time,
            starts_on=dose.starts_on,
            stops_on=dose.stops_on,
            reason="slip",
            never_taken=self.chance.random() < 0.5,
            actor=self.actor,
        )

    def stops(self) -> None:
        on = DAY_0 + timedelta(days=self.day())
        services.stop_dose(
            patient=self.patient, on=on, reason="surgery", actor=self.actor
        )

    def dispenses(self) -> None:
        services.record_dispensing(
            patient=self.patient,
            dispensed_on=DAY_0 + timedelta(days=self.day()),
            strength_mg=Decimal(self.chance.choice(["0.5", "1"])),
            tablets=self.chance.randrange(7, 90),
            actor=self.actor,
        )

    def takes_tablets_back(self) -> None:
        given = self.chance.choice(list(self.patient.dispensings.all()))
        services.withdraw_dispensing(
            dispensing=given, version=given.version, reason="slip", actor=self.actor
        )

    def tells(self) -> None:
        in_diary(self.patient, self.day(), pain_vas="3", actor=self.actor)

    def does_something(self) -> bool:
        """Do one thing; False where the rules of the clinic refuse it."""
        does: Callable[[], None] = self.chance.choice(
            [
                *(self.draws, self.draws, self.draws, self.corrects, self.sets_aside),
                *(self.signs, self.prescribes, self.prescribes, self.takes_back),
                *(self.stops, self.dispenses, self.takes_tablets_back, self.tells),
            ]
        )
        try:
            with transaction.atomic():
                does()
        except (ValidationError, IndexError):
            return False
        return True


@pytest.mark.parametrize("seed", range(6))
def test_the_database_draws_what_the_tables_say_whatever_is_done(
    treated: Patient, laboratory: Laboratory, clinician: Staff, seed: int
) -> None:
    someone = Someone(treated, clinician, seed)

    done = 0
    for _step in range(60):
        done += someone.does_something()
        assert kept(treated) == drawn_from_the_tables(treated)
    assert done > 20

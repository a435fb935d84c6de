"""The latest of each patient, as the database draws it, and as the tables have it."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from importlib import import_module
from io import StringIO
from threading import Barrier, Timer
from typing import Any, TypeVar

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.models import Manager
from django.utils.timezone import now

from dosing import policy, services
from dosing.advice import advise
from dosing.history import history_of
from dosing.models import Dispensing, Dose, Laboratory, Latest, TroughLevel
from dosing.models.latest import BELOW
from dosing.services.batches import Batch, Sample, judge_troughs
from dosing.services.levels import Confirmation
from dosing.units import Unit, parse_reported
from patients.models import DiaryDay, LastTold, Patient, Staff
from tests.builders import (
    DAY_0,
    a_dose,
    a_laboratory,
    a_patient,
    a_protocol,
    a_site,
    a_trough,
    in_diary,
    on_day,
)
from tests.tdm.test_besides import tablets

Record = TypeVar("Record", bound=models.Model)
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
            (BELOW if e.comparator == "<" else e.ng_per_ml for e in unanswered),
            default=None,
        ),
        "open_high_ng_per_ml": max(
            (
                Decimal(99_999) if e.comparator == ">" else e.ng_per_ml
                for e in unanswered
            ),
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
    facts = [name for name in drawn_from_the_tables(patient) if name != "told_on"]
    told = LastTold.objects.filter(patient=patient).first()
    return {
        "told_on": told.day if told else None,
        **Latest.objects.values(*facts).get(patient=patient),
    }


class Someone:
    """Changes one patient's care at random, in every way that moves the latest."""

    def __init__(self, patient: Patient, actor: Staff, seed: int) -> None:
        self.patient, self.actor = patient, actor
        self.chance = random.Random(seed)  # noqa: S311 - no secret

    def day(self) -> int:
        return self.chance.randrange(0, 120)

    def one_of(self, rows: Manager[Record]) -> Record:
        """Choose a record; where there is none yet, there is nothing to do."""
        kept = list(rows.all())
        if not kept:
            raise ValidationError("nothing yet")
        return self.chance.choice(kept)

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
        level = self.one_of(self.patient.levels)
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
        level = self.one_of(self.patient.levels)
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
        dose = self.one_of(self.patient.doses)
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
        count = self.chance.randrange(7, 90)
        tablets(self.patient, self.actor, count, day=self.day())

    def takes_tablets_back(self) -> None:
        given = self.one_of(self.patient.dispensings)
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
        except ValidationError:
            return False
        return True


@pytest.fixture
def three(treated: Patient, clinician: Staff) -> list[Patient]:
    """Return patients of three clinics, from the first to see a day to the last."""
    others = []
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        site = a_site(zone, time_zone=zone)
        clinician.sites.add(site)
        a_laboratory(site)
        others.append(a_patient(site, clinician))
    for each in (treated, *others):
        protocol = a_protocol(name=f"Protocol {each.pk}", alternate_days=True)
        a_dose(each, "2", day=1, protocol=protocol, actor=clinician)
    return [treated, *others]


@pytest.mark.parametrize("seed", range(6))
def test_the_database_draws_what_the_tables_say_whatever_is_done(
    three: list[Patient], laboratory: Laboratory, clinician: Staff, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    someone = [Someone(each, clinician, seed + n) for n, each in enumerate(three)]

    done = 0
    for _step in range(80):
        done += chance.choice(someone).does_something()
        for each in three:
            assert kept(each) == drawn_from_the_tables(each)
    assert done > 30


def at_once(three: list[Patient], actor: Staff, *, day: int = 30) -> list[TroughLevel]:
    """Record a level of each patient by one statement, the last patient first."""
    batches = []
    for each in reversed(three):
        sample = Sample(
            laboratory=Laboratory.objects.get(site=each.site),
            reported=parse_reported("23.1"),
            unit=Unit.NG_PER_ML,
            drawn_at=on_day(day),
            last_dose_at=on_day(day - 1),
            note="",
        )
        levels = judge_troughs(history_of(each), [sample], "repeated")
        batches.append(Batch(each, [sample], levels, 0, "repeated"))
    return services.record_troughs(batches=batches, actor=actor, checked="repeated")


def test_it_draws_everyone_whose_rows_one_statement_wrote(
    three: list[Patient], laboratory: Laboratory, clinician: Staff
) -> None:
    levels = at_once(three, clinician)
    assert [kept(each) for each in three] == list(map(drawn_from_the_tables, three))
    assert {kept(each)["open_high_ng_per_ml"] for each in three} == {Decimal("23.1")}

    services.set_aside_troughs(
        versions={level.pk: level.version for level in levels},
        reason="clotted",
        at=now(),
        actor=clinician,
    )

    assert [kept(each) for each in three] == list(map(drawn_from_the_tables, three))
    assert {kept(each)["level_at"] for each in three} == {None}


@pytest.mark.django_db(transaction=True)
def test_levels_of_a_file_and_of_a_page_wait_for_each_other_and_block_nobody(
    three: list[Patient], laboratory: Laboratory, clinician: Staff
) -> None:
    def write(number: int) -> None:
        try:
            if number % 2:
                at_once(three, clinician, day=30 + number)
            else:
                tablets(three[number // 2 % 3], clinician, 30, day=number)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as writers:
        list(writers.map(write, range(60)))

    assert TroughLevel.objects.count() == 3 * 30
    assert [kept(each) for each in three] == list(map(drawn_from_the_tables, three))


@pytest.mark.django_db(transaction=True)
def test_two_who_write_without_holding_the_patient_forget_neither(
    treated: Patient, laboratory: Laboratory, clinician: Staff
) -> None:
    a_trough(treated, "9.5", day=20, actor=clinician)
    begun, ended = Barrier(2), Barrier(2)

    def other() -> None:
        try:
            with transaction.atomic():
                TroughLevel.objects.create(**facts_of(treated, laboratory, day=40))
                begun.wait(5)
                ended.wait(5)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as writers:
        running = writers.submit(other)
        begun.wait(5)
        Timer(0.3, ended.wait).start()
        TroughLevel.objects.create(**facts_of(treated, laboratory, day=30))
        running.result()

    assert kept(treated)["level_at"] == on_day(40)


def facts_of(patient: Patient, laboratory: Laboratory, *, day: int) -> dict[str, Any]:
    return {
        "patient": patient,
        "laboratory": laboratory,
        "reported_value": Decimal("9.5"),
        "reported_unit": "ng/mL",
        "ng_per_ml": Decimal("9.5"),
        "drawn_at": on_day(day),
    }


@pytest.mark.parametrize("by_hand", ["command", "migrations"])
def test_it_is_drawn_anew_where_rows_were_loaded_without_it(
    three: list[Patient], laboratory: Laboratory, clinician: Staff, by_hand: str
) -> None:
    at_once(three, clinician)
    tablets(three[0], clinician, 60)
    in_diary(three[1], 5, pain_vas="3", actor=clinician)
    before = [kept(each) for each in three]
    Latest.objects.update(level_at=None, unmeasured_since=None, used_up_on=DAY_0)
    Latest.objects.filter(patient=three[2]).delete()
    LastTold.objects.all().delete()

    if by_hand == "command":
        said = StringIO()
        call_command("draw_latest", stdout=said)
        assert said.getvalue().startswith("6 rows")
        again = StringIO()
        call_command("draw_latest", stdout=again)
        assert again.getvalue().startswith("0 rows")
    else:
        for name in ("patients.migrations.0020_draw_last_told", DOSING_DRAWN):
            drawn = import_module(name).DRAWN
            with connection.cursor() as cursor:
                for statement in [drawn] if isinstance(drawn, str) else drawn:
                    cursor.execute(statement)

    assert [kept(each) for each in three] == before


DOSING_DRAWN = "dosing.migrations.0023_draw_latest"

"""How long tablets last, by the diary."""

from datetime import timedelta
from decimal import Decimal

from dosing import policy
from dosing.policy import Course, Diary, Packet, Period, Regimen
from dosing.words import say
from tests.dosing.policy.words import ON_TWO_MG, START, day

THIRTY = Packet(START, Decimal(1), 30)


def known(*numbers: int) -> frozenset[tuple[object, int]]:
    return frozenset((day(number), 0) for number in numbers)


def counted(
    *packets: Packet,
    today: int,
    missed: tuple[int, ...] = (),
    taken: tuple[int, ...] = (),
    course: Course = ON_TWO_MG,
) -> policy.Supply:
    diary = Diary(missed=known(*missed), taken=known(*taken))  # type: ignore[arg-type]
    found = policy.supply(packets, course, diary, day(today))
    assert found is not None
    return found


def test_without_tablets_dispensed_nothing_is_counted() -> None:
    assert policy.supply([], ON_TWO_MG, Diary(), day(3)) is None
    later = Packet(day(4), Decimal(1), 30)
    assert policy.supply([later], ON_TWO_MG, Diary(), day(3)) is None


def test_30_tablets_of_1_mg_last_15_days_of_2_mg() -> None:
    assert counted(THIRTY, today=0).lasts_until == day(14)


def test_a_missed_dose_lasts_longer_and_an_unknown_one_counts_as_taken() -> None:
    found = counted(THIRTY, today=5, missed=(1,), taken=(0, 2))

    assert found.lasts_until == day(15)
    assert (found.doses_taken, found.doses_not_known) == (2, 2)
    assert found.left_mg == 30 - 4 * 2
    said = " ".join(map(say, policy.supply_in_words(found)))
    assert said.startswith("Tablets last until Tue 17 Mar 2026 (30 tablets of 1 mg on")
    assert "Mon 2 Mar 2026, 2 doses taken, 2 not known)." in said
    assert "Doses that are not known count as taken." in said


def test_nothing_unknown_is_not_spoken_of() -> None:
    found = counted(THIRTY, today=2, taken=(0, 1))

    said = " ".join(map(say, policy.supply_in_words(found)))
    assert "not known count" not in said


def test_what_was_left_is_carried_to_the_next_dispensing() -> None:
    again = Packet(day(10), Decimal(1), 30)

    found = counted(THIRTY, again, today=12)

    assert found.carried_mg == 10
    assert found.lasts_until == day(10 + 19)
    assert "10 mg were left from before." in [
        say(each) for each in policy.supply_in_words(found)
    ]


def test_tablets_that_ran_out_before_are_not_owed_to_the_next_packet() -> None:
    again = Packet(day(40), Decimal(1), 30)

    found = counted(THIRTY, again, today=41)

    assert found.carried_mg == 0
    assert found.lasts_until == day(54)


def test_a_new_dose_uses_them_up_at_its_own_pace() -> None:
    course = Course(
        (
            Period(Regimen(Decimal(2), 24), START, day(5)),
            Period(Regimen(Decimal(1), 24), day(5)),
        )
    )

    assert counted(THIRTY, today=3, course=course).lasts_until == day(24)


def test_twice_daily_and_alternate_days_are_counted_as_they_fall() -> None:
    twice = Course((Period(Regimen(Decimal(1), 12), START),))
    alternate = Course((Period(Regimen(Decimal(1), 48), START),))

    assert counted(THIRTY, today=0, course=twice).lasts_until == day(14)
    assert counted(THIRTY, today=0, course=alternate).lasts_until == day(59)


def test_a_dose_that_stops_leaves_the_tablets() -> None:
    stopped = Course((Period(Regimen(Decimal(2), 24), START, day(5)),))

    found = counted(THIRTY, today=3, course=stopped)

    assert (found.lasts_until, found.asks_from, found.gap(day(3))) == (None,) * 3
    assert "No dose is planned" in say(policy.supply_in_words(found)[0])


def test_someone_is_asked_7_days_before_and_the_gap_is_seen_28_days_ahead() -> None:
    found = counted(THIRTY, today=0)

    assert found.asks_from == day(7)
    assert found.gap(day(0)) == (day(15), day(28))
    plenty = counted(Packet(START, Decimal(2), 29), today=0)
    assert plenty.gap(START) is None
    nearly = counted(Packet(START, Decimal(2), 28), today=0)
    assert nearly.gap(START) == (day(28), START + timedelta(days=28))


def test_packets_of_two_strengths_on_one_day_are_one_supply() -> None:
    found = counted(THIRTY, Packet(START, Decimal("0.5"), 20), today=0)

    assert found.lasts_until == day(19)
    assert "40 mg in tablets of several strengths" in say(
        policy.supply_in_words(found)[0]
    )

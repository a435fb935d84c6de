"""Laboratory messages: what becomes a level, what waits, and what is answered."""

import asyncio
import io
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections, transaction
from psycopg.conninfo import make_conninfo

from dosing import services
from dosing.forms.messages import AcceptForm
from dosing.hl7 import mllp, split
from dosing.models import Fate, LabMessage, Laboratory, LabReport, TroughLevel
from dosing.services import Link
from dosing.units import Unit, parse_reported
from patients.models import ApiToken, Patient, Role, Scope, Site, Staff
from patients.services import issue_token, revoke_token
from tdm import hl7link
from tests.builders import (
    a_dose,
    a_laboratory,
    a_patient,
    a_protocol,
    a_site,
    a_staff_member,
    a_trough,
    on_day,
)

MESSAGE = "\r".join(
    [
        r"MSH|^~\&|LIS|HOSP|SIRAPP|CLINIC|20260330150000+0900||ORU^R01^ORU_R01|M1|P"
        "|2.5.1||||||UNICODE UTF-8",
        "PID|1||{id}^^^HOSP^MR||TEST^A||19800504|F",
        "ORC|RE|ORD1|FIL1",
        "OBR|1|ORD1|FIL1|29247-4^Sirolimus^LN|||20260330074500+0900",
        "OBX|1|NM|29247-4^Sirolimus^LN||13.3|ng/mL^ng/mL^UCUM|5-15|N|||F"
        "|||20260330080000+0900",
        "SPM|1|||BLD^Whole blood^HL70487",
        "",
    ]
)


@pytest.fixture
def link(laboratory: Laboratory) -> Link:
    return Link(laboratory=laboratory, assigner="HOSP")


@pytest.fixture
def program(site: Site) -> Staff:
    return a_link(site, Scope.WRITE_LEVELS)


def a_link(site: Site, *scopes: str, name: str = "laboratory-link") -> Staff:
    admin = a_staff_member(site, Role.ADMIN, f"admin-of-{len(name)}")
    token, _key = issue_token(
        name=name, site=site, scopes=list(scopes), days=30, actor=admin
    )
    account: Staff = token.user
    return account


def sent(
    link: Link, program: Staff, patient: Patient, *changes: tuple[str, str]
) -> LabMessage:
    """Send the message with some of its text replaced."""
    text = MESSAGE.replace("{id}", patient.identifier)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    content = text.encode("utf-8", "surrogateescape")
    return services.receive_message(link=link, content=content, actor=program)


def codes(message: LabMessage) -> list[str]:
    """Return MSA-1 and the codes of table 0357, as the last answer says them."""
    answer = message.answers[-1]
    return [
        *re.findall(r"\rMSA\|(\w\w)\|", answer),
        *re.findall(r"\|(\d+)\^[^|]*\^HL70357", answer),
    ]


def test_a_final_level_is_recorded_and_answered(
    link: Link, program: Staff, treated: Patient
) -> None:
    message = sent(link, program, treated)

    level = TroughLevel.objects.get()
    assert (str(level), level.drawn_at) == ("13.3 ng/mL", on_day(28))
    assert codes(message) == ["AA"]
    assert "\rMSA|AA|M1\r" in message.answers[0]
    assert message.reports.get().fate == Fate.RECORDED


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_message_sent_again_changes_nothing_and_has_the_same_answer(
    link: Link, program: Staff, treated: Patient, end: str
) -> None:
    first = sent(link, program, treated)

    by_file = replace(link, tolerant=True)
    again = sent(by_file, program, treated, ("\r", end))

    assert (again.pk, again.answers) == (first.pk, first.answers)
    assert TroughLevel.objects.count() == 1


def test_another_message_under_the_same_control_id_is_held(
    link: Link, program: Staff, treated: Patient
) -> None:
    sent(link, program, treated)

    other = sent(link, program, treated, ("13.3", "9.9"))

    assert codes(other) == ["AE", "205"]
    assert other.reports.get().fate == Fate.WAITING
    assert str(TroughLevel.objects.get()) == "13.3 ng/mL"


NOT_UTF_8 = b"\xb5".decode("utf-8", "surrogateescape")


BAD = [
    ("MSH|", "MSX|", ["AR", "100"], True),
    ("MSH|", "<ORU_R01>|", ["AR", "200"], False),
    ("|M1|P|2.5.1||||||UNICODE UTF-8", "", ["AR", "100"], True),
    ("^~\\&|", "^^^^|", ["AR", "100"], True),
    ("\r", "\n", ["AR", "100"], True),
    ("|2.5.1|", "|9.9|", ["AR", "203"], False),
    ("|2.5.1|", "|2.3|", ["AR", "203"], False),
    ("ORU^R01^ORU_R01", "ADT^A01", ["AR", "200"], False),
    ("ORU^R01^ORU_R01", "ORU^R30", ["AR", "201"], False),
    ("|P|", "|T|", ["AR", "202"], False),
    ("|M1|", "||", ["AR", "101"], True),
    ("PID|", "PIX|", ["AE", "101"], True),
    ("^^^HOSP^MR", "", ["AE", "204"], True),
    ("^^^HOSP^MR", "^^^OTHER^MR", ["AE", "204"], True),
    ("^^^HOSP^MR", "^^^HOSP^PI", ["AE", "204"], True),
    ("^^^HOSP^MR", "x^^^HOSP^MR", ["AE", "204"], True),
    ("19800504", "19800505", ["AE", "204"], True),
    ("19800504", "", ["AE", "101"], True),
    ("OBR|", "OBY|", ["AE", "100"], True),
    ("OBX|", "OBY|", ["AE", "100"], True),
    ("29247-4^Sirolimus^LN", "SIR^Sirolimus^L", ["AE", "103"], True),
    ("|NM|", "|ST|", ["AE", "102"], True),
    ("|13.3|", "|abc|", ["AE", "102"], True),
    ("|13.3|", "|13,3|", ["AE", "102"], True),
    ("|13.3|", "|-1|", ["AE", "102"], True),
    ("|13.3|", r"|13\X00\3|", ["AE", "102"], True),
    ("|13.3|", "|13\x00.3|", ["AE", "102"], True),
    ("ng/mL^ng/mL^UCUM", "", ["AE", "101"], True),
    ("ng/mL^ng/mL^UCUM", "ng/dL^ng/dL^UCUM", ["AE", "103"], True),
    ("ng/mL^ng/mL^UCUM", f"{NOT_UTF_8}g/L", ["AE", "102"], True),
    ("|20260330080000+0900", "|20261340", ["AE", "102"], True),
    ("20260330080000+0900", "20260330080000+2359", ["AE", "102"], True),
    ("20260330080000+0900", "20991231080000+0900", ["AE", "102"], True),
    ("20260330080000+0900", "00010101080000+0900", ["AE", "102"], True),
    ("20260330080000+0900", "99991231230000-0900", ["AE", "102"], True),
    ("BLD^Whole blood", "SER^Serum", ["AE", "103"], True),
    ("|||F|", "|||?|", ["AE", "103"], True),
    ("UNICODE UTF-8", "GB 18030-2000", ["AE", "103"], True),
]


def test_a_bad_message_is_answered_by_the_rules_and_kept(
    link: Link, program: Staff, treated: Patient, subtests: pytest.Subtests
) -> None:
    for old, new, answer, waits in BAD:
        with subtests.test(ascii((old, new))), transaction.atomic():
            message = sent(link, program, treated, (old, new))

            assert codes(message) == answer
            assert not TroughLevel.objects.exists()
            assert message.reports.get().is_open is waits
            transaction.set_rollback(True)


PLAIN = [
    ("|NM|29247-4^Sirolimus^LN||13.3|", "|SN|29247-4^Sirolimus^LN||<^2.0|", "<2"),
    ("|13.3|", "|13.300|", "13.3"),
    ("|5-15|", "|about five|", "13.3"),
    ("SPM|1", "ZZZ|1|x\rSPM|1", "13.3"),
    ("|||20260330080000+0900", "", "13.3"),
    ("29247-4^Sirolimus^LN||", "SIR^S^L^29247-4^Sirolimus^LN||", "13.3"),
]


def test_two_identifiers_of_two_patients_and_a_sample_without_a_time_wait(
    link: Link, program: Staff, treated: Patient, clinician: Staff
) -> None:
    other = a_patient(treated.site, clinician)
    both = f"^^^HOSP^MR~{other.identifier}^^^HOSP^MR"
    of_two = sent(link, program, treated, ("^^^HOSP^MR", both))
    timeless = sent(
        link,
        program,
        treated,
        ("|M1|", "|M2|"),
        ("|||20260330080000+0900", ""),
        ("|||20260330074500+0900", ""),
    )

    assert (codes(of_two), codes(timeless)) == (["AE", "204"], ["AE", "101"])
    assert LabReport.objects.open().count() == 2
    assert not TroughLevel.objects.exists()


def test_a_message_about_a_patient_of_another_clinic_waits(
    link: Link, program: Staff, treated: Patient, clinician: Staff
) -> None:
    stranger = a_patient(a_site("Osaka clinic"), clinician)

    message = sent(link, program, stranger)

    assert codes(message) == ["AE", "204"]
    assert not TroughLevel.objects.exists()


@pytest.mark.parametrize("who", ["another clinic's", "born on another day"])
def test_a_report_is_accepted_only_for_a_patient_of_its_clinic_born_that_day(
    link: Link, program: Staff, treated: Patient, clinician: Staff, who: str
) -> None:
    report = sent(link, program, treated, ("|13.3|", "|133|")).reports.get()
    stranger = a_patient(a_site("Osaka clinic"), clinician)
    patient, born_on = {
        "another clinic's": (stranger, stranger.born_on),
        "born on another day": (treated, treated.born_on - timedelta(days=1)),
    }[who]

    with pytest.raises(ValidationError, match="No patient of this clinic"):
        services.accept_report(
            report=report,
            version=report.version,
            identifier=patient.identifier,
            born_on=born_on,
            laboratory=link.laboratory,
            reported=parse_reported("13.3"),
            unit=Unit.NG_PER_ML,
            drawn_at=on_day(28),
            reason="asked by telephone",
            actor=clinician,
        )

    assert not TroughLevel.objects.exists()


@pytest.mark.parametrize(
    "sample", ["20260329230000+0000", "20260330080000+0900", "202603300800"]
)
def test_the_time_of_a_waiting_sample_is_offered_by_the_clinics_clock(
    link: Link, program: Staff, treated: Patient, sample: str
) -> None:
    changes = [("|13.3|", "|133|"), ("20260330080000+0900", sample)]
    report = sent(link, program, treated, *changes).reports.get()

    offered = AcceptForm(None, report=report)["drawn_at"].value()

    assert offered == datetime(2026, 3, 30, 8)  # noqa: DTZ001 - a wall time


def test_while_the_database_keeps_nothing_the_sender_is_told_to_send_again(
    link: Link, program: Staff, treated: Patient
) -> None:
    content = MESSAGE.replace("{id}", treated.identifier).encode()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        (not_now,) = hl7link.take_in(content, link, program)
        transaction.set_rollback(True)
    (too_large,) = hl7link.too_large(content.split(b"\r")[0], link)

    assert "\rMSA|AE|M1\rERR||MSH|207^" in not_now
    assert "\rMSA|AR|M1\rERR||MSH|102^" in too_large
    assert not LabMessage.objects.exists()


def test_a_link_takes_nothing_in_once_its_token_is_revoked(
    link: Link, program: Staff, treated: Patient, clinician: Staff
) -> None:
    content = MESSAGE.replace("{id}", treated.identifier).encode()
    revoke_token(token=ApiToken.objects.get(user=program), actor=clinician)

    (refused,) = hl7link.take_in(content, link, program)

    assert "\rMSA|AE|M1\rERR||MSH|207^" in refused
    assert not LabMessage.objects.exists()


def test_a_link_wants_a_token_that_writes_levels(link: Link, site: Site) -> None:
    a_link(site, Scope.READ_PATIENTS, name="only a reader")

    with pytest.raises(CommandError, match="does not write trough levels"):
        hl7link.actor_of({"by": "only a reader"}, link)


def test_a_listener_says_why_it_cannot_begin(
    link: Link, program: Staff, tmp_path: Path
) -> None:
    begun = partial(
        call_command, "hl7_listener", site=link.site.name, by=program.username,
        laboratory=link.laboratory.name, assigner="HOSP",
    )  # fmt: skip

    with pytest.raises(CommandError, match="cannot be read"):
        begun(cert=str(tmp_path / "none.pem"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match="Cannot listen there"):
            begun(port=port)


def test_an_unusual_but_plain_message_becomes_a_level(
    link: Link, program: Staff, treated: Patient, subtests: pytest.Subtests
) -> None:
    for old, new, level in PLAIN:
        with subtests.test(ascii((old, new))), transaction.atomic():
            message = sent(link, program, treated, (old, new))

            assert codes(message) == ["AA"]
            assert str(TroughLevel.objects.get()) == f"{level} ng/mL"
            transaction.set_rollback(True)


def test_unusual_separators_are_read_as_the_header_declares_them(
    link: Link, program: Staff, treated: Patient
) -> None:
    message = sent(link, program, treated, ("^", "*"), ("|", "#"))

    assert codes(message) == ["AA"]


def test_a_time_without_a_zone_is_the_clinics_and_says_so(
    link: Link, program: Staff, treated: Patient
) -> None:
    sent(link, program, treated, ("20260330080000+0900", "20260330080000"))

    level = TroughLevel.objects.get()
    assert (level.drawn_at, level.note) == (on_day(28), "Sent without a time zone.")


def test_other_analytes_and_empty_results_record_nothing(
    link: Link, program: Staff, treated: Patient
) -> None:
    other = sent(link, program, treated, ("29247-4", "2160-0"))
    assert other.reports.get().said == "No sirolimus level in it; other results: 1."
    none = sent(
        link, program, treated, ("|M1|", "|M2|"), ("|13.3|", "||"), ("|||F|", "|||X|")
    )

    assert (codes(other), codes(none)) == (["AA"], ["AA"])
    assert set(LabReport.objects.values_list("fate", flat=True)) == {Fate.NOTHING}


def test_an_odd_level_waits_until_someone_accepts_it(
    link: Link, program: Staff, treated: Patient, nurse: Staff
) -> None:
    message = sent(link, program, treated, ("|13.3|", "|133|"))
    report = message.reports.get()

    assert codes(message) == ["AA"]
    assert "far from what this patient could have" in report.said
    accepted = services.accept_report(
        report=report,
        version=report.version,
        identifier=treated.identifier,
        born_on=treated.born_on,
        laboratory=link.laboratory,
        reported=parse_reported("13.3"),
        unit=Unit.NG_PER_ML,
        drawn_at=on_day(28),
        reason="asked by telephone",
        actor=nurse,
    )

    assert accepted.fate == Fate.ACCEPTED
    assert str(TroughLevel.objects.get()) == "13.3 ng/mL"
    with pytest.raises(ValidationError, match="decided on this report already"):
        services.refuse_report(
            report=accepted, version=accepted.version, reason="no", actor=nurse
        )


def test_a_preliminary_result_waits_and_rests_once_the_final_one_is_here(
    link: Link, program: Staff, treated: Patient
) -> None:
    early = sent(link, program, treated, ("|||F|", "|||P|"))
    assert early.reports.get().fate == Fate.PRELIMINARY
    assert not TroughLevel.objects.exists()

    sent(link, program, treated, ("|M1|", "|M2|"))

    assert early.reports.get().fate == Fate.NOTHING
    assert TroughLevel.objects.count() == 1


def test_a_preliminary_result_that_comes_after_its_final_one_asks_for_nobody(
    link: Link, program: Staff, treated: Patient
) -> None:
    sent(link, program, treated)

    late = sent(link, program, treated, ("|||F|", "|||P|"), ("|M1|", "|M2|"))

    assert late.reports.get().fate == Fate.NOTHING
    assert TroughLevel.objects.count() == 1


def test_a_preliminary_result_after_a_withdrawn_one_waits_for_its_final_one(
    link: Link, program: Staff, treated: Patient
) -> None:
    sent(link, program, treated)
    sent(link, program, treated, ("|||F|", "|||D|"), ("|M1|", "|M2|"))
    assert TroughLevel.objects.get().set_aside_at is not None

    anew = sent(link, program, treated, ("|||F|", "|||P|"), ("|M1|", "|M3|"))

    assert anew.reports.get().fate == Fate.PRELIMINARY


def test_an_order_of_another_laboratory_or_patient_lets_no_preliminary_result_rest(
    link: Link, program: Staff, treated: Patient, clinician: Staff
) -> None:
    other_patient = a_patient(treated.site, clinician)
    a_dose(other_patient, "2", protocol=a_protocol(), actor=clinician)
    second = Link(a_laboratory(treated.site, name="Second laboratory"), "HOSP")
    early = sent(link, program, treated, ("|||F|", "|||P|"))

    sent(second, program, treated, ("|M1|", "|M2|"))
    sent(link, program, other_patient, ("|M1|", "|M3|"))
    assert early.reports.get().fate == Fate.PRELIMINARY

    sent(link, program, treated, ("|M1|", "|M4|"))
    assert early.reports.get().fate == Fate.NOTHING


def test_a_sign_in_a_plain_number_waits_with_words_that_say_what_to_do(
    link: Link, program: Staff, treated: Patient
) -> None:
    message = sent(link, program, treated, ("|13.3|", "|<2.0|"))

    report = message.reports.get()
    assert (report.fate, codes(message)) == (Fate.WAITING, ["AE", "102"])
    assert "it is sent as SN" in report.said
    assert AcceptForm(None, report=report)["level"].value() == "<2.0"


@pytest.mark.parametrize("withdrawal", ["D", "W"])
def test_a_correction_corrects_and_a_withdrawal_sets_aside(
    link: Link, program: Staff, treated: Patient, withdrawal: str
) -> None:
    sent(link, program, treated)
    sent(
        link,
        program,
        treated,
        ("|M1|", "|M2|"),
        ("|||F|", "|||C|"),
        ("|13.3|", "|12.1|"),
    )
    level = TroughLevel.objects.get()
    assert (str(level), level.version) == ("12.1 ng/mL", 2)

    sent(link, program, treated, ("|M1|", "|M3|"), ("|||F|", f"|||{withdrawal}|"))
    level.refresh_from_db()
    assert level.set_aside_because == "Withdrawn by the laboratory"


def test_a_correction_without_an_earlier_report_is_recorded_with_a_flag(
    link: Link, program: Staff, treated: Patient
) -> None:
    message = sent(link, program, treated, ("|||F|", "|||C|"))

    assert message.reports.get().said == "A correction, but no earlier report is here."
    assert TroughLevel.objects.get().note == message.reports.get().said


def test_a_correction_of_a_level_that_someone_changed_waits(
    link: Link, program: Staff, treated: Patient
) -> None:
    sent(link, program, treated)
    TroughLevel.objects.update(version=2)

    late = sent(
        link,
        program,
        treated,
        ("|M1|", "|M2|"),
        ("|||F|", "|||C|"),
        ("|13.3|", "|9.9|"),
    )

    assert late.reports.get().fate == Fate.WAITING
    assert str(TroughLevel.objects.get()) == "13.3 ng/mL"


def test_an_answer_about_a_time_says_nothing_of_the_value(
    link: Link, program: Staff, treated: Patient
) -> None:
    message = sent(link, program, treated, ("|13.3|", "|250|"), ("202603", "203603"))

    assert codes(message) == ["AE", "102"]
    assert "cannot lie in the future" in message.answers[-1]
    assert "between 0 and 200" not in message.answers[-1]
    assert "between 0 and 200" in message.reports.get().said


@pytest.mark.parametrize("status", ["F", "C", "D", "W"])
def test_an_order_number_used_again_for_another_days_sample_changes_no_level(
    link: Link, program: Staff, treated: Patient, status: str
) -> None:
    sent(link, program, treated)

    other = sent(
        link,
        program,
        treated,
        ("|M1|", "|M2|"),
        ("|||F|", f"|||{status}|"),
        ("|13.3|", "|9.9|"),
        ("20260330", "20260406"),
    )

    report = other.reports.get()
    assert (report.fate, codes(other)) == (Fate.WAITING, ["AA"])
    assert report.said.endswith("that of a level of another day, 13.3 ng/mL.")
    level = TroughLevel.objects.get()
    assert (str(level), level.set_aside_at) == ("13.3 ng/mL", None)


def test_a_level_that_was_typed_before_is_not_recorded_twice(
    link: Link, program: Staff, treated: Patient, nurse: Staff
) -> None:
    a_trough(treated, "13.3", actor=nurse)

    same = sent(link, program, treated)
    other = sent(link, program, treated, ("|M1|", "|M2|"), ("|13.3|", "|12.9|"))

    assert same.reports.get().fate == Fate.RECORDED
    assert other.reports.get().said == "This sample is recorded as 13.3 ng/mL already."
    assert TroughLevel.objects.count() == 1


def test_a_final_result_that_adds_a_bound_to_what_is_recorded_waits(
    link: Link, program: Staff, treated: Patient
) -> None:
    sent(link, program, treated)

    bounded = ("|NM|29247-4^Sirolimus^LN||13.3|", "|SN|29247-4^Sirolimus^LN||<^13.3|")
    again = sent(link, program, treated, ("|M1|", "|M2|"), bounded)

    assert again.reports.get().fate == Fate.WAITING
    assert str(TroughLevel.objects.get()) == "13.3 ng/mL"


def test_of_two_results_the_good_one_is_recorded_and_the_other_waits(
    link: Link, program: Staff, treated: Patient
) -> None:
    second = "OBX|2|NM|29247-4^Sirolimus^LN||abc|ng/mL|||||F|||20260331080000+0900\rSPM"
    message = sent(link, program, treated, ("SPM", second))

    assert codes(message) == ["AE", "102"]
    fates = message.reports.order_by("pk").values_list("set_id", "fate")
    assert list(fates) == [("1", Fate.RECORDED), ("2", Fate.WAITING)]


def test_too_many_results_are_refused_as_a_whole(
    link: Link, program: Staff, treated: Patient
) -> None:
    many = "OBX|2|NM|2160-0^Creatinine^LN||1|mg/dL|||||F\r" * 500 + "SPM"

    assert codes(sent(link, program, treated, ("SPM", many))) == ["AE", "207"]
    assert not TroughLevel.objects.exists()


@pytest.mark.parametrize(
    ("accept", "reply", "answers"),
    [
        ("AL", "NE", ["CA"]),
        ("NE", "AL", ["AA"]),
        ("AL", "AL", ["CA", "AA"]),
        ("ER", "NE", []),
        ("SU", "ER", ["CA"]),
    ],
)
def test_enhanced_mode_answers_what_the_sender_wants(
    link: Link,
    program: Staff,
    treated: Patient,
    accept: str,
    reply: str,
    answers: list[str],
) -> None:
    wanted = ("|2.5.1||||||", f"|2.5.1|||{accept}|{reply}||")
    message = sent(link, program, treated, wanted)

    assert [a.split("\rMSA|")[1][:2] for a in message.answers] == answers


def test_two_messages_of_one_frame_are_taken_in_order() -> None:
    first, second = split(b"MSH|1\rPID|\r\rMSH|2\rPID|\r")

    assert (first[:5], second[:5]) == (b"MSH|1", b"MSH|2")


def spoken(frames: list[bytes], *, falls_silent: bool = False) -> bytes:
    """Say something to a listener that echoes control ids, and hear its answers."""
    idle_s = 0.2 if falls_silent else 5.0

    async def handler(frame: bytes) -> list[str]:
        return [f"heard {len(frame)}"]

    async def too_large(head: bytes) -> list[str]:
        return [f"too large: {head[:3].decode()}"]

    async def talk() -> bytes:
        server = mllp.Server(handler, too_large, mllp.Limits(1000, idle_s))
        running = await server.start("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(
            *running.sockets[0].getsockname()[:2]
        )
        for frame in frames:
            writer.write(frame)
        if not falls_silent:
            writer.write_eof()
        heard = await reader.read()
        writer.close()
        running.close()
        return heard

    with ThreadPoolExecutor(1) as apart:  # a browser's loop may run in this thread
        return apart.submit(asyncio.run, talk()).result()


@pytest.mark.parametrize(
    ("frames", "heard"),
    [
        ([b"\x0bMSH|1\x1c\x0d", b"\x0bMSH\x1c\x0d"], ["heard 5", "heard 3"]),
        ([b"\x0b\x1c\x0d"], []),
        ([b"\x0bMSH|cut"], []),
        ([b"GET / HTTP/1.1\r\n"], []),
        ([b"\x0bMSH" + b"x" * 3000 + b"\x1c\x0d"], ["too large: MSH"]),
        ([b"\x0bMSH" + b"x" * 8_000_000 + b"\x1c\x0d"], ["too large: MSH"]),
    ],
)
def test_a_listener_answers_whole_frames_only(
    frames: list[bytes], heard: list[str]
) -> None:
    assert spoken(frames) == b"".join(mllp.framed(each) for each in heard)


def test_a_listener_ends_a_link_that_falls_silent_within_a_frame() -> None:
    assert spoken([b"\x0bMSH|whole\x1c\x0d", b"\x0bMSH|cut"], falls_silent=True) == (
        mllp.framed("heard 9")
    )


@dataclass
class Listener:
    """The command as a process of its own, which can be killed and started again."""

    command: list[str]
    tls: ssl.SSLContext | None = None
    running: subprocess.Popen[str] | None = None
    port: int = 0

    def start(self) -> None:
        place = connection.settings_dict
        known = {part: place[part.upper()] for part in ("user", "host", "port")}
        address = make_conninfo(
            dbname=place["NAME"], **{part: said for part, said in known.items() if said}
        )
        self.running = subprocess.Popen(
            self.command,
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": address},
            stdout=subprocess.PIPE,
            text=True,
        )
        said = (self.running.stdout or io.StringIO()).readline()
        assert said.startswith("listening on 127.0.0.1:"), said
        self.port = int(said.rpartition(":")[2])

    def stop(self, sign: signal.Signals) -> int:
        assert self.running is not None
        self.running.send_signal(sign)
        with self.running:
            return self.running.wait(10)

    def tell(self, message: bytes) -> bytes:
        """Send one framed message and return the frame of its answer."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as link:
            wire = (
                self.tls.wrap_socket(link, server_hostname="localhost")
                if (self.tls)
                else link
            )
            with wire:
                wire.sendall(mllp.BEGIN + message + mllp.END)
                heard = b""
                while not heard.endswith(mllp.END) and (more := wire.recv(4096)):
                    heard += more
        return heard


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "cert.pem"
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-out", path,
         "-keyout", tmp_path / "key.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return path


@pytest.mark.django_db(transaction=True)
def test_a_listener_killed_between_two_messages_takes_the_same_again_once(
    link: Link, program: Staff, treated: Patient, certificate: Path
) -> None:
    """First in the open on loopback, then over TLS; stopped by hand it ends well."""
    command = [
        sys.executable, "manage.py", "hl7_listener", "--site", link.site.name,
        "--laboratory", link.laboratory.name, "--by", program.username,
        "--assigner", "HOSP", "--port", "0",
    ]  # fmt: skip
    content = MESSAGE.replace("{id}", treated.identifier).encode()
    plain = Listener(command)
    plain.start()
    first = plain.tell(content)
    plain.stop(signal.SIGKILL)

    key = certificate.with_name("key.pem")
    over_tls = Listener(
        [*command, "--cert", str(certificate), "--key", str(key)],
        ssl.create_default_context(cafile=certificate),
    )
    over_tls.start()
    again = over_tls.tell(content)

    assert over_tls.stop(signal.SIGTERM) == 0
    assert b"\rMSA|AA|M1\r" in first
    assert first == again
    assert TroughLevel.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_message_by_two_links_at_once_is_one_level_and_one_answer(
    link: Link, program: Staff, treated: Patient
) -> None:
    content = MESSAGE.replace("{id}", treated.identifier).encode()
    together = Barrier(2)

    def take_in() -> list[str]:
        together.wait(5)
        try:
            return hl7link.take_in(content, link, program)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as links:
        both = [links.submit(take_in) for _link in range(2)]
        one, other = [each.result() for each in both]

    assert one == other
    assert "\rMSA|AA|M1\r" in one[0]
    assert TroughLevel.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_message_over_the_wire_is_committed_before_it_is_answered(
    link: Link, program: Staff, treated: Patient
) -> None:
    """Seen from another connection; sent twice, as after a lost answer."""
    content = MESSAGE.replace("{id}", treated.identifier).encode()
    with ThreadPoolExecutor(1) as other:
        first, again = (
            other.submit(hl7link.take_in, content, link, program).result()
            for _time in range(2)
        )
        other.submit(connections.close_all).result()

    assert first == again
    assert TroughLevel.objects.count() == 1

"""What is prepared once for each connection outlives what happens to it."""

from collections.abc import Iterator

import pytest
from django.db import (
    DataError,
    NotSupportedError,
    OperationalError,
    connection,
    transaction,
)
from django.db.models import QuerySet
from django.db.models.expressions import Value
from django.db.models.functions import Concat
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from patients.models import Lesion, Patient, Site, Staff
from patients.statements import (
    Given,
    Statement,
    among,
    answered,
    at_once,
    compiled,
    rows,
    run,
)
from tdm.errors import server_error
from tests.builders import a_lesion, a_patient

pytestmark = pytest.mark.django_db(transaction=True)

BEDS = "SELECT number FROM beds_of_a_ward WHERE number = %(number)s"


@pytest.fixture
def ward() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE beds_of_a_ward AS SELECT 7 AS number")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE beds_of_a_ward")


def altered() -> None:
    """Alter the table by another connection, as a migration does."""
    there = connection.copy()
    with there.cursor() as cursor:
        cursor.execute("ALTER TABLE beds_of_a_ward ALTER number TYPE bigint")
    there.close()


@pytest.mark.usefixtures("ward")
def test_a_statement_is_prepared_anew_once_its_table_was_altered() -> None:
    assert rows(BEDS, {"number": 7}) == [(7,)]

    altered()

    assert rows(BEDS, {"number": 7}) == [(7,)]


def in_a_request(request: HttpRequest) -> HttpResponse:
    """Read within a transaction, and answer as a server would where that fails."""
    try:
        with transaction.atomic():
            rows(BEDS, {"number": 7})
    except NotSupportedError:
        return server_error(request)
    return HttpResponse()


@pytest.mark.usefixtures("ward")
def test_within_a_transaction_it_fails_once_and_the_next_has_a_new_connection(
    rf: RequestFactory,
) -> None:
    assert rows(BEDS, {"number": 7}) == [(7,)]

    altered()

    answer = in_a_request(rf.post("/api/v1/patients/"))
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    connection.close_if_unusable_or_obsolete()
    with transaction.atomic():
        assert rows(BEDS, {"number": 7}) == [(7,)]


def ended_while_idle() -> None:
    """End our connection as a restarted database does, between two requests."""
    connection.close_if_unusable_or_obsolete()
    there = connection.copy()
    with there.cursor() as cursor:
        pid = connection.connection.info.backend_pid
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    there.close()


@pytest.mark.usefixtures("ward")
def test_a_reader_does_not_notice_that_the_database_was_restarted() -> None:
    assert rows(BEDS, {"number": 7}) == [(7,)]

    ended_while_idle()

    assert rows(BEDS, {"number": 7}) == [(7,)]


@pytest.mark.usefixtures("ward")
def test_what_writes_is_not_sent_twice_and_finds_a_new_connection_first() -> None:
    assert rows(BEDS, {"number": 7}) == [(7,)]

    ended_while_idle()
    run("INSERT INTO beds_of_a_ward VALUES (%(number)s)", {"number": 8})

    assert rows(BEDS, {"number": 8}) == [(8,)]


@pytest.mark.usefixtures("ward")
def test_a_connection_that_ends_in_the_middle_of_a_request_is_an_error() -> None:
    ended_while_idle()
    connection.health_check_done = True  # type: ignore[attr-defined]

    with pytest.raises(OperationalError):
        rows(BEDS, {"number": 7})
    connection.close()


@compiled
def lesions_of() -> QuerySet[Lesion]:
    there = Lesion.objects.filter(among("patient", "patients"))
    said = there.annotate(said=Concat("body_site", Value(" 100%")))
    return said.select_related("patient").order_by("body_site")


@compiled
def places_of() -> QuerySet[Lesion, str]:
    there = Lesion.objects.filter(patient=Given("patient"), side__in=["left", "right"])
    return there.values_list("body_site", flat=True)


def test_a_question_is_put_once_and_asked_of_one_patient_and_of_others(
    site: Site, clinician: Staff
) -> None:
    one, other = a_patient(site, clinician), a_patient(site, clinician)
    a_lesion(one, clinician, body_site="Wrist")
    a_lesion(other, clinician, body_site="Ankle")

    found = lesions_of(patients=[one.pk, other.pk])

    assert [(each.said, each.patient) for each in found] == [  # type: ignore[attr-defined]
        ("Ankle 100%", other),
        ("Wrist 100%", one),
    ]
    assert lesions_of(patients=[]) == []
    assert places_of(patient=one.pk) == ["Wrist"]
    assert places_of(patient=other.pk) == ["Ankle"]


def test_several_questions_asked_at_once_each_have_their_answer(
    site: Site, clinician: Staff
) -> None:
    one, other = a_patient(site, clinician), a_patient(site, clinician)
    a_lesion(one, clinician, body_site="Wrist")
    a_lesion(other, clinician, body_site="Ankle")
    lesions = lesions_of.given(patients=[one.pk, other.pk])
    places, none = places_of.given(patient=other.pk), lesions_of.given(patients=[])

    at_once(lesions, places, none)

    assert [each.patient for each in lesions.found] == [other, one]
    assert (places.found, none.found) == (["Ankle"], [])


@pytest.mark.usefixtures("ward")
def test_statements_sent_at_once_do_not_notice_a_restart_nor_an_altered_table() -> None:
    two = [Statement(BEDS, {"number": number}) for number in (7, 8)]
    answered(two, reads=True)

    ended_while_idle()
    answered(two, reads=True)
    altered()
    found = answered(two, reads=True)

    assert [each.fetchall() for each in found] == [[(7,)], []]


def test_a_question_refused_among_others_is_told_as_it_is_and_leaves_no_trace(
    patient: Patient, clinician: Staff
) -> None:
    a_lesion(patient, clinician, body_site="Wrist")
    places, lesions = (
        places_of.given(patient=patient.pk),
        lesions_of.given(patients="x"),
    )

    with pytest.raises(DataError), transaction.atomic():
        at_once(lesions, places)
    at_once(places)

    assert places.found == ["Wrist"]


def test_a_row_that_was_found_may_be_stored_again(
    patient: Patient, clinician: Staff
) -> None:
    a_lesion(patient, clinician, body_site="Wrist")
    [lesion] = lesions_of(patients=[patient.pk])

    lesion.body_site = "Ankle"
    lesion.save()

    assert Lesion.objects.get().body_site == "Ankle"

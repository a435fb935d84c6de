"""What is prepared once for each connection outlives what happens to a table."""

from collections.abc import Iterator

import pytest
from django.db import NotSupportedError, connection, transaction

from patients.statements import rows

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


@pytest.mark.usefixtures("ward")
def test_within_a_transaction_it_fails_once_and_the_next_has_a_new_connection() -> None:
    assert rows(BEDS, {"number": 7}) == [(7,)]

    altered()

    with pytest.raises(NotSupportedError), transaction.atomic():
        rows(BEDS, {"number": 7})
    connection.close_if_unusable_or_obsolete()
    with transaction.atomic():
        assert rows(BEDS, {"number": 7}) == [(7,)]

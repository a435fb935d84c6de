"""Statements told to the database once for each connection, where that pays."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from copy import copy
from functools import cache, cached_property, lru_cache
from itertools import count
from typing import Any, Generic, NamedTuple, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Func, QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

Row = TypeVar("Row")


class Statement(NamedTuple):
    """Text that says the same each time; values (`%(name)s` in it) go beside it."""

    text: str
    facts: Mapping[str, Any]


def rows(text: str, facts: Mapping[str, Any]) -> list[Any]:
    """Run a statement and return its rows.

    Planning such a statement costs more than running it, and so does reading its
    text here: it is prepared. Only for what reads: it is asked again where the
    database has ended an idle connection.
    """
    [found] = answered([Statement(text, facts)], reads=True)
    return found.fetchall()


def run(text: str, facts: Mapping[str, Any]) -> None:
    """Run a statement as `rows` does, where there are none to return."""
    answered([Statement(text, facts)], reads=False)


Cursor = psycopg.RawCursor[Any]


def answered(statements: Sequence[Statement], *, reads: bool) -> list[Cursor]:
    """Run statements; those prepared before a table was altered are prepared anew.

    Within a transaction that is too late: it fails, and the next has a new connection.
    What `reads` is asked again as well where an idle connection has been ended.
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    idle = reads and is_idle(connection)
    if idle:
        connection.health_check_done = True  # by these statements
    try:
        return executed(statements)
    except DatabaseError as error:
        lost = idle and connection.connection.closed
        if not lost and not isinstance(error.__cause__, STALE):
            raise
        connection.close_at = 0.0
        if connection.in_atomic_block:
            raise
        connection.close()
        return executed(statements)


def is_idle(connection: Any) -> bool:
    """Return whether a connection was kept from earlier and not used since."""
    kept = connection.connection is not None and connection.health_check_enabled
    return kept and not connection.health_check_done


STALE = (
    psycopg.errors.FeatureNotSupported,  # "cached plan must not change result type"
    psycopg.errors.InvalidSqlStatementName,
)


def executed(statements: Sequence[Statement]) -> list[Cursor]:
    """Send statements, several without waiting for each answer."""
    connection = connections[DEFAULT_DB_ALIAS]
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    ours = connection.connection
    sending = ours.pipeline() if len(statements) > 1 else nullcontext()
    with connection.wrap_database_errors, sending:
        return [sent(connection, each) for each in statements]


def sent(connection: BaseDatabaseWrapper, statement: Statement) -> Cursor:
    text, facts = statement
    plain, names = numbered(text)
    if connection.queries_logged:
        connection.queries_log.append({"sql": text % facts, "time": ""})
    cursor: Cursor = psycopg.RawCursor(connection.connection)
    return cursor.execute(plain, [facts[name] for name in names], prepare=True)


class Given(Expression):
    """A value of a compiled question that is named when it is asked; never None."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        return f"%({self.name})s", ()


def among(field: str, name: str) -> Func:
    """Keep rows whose field is in a list that is named when the question is asked."""
    template = f"%(expressions)s = ANY(%%({name})s)"
    return Func(F(field), template=template, output_field=BooleanField())


class Put(NamedTuple):
    """A question in SQL, with the values that are the same each time it is asked."""

    queryset: QuerySet[Any, Any]
    compiler: SQLCompiler
    text: str
    fixed: Mapping[str, Any]


class Question(Generic[Row]):
    """A question put into SQL once, and asked by its `Given` values.

    Where few rows come, Django takes longer to put it than the database to answer.
    """

    def __init__(self, build: Callable[[], QuerySet[Any, Row]]) -> None:
        self.build = build

    def __call__(self, **facts: object) -> list[Row]:
        asked = self.given(**facts)
        at_once(asked)
        return asked.found

    def given(self, **facts: object) -> "Asked[Row]":
        """Return the question with its values, to be asked with others at once."""
        return Asked(self, {**self.put.fixed, **facts})

    @cached_property
    def put(self) -> Put:
        queryset = self.build()
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        text, values = compiler.as_sql()
        numbers = count()
        text = PLACE.sub(lambda found: found[1] or f"%(fixed_{next(numbers)})s", text)
        fixed = {f"fixed_{n}": value for n, value in enumerate(values)}
        return Put(queryset, compiler, text, fixed)


class Asked(Generic[Row]):
    """A question with its values; `found` is there once it was asked."""

    found: list[Row]

    def __init__(self, question: Question[Row], facts: Mapping[str, object]) -> None:
        self.question = question
        self.statement = Statement(question.put.text, facts)

    def read(self, answer: list[Any]) -> list[Row]:
        """Return what Django makes of the rows."""
        if not answer:
            return []
        put = self.question.put
        told = copy(put.compiler)
        told.connection = connections[DEFAULT_DB_ALIAS]
        told.execute_sql = lambda *_, **__: [answer]  # type: ignore[assignment]
        queryset = put.queryset.all()
        queryset.query.get_compiler = lambda *_, **__: told  # type: ignore[method-assign]
        return list(queryset)


compiled = Question


def at_once(*asked: Asked[Any]) -> None:
    """Ask several questions, without waiting for each answer, in their order.

    Where few rows come, waiting costs more than reading.
    """
    answers = answered([each.statement for each in asked], reads=True)
    for each, answer in zip(asked, answers, strict=True):
        each.found = each.read(answer.fetchall())


def insert(record: models.Model) -> None:
    """Store a record as `save` does, where the database gives its key and no more.

    What is refused is taken back alone: the transaction, which there must be, goes on.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if not connection.in_atomic_block:
        raise TransactionManagementError("A record is stored within a transaction.")
    text, fields = inserting(type(record))
    facts = {
        str(field.column): field.get_db_prep_save(
            field.pre_save(record, add=True), connection
        )
        for field in fields
    }
    try:
        _begun, stored, _kept = answered(
            [BEGUN, Statement(text, facts), KEPT], reads=False
        )
    except DatabaseError:
        with suppress(DatabaseError):
            run(*TAKEN_BACK)
            run(*KEPT)
        raise
    [(record.pk,)] = stored.fetchall()
    state = record._state  # noqa: SLF001 - documented by Django
    state.adding, state.db = False, DEFAULT_DB_ALIAS


BEGUN, KEPT = Statement("SAVEPOINT stored", {}), Statement("RELEASE stored", {})
TAKEN_BACK = Statement("ROLLBACK TO stored", {})


@cache
def inserting(
    model: type[models.Model],
) -> "tuple[str, Sequence[models.Field[Any, Any]]]":
    """Return the statement that stores one of a model, and the fields it gives."""
    meta = model._meta
    fields = [each for each in meta.concrete_fields if not each.primary_key]
    columns = ", ".join(f'"{each.column}"' for each in fields)
    values = ", ".join(f"%({each.column})s" for each in fields)
    return (
        f'INSERT INTO "{meta.db_table}" ({columns}) VALUES ({values})'  # noqa: S608 - of our own words
        f' RETURNING "{meta.pk.column}"',
        fields,
    )


PLACE = re.compile(r"(%%)|%s")


@lru_cache(maxsize=256)
def numbered(text: str) -> tuple[bytes, Sequence[str]]:
    """Return a statement with `$1` for its first name, and the names in order."""
    names = list(dict.fromkeys(NAME.findall(text)))
    places = {name: f"${number}" for number, name in enumerate(names, start=1)}
    plain = NAME.sub(lambda found: places[found[1]], text).replace("%%", "%")
    return plain.encode(), names


NAME = re.compile(r"%\((\w+)\)s")

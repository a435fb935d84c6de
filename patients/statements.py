"""The hottest statements, told to the database once for each connection."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cache, lru_cache, wraps
from itertools import count
from typing import Any, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Func, QuerySet
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row")


def rows(text: str, facts: Mapping[str, Any]) -> list[Any]:
    """Run a statement that says the same each time, and return its rows.

    Planning such a statement costs more than running it, and so does reading its
    text here: it is prepared, and values (`%(name)s` in the text) go beside it. Only
    for what reads: it is asked again where the database has ended an idle connection.
    """
    with prepared(text, facts, reads=True) as cursor:
        return cursor.fetchall()


def run(text: str, facts: Mapping[str, Any]) -> None:
    """Run a statement as `rows` does, where there are none to return."""
    with prepared(text, facts, reads=False):
        pass


@contextmanager
def prepared(
    text: str, facts: Mapping[str, Any], *, reads: bool
) -> Iterator[psycopg.RawCursor[Any]]:
    """Run a statement; one prepared before a table was altered is prepared anew.

    Within a transaction that is too late: it fails, and the next has a new connection.
    One that `reads` is asked again as well where an idle connection has been ended.
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    idle = reads and is_idle(connection)
    if idle:
        connection.health_check_done = True  # by this statement
    try:
        cursor = executed(text, facts)
    except DatabaseError as error:
        lost = idle and connection.connection.closed
        if not lost and not isinstance(error.__cause__, STALE):
            raise
        connection.close_at = 0.0
        if connection.in_atomic_block:
            raise
        connection.close()
        cursor = executed(text, facts)
    with cursor:
        yield cursor


def is_idle(connection: Any) -> bool:
    """Return whether a connection was kept from earlier and not used since."""
    kept = connection.connection is not None and connection.health_check_enabled
    return kept and not connection.health_check_done


STALE = (
    psycopg.errors.FeatureNotSupported,  # "cached plan must not change result type"
    psycopg.errors.InvalidSqlStatementName,
)


def executed(text: str, facts: Mapping[str, Any]) -> psycopg.RawCursor[Any]:
    connection = connections[DEFAULT_DB_ALIAS]
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    plain, names = numbered(text)
    if connection.queries_logged:
        connection.queries_log.append({"sql": text % facts, "time": ""})
    with connection.wrap_database_errors:
        cursor: psycopg.RawCursor[Any] = psycopg.RawCursor(connection.connection)
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


def compiled(build: Callable[[], QuerySet[Any, Row]]) -> Callable[..., list[Row]]:
    """Let a question be put into SQL once, and be asked by its `Given` values.

    Where few rows come, Django takes longer to put it than the database to answer.
    """

    @cache
    def question() -> tuple[QuerySet[Any, Row], SQLCompiler, str, dict[str, Any]]:
        asked = build()
        compiler = asked.query.get_compiler(DEFAULT_DB_ALIAS)
        text, values = compiler.as_sql()
        numbers = count()
        text = PLACE.sub(lambda found: found[1] or f"%(fixed_{next(numbers)})s", text)
        return asked, compiler, text, {f"fixed_{n}": v for n, v in enumerate(values)}

    @wraps(build)
    def ask(**facts: object) -> list[Row]:
        asked, compiler, text, fixed = question()
        told = copy(compiler)
        told.connection = connections[DEFAULT_DB_ALIAS]
        told.execute_sql = lambda *_, **__: [rows(text, {**fixed, **facts})]  # type: ignore[assignment]
        answered = asked.all()
        answered.query.get_compiler = lambda *_, **__: told  # type: ignore[method-assign]
        return list(answered)

    return ask


PLACE = re.compile(r"(%%)|%s")


@lru_cache(maxsize=256)
def numbered(text: str) -> tuple[bytes, Sequence[str]]:
    """Return a statement with `$1` for its first name, and the names in order."""
    names = list(dict.fromkeys(NAME.findall(text)))
    places = {name: f"${number}" for number, name in enumerate(names, start=1)}
    plain = NAME.sub(lambda found: places[found[1]], text).replace("%%", "%")
    return plain.encode(), names


NAME = re.compile(r"%\((\w+)\)s")

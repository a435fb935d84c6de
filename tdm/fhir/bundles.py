"""Pages of a search: an exact total, the resources, and where the next page begins."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from tdm.fhir.dated import Rows
from tdm.fhir.parts import About, Part, Resource
from tdm.fhir.search import Place
from tdm.fhir.sources import SOURCES, Source

LAG = timedelta(seconds=1)
"""How late the database may list a transaction that has begun."""

OLDEST = """
SELECT least(clock_timestamp(), min(xact_start)) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
  AND pid <> pg_backend_pid()
"""

Filter = Callable[[Source], Q | None]


@dataclass(frozen=True, slots=True)
class Page:
    total: int
    resources: Sequence[Resource]
    next: Place | None


def settled_until() -> datetime:
    """Return the instant until which every change can be seen by now.

    A change is dated when its transaction begins, and seen when that ends: the oldest
    that still runs bounds it, however long an import takes.
    """
    with connection.cursor() as cursor:
        cursor.execute(OLDEST)
        until: datetime = cursor.fetchone()[0]
    return until - LAG


def found(source: Source, about: About, asked: Filter) -> Rows | None:
    chosen = asked(source)
    return None if chosen is None else source.of(about.patient).filter(chosen)


def page(
    sources: Sequence[Source], about: About, asked: Filter, start: Place, count: int
) -> Page:
    """Return one page: a statement for each source, however long the story.

    Rows are told by their numbers, which never change, so that what is added or
    corrected meanwhile neither moves nor hides another.
    """
    by_place = {
        SOURCES.index(source): found(source, about, asked) for source in sources
    }
    total = sum(rows.count() for rows in by_place.values() if rows is not None)
    resources: list[Resource] = []
    if not count:
        return Page(total, resources, None)
    last = start
    for place, rows in sorted(by_place.items()):
        if rows is None or place < start.source:
            continue
        after = start.after if place == start.source else 0
        beyond = {f"{SOURCES[place].key}__gt": after}
        for row in rows.filter(**beyond)[: count + 1 - len(resources)]:
            if len(resources) == count:
                return Page(total, resources, last)
            resources.append(SOURCES[place].resource(row, about))
            last = Place(place, row.pk)
    return Page(total, resources, None)


def one(source: Source, about: About, key: int) -> tuple[Any, Resource] | None:
    """Return a row and its resource."""
    row = source.of(about.patient).filter(**{source.key: key}).first()
    return (row, source.resource(row, about)) if row is not None else None


def bundle(
    shown: Page,
    links: Mapping[str, str],
    address: Callable[[Resource], str],
    until: datetime,
) -> Resource:
    """Return a page as a searchset.

    What was written until its `meta.lastUpdated` is in it for certain: a program that
    comes back with that as `_since` misses nothing.
    """
    entries: list[Part] = [
        {
            "fullUrl": address(resource),
            "resource": resource,
            "search": {"mode": "match"},
        }
        for resource in shown.resources
    ]
    told: Resource = {
        "resourceType": "Bundle",
        "meta": {"lastUpdated": until.isoformat()},
        "type": "searchset",
        "total": shown.total,
        "link": [{"relation": name, "url": url} for name, url in links.items()],
    }
    return {**told, "entry": entries} if entries else told

"""What a search asks for: parameters read strictly, as filters over sources."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from dosing.hl7 import FARTHEST_ZONE
from tdm.fhir.rest import BadParameterError
from tdm.fhir.sources import CODES, DATES, SOURCES, TYPES, Source

DEFAULT_COUNT = 100
MOST_AT_ONCE = 1000

Bounds = tuple[datetime | None, datetime | None]
"""From an instant, and before another one; either may be open."""

DAYS = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", re.ASCII)
PREFIXED = re.compile(r"(eq|ge|gt|le|lt)?(\d.*)", re.DOTALL)
PLACE = re.compile(r"(\d{1,2})\.(\d{1,18})", re.ASCII)
YEARS = range(1000, 9999)
"""A year that is nearer to an end of the calendar cannot be counted from."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after this row of this source."""

    source: int = 0
    after: int = 0

    def __str__(self) -> str:
        return f"{self.source}.{self.after}"


def place_of(text: str) -> Place:
    if not text:
        return Place()
    found = PLACE.fullmatch(text)
    if found is None or int(found[1]) >= len(SOURCES):
        raise BadParameterError("_page", _("This cursor is not one of ours."))
    return Place(int(found[1]), int(found[2]))


def count_of(text: str) -> int:
    if not text:
        return DEFAULT_COUNT
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise BadParameterError("_count", _("A whole number; 0 asks for the total."))
    return min(int(text), MOST_AT_ONCE)


def types_of(text: str) -> tuple[str, ...]:
    """Read a list of types; without one all are meant. The patient always is."""
    if not text:
        return TYPES
    asked = set(text.split(","))
    if not asked <= set(TYPES):
        unknown = ", ".join(sorted(asked - set(TYPES)))
        raise BadParameterError(
            "_type", _("These types are not served: %(types)s.") % {"types": unknown}
        )
    return tuple(kind for kind in TYPES if kind in asked or kind == "Patient")


def span_of(name: str, text: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Read a year, month, day or instant as the stretch of time that it names."""
    days = DAYS.fullmatch(text)
    try:
        if days:
            return days_named(days, zone)
        instant = parse_datetime(text.replace(" ", "+"))
    except (ValueError, OverflowError):
        instant = None
    ahead = instant.utcoffset() if instant and instant.year in YEARS else None
    if instant is None or ahead is None or abs(ahead) > FARTHEST_ZONE:
        raise BadParameterError(
            name, _("Give a day, or date, time and zone, with eq, ge, gt, le or lt.")
        )
    return instant, instant + timedelta(microseconds=1)


def days_named(found: re.Match[str], zone: ZoneInfo) -> tuple[datetime, datetime]:
    year, month, day = (int(part) if part else None for part in found.groups())
    if year is None or year not in YEARS:
        raise ValueError(found[0])
    first = date(year, month or 1, day or 1)
    if day:
        after = first + timedelta(days=1)
    elif month:
        after = date(year + month // 12, month % 12 + 1, 1)
    else:
        after = date(year + 1, 1, 1)
    return midnight(first, zone), midnight(after, zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone)


def bounds_of(name: str, text: str, zone: ZoneInfo) -> Bounds:
    """Read one date parameter with its prefix."""
    found = PREFIXED.fullmatch(text)
    if found is None:
        raise BadParameterError(name, _("Not a date."))
    first, after = span_of(name, found[2], zone)
    return {
        "ge": (first, None),
        "gt": (after, None),
        "le": (None, after),
        "lt": (None, first),
    }.get(found[1] or "eq", (first, after))


def within(field: str, bounds: Bounds, zone: ZoneInfo) -> Q:
    """Keep the rows whose instant, or whose day, lies in a stretch of time."""
    since, before = bounds
    found = Q()
    if field.endswith("_at"):
        if since is not None:
            found &= Q(**{f"{field}__gte": since})
        return found & Q(**{f"{field}__lt": before}) if before is not None else found
    if since is not None:
        found &= Q(**{f"{field}__gte": since.astimezone(zone).date()})
    if before is not None:
        last = (before - timedelta(microseconds=1)).astimezone(zone).date()
        found &= Q(**{f"{field}__lte": last})
    return found


def with_code(source: Source, text: str) -> Q | None:
    """Keep the rows of any of the codes; None where the source has none of them."""
    found: Q | None = None
    for asked in text.split(","):
        system, bar, code = asked.rpartition("|")
        for (theirs, known), rows in source.codes.items():
            if code == known and (not bar or system == theirs):
                found = rows if found is None else found | rows
    return found


@dataclass(frozen=True, slots=True)
class Query:
    """A search as parameters by name; each may stand more than once."""

    given: Mapping[str, Sequence[str]]
    zone: ZoneInfo

    def one(self, *names: str) -> str:
        found = [text for name in names for text in self.given.get(name, ())]
        if len(found) > 1:
            raise BadParameterError(names[0], _("Give it once."))
        return found[0] if found else ""

    def check(self, known: set[str]) -> None:
        """Refuse what is not known: a filter left out would return too much."""
        for name in self.given:
            if name not in known:
                raise BadParameterError(name, _("Not a parameter of this search."))

    def filtered(self, source: Source) -> Q | None:
        """Return the filter over a source; None where nothing of it can match."""
        found = Q()
        for text in self.given.get("_lastUpdated", ()):
            found &= within(
                "changed_at", bounds_of("_lastUpdated", text, self.zone), self.zone
            )
        name = DATES.get(source.kind, "date")
        for text in self.given.get(name, ()):
            found &= within(source.day, bounds_of(name, text, self.zone), self.zone)
        if keys := self.one("_id"):
            found &= Q(**{f"{source.key}__in": keys_of(source, keys.split(","))})
        code = self.one(CODES.get(source.kind, "code"))
        chosen = with_code(source, code) if code else Q()
        return None if chosen is None else found & chosen

    def story(self, source: Source) -> Q:
        """Return the filter of `$everything`: days of care, and changes since."""
        found = Q()
        for name, prefix in (("start", "ge"), ("end", "le")):
            text = self.one(name)
            if text and source.day:
                bounds = bounds_of(name, prefix + text, self.zone)
                found &= within(source.day, bounds, self.zone)
        since = self.one("_since")
        if since and source.kind != "Patient":
            found &= within(
                "changed_at", bounds_of("_since", "ge" + since, self.zone), self.zone
            )
        return found


def keys_of(source: Source, ids: Sequence[str]) -> list[int]:
    """Return the numbers of the ids that belong to a source."""
    pattern = re.compile(re.escape(source.prefix) + r"(\d{1,18})", re.ASCII)
    found = (pattern.fullmatch(each) for each in ids)
    return [int(match[1]) for match in found if match]

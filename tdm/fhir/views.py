"""Patients for FHIR clients: read, search, everything."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils.http import http_date, urlencode
from django.utils.translation import gettext as _
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from patients import services
from patients.models import Patient
from patients.rest import caller, is_known
from tdm.fhir import bundles, search
from tdm.fhir.capability import PAGING, capability_statement, parameters_of
from tdm.fhir.dated import last_version
from tdm.fhir.extensions import EXTENSIONS, definition_of
from tdm.fhir.parts import About, Resource
from tdm.fhir.rest import BadParameterError, FhirView, as_json
from tdm.fhir.search import Query, bounds_of, within
from tdm.fhir.sources import SOURCES, TYPES, Source, sources_of

LONGEST_KEY = 18
"""A longer number is no key of a row."""


def base(request: Request) -> str:
    """Return the address under which all of this is served."""
    return request.build_absolute_uri(reverse("fhir-metadata")).removesuffix(
        "/metadata"
    )


class Metadata(FhirView):
    """What this server can do; open to all, as it names no patient."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    def get(self, request: Request) -> Response:
        return Response(capability_statement(base(request)))


class Definition(FhirView):
    """What an extension of ours means; open to all, as it names no patient."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    def get(self, request: Request, name: str) -> Response:
        if name not in EXTENSIONS:
            raise Http404
        return Response(definition_of(name))


class NothingHere(FhirView):
    """An address that FHIR does not have here."""

    def get(self, request: Request, rest: str) -> Response:
        raise Http404


def seen(request: Request, key: str, what: str) -> About:
    """Find a patient whom the token's clinics know, and note that they are read."""
    if not (key.isascii() and key.isdecimal()) or len(key) > LONGEST_KEY:
        raise Http404
    visible = Patient.objects.visible_to(caller(request)).select_related("site")
    patient = visible.filter(pk=int(key)).first()
    if patient is None:
        raise Http404
    services.note_reading(
        patient=patient, by="fhir", actor=caller(request), details={"what": what}
    )
    return About(patient)


def asked_by(request: Request, about: About | None) -> Query:
    given = {name: list(each) for name, each in request.query_params.lists()}
    return Query(given, about.zone if about else ZoneInfo("UTC"))


def answer(
    request: Request, query: Query, shown: bundles.Page, until: datetime
) -> Response:
    """Return a page with links to itself and to the next."""
    here = request.build_absolute_uri(request.path)
    given = [(name, text) for name, texts in query.given.items() for text in texts]
    links = {"self": address(here, given)}
    if shown.next is not None:
        kept = [each for each in given if each[0] != "_page"]
        links["next"] = address(here, [*kept, ("_page", str(shown.next))])
    root = base(request)

    def full(resource: Resource) -> str:
        return f"{root}/{resource['resourceType']}/{resource['id']}"

    return Response(bundles.bundle(shown, links, full, until))


def address(path: str, given: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(given)}" if given else path


class Everything(FhirView):
    """One patient's whole story."""

    PARAMETERS: ClassVar = {"_since", "_type", "start", "end", *PAGING}

    def get(self, request: Request, patient_id: int) -> Response:
        """Return the patient and all of the types asked for, page by page."""
        until = bundles.settled_until()
        about = seen(request, str(patient_id), "$everything")
        query = asked_by(request, about)
        query.check(self.PARAMETERS)
        kinds = search.types_of(query.one("_type"))
        sources = [source for source in SOURCES if source.kind in kinds]
        shown = bundles.page(
            sources,
            about,
            query.story,
            search.place_of(query.one("_page")),
            search.count_of(query.one("_count")),
        )
        return answer(request, query, shown, until)


class Search(FhirView):
    """The resources of one type: of one patient, or the patients themselves."""

    def get(self, request: Request, resource: str) -> Response:
        """Return what matches; anything but patients is asked of one patient."""
        kind = resource
        if kind not in TYPES:
            raise Http404
        until = bundles.settled_until()
        query = asked_by(request, None)
        query.check({*parameters_of(kind), *PAGING})
        if kind == "Patient":
            return answer(request, query, patients(request, query), until)
        whose = query.one("patient", "subject").removeprefix("Patient/")
        if not whose:
            raise BadParameterError("patient", _("Say whose."))
        about = seen(request, whose, kind)
        query = asked_by(request, about)
        shown = bundles.page(
            sources_of(kind),
            about,
            query.filtered,
            search.place_of(query.one("_page")),
            search.count_of(query.one("_count")),
        )
        return answer(request, query, shown, until)


def patients(request: Request, query: Query) -> bundles.Page:
    """Return a page of the patients of the token's clinics; the audit counts them."""
    (source,) = sources_of("Patient")
    visible = Patient.objects.visible_to(caller(request)).select_related("site")
    dated = visible.annotate(changed_at=last_version(visible))
    rows = dated.filter(of_patients(query, source)).order_by("pk")
    start = search.place_of(query.one("_page"))
    count = search.count_of(query.one("_count"))
    page = list(rows.filter(pk__gt=start.after)[: count + 1])
    shown = page[:count]
    services.note_export(
        what="fhir_patients", actor=caller(request), details={"patients": len(shown)}
    )
    return bundles.Page(
        rows.count(),
        [source.resource(row, About(row)) for row in shown],
        search.Place(0, shown[-1].pk) if 0 < count < len(page) else None,
    )


def of_patients(query: Query, source: Source) -> Q:
    found = query.filtered(source) or Q()
    for text in query.given.get("birthdate", ()):
        found &= within("born_on", bounds_of("birthdate", text, query.zone), query.zone)
    identifier = query.one("identifier").rpartition("|")[2].replace("\x00", "")
    return found & Q(identifier=identifier) if identifier else found


class Read(FhirView):
    """One resource, with its version as a tag."""

    def get(self, request: Request, resource: str, key: str) -> Response:
        source, number = place_of(resource, key)
        owner = source.owner_of(number, caller(request))
        if owner is None:
            raise Http404
        about = seen(request, str(owner), f"{resource}/{key}")
        query = asked_by(request, about)
        query.check({"_format"})
        found = bundles.one(source, about, number)
        if found is None:
            raise Http404
        return tagged(request, *found)


def place_of(kind: str, key: str) -> tuple[Source, int]:
    """Find the table that an id speaks of, and the row's number."""
    for source in sources_of(kind):
        numbers = search.keys_of(source, [key])
        if numbers:
            return source, numbers[0]
    raise Http404


def tagged(request: Request, row: object, resource: Resource) -> Response:
    """Return a resource, or that the client has it as it is.

    Its tag is its version and what it says, for a reading follows other records too.
    """
    meta = resource["meta"]
    version = meta["versionId"] if isinstance(meta, dict) else ""
    digest = hashlib.sha256(as_json(resource).encode()).hexdigest()
    tag = f'W/"{version}-{digest[:16]}"'
    changed_at: datetime = row.changed_at  # type: ignore[attr-defined]
    headers = {"ETag": tag, "Last-Modified": http_date(changed_at.timestamp())}
    if is_known(request, tag):
        return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(resource, headers=headers)

"""Habits of every page: who asks, how a form meets a service, page or fragment."""

import contextlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import ClassVar, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from patients.models import Patient, Staff
from patients.models.pictures import Picture
from patients.models.rules import errors_by_field, refusal_of

Result = TypeVar("Result")


class StaffRequest(HttpRequest):
    """A request that LoginRequiredMiddleware has let through."""

    user: Staff


class ServiceForm(forms.Form):
    """A form that only parses; the service behind it holds the rules."""

    aliases: ClassVar[Mapping[str, str]] = {}
    refusal: ValidationError | None = None

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})  # type: ignore[arg-type]

    def facts(self) -> dict[str, object]:
        """Return the keyword arguments for the service."""
        return dict(self.cleaned_data)

    def take_in(self, refusal: ValidationError) -> None:
        """After a warning that the record moved on, let the next save replace it."""
        newer = (getattr(refusal, "params", None) or {}).get("version")
        if newer is not None:
            self.data = {**{name: self.data.get(name) for name in self.data}}
            self.data["version"] = newer

    def refuse(self, refusal: ValidationError) -> None:
        """Put what the service said beside the field it is about."""
        self.refusal = refusal
        self.take_in(refusal)
        for name, errors in errors_by_field(refusal).items():
            field = self.aliases.get(name, name)
            self.add_error(field if field in self.fields else None, errors)


def submit(
    form: ServiceForm, service: Callable[..., Result], **context: object
) -> Result | None:
    """Hand a valid form to its service; None when either of them refuses."""
    if not form.is_valid():
        return None
    try:
        return service(**form.facts(), **context)
    except ValidationError as refusal:
        form.refuse(refusal)
    except IntegrityError as faster:
        form.refuse(refusal_of(faster))
    return None


def is_fragment(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, object],
    *,
    partial: str,
    refused: bool = False,
) -> HttpResponse:
    """Answer with the whole page, or with its partial to a page that asks for one."""
    chosen = partial if is_fragment(request) else template
    return render(request, chosen, dict(context), status=422 if refused else 200)


def done(request: HttpRequest, address: str) -> HttpResponse:
    """Answer a finished form: the page behind a drawer loads itself again."""
    if is_fragment(request):
        alone = path_of(request.headers.get("HX-Current-URL", "")) == request.path
        header = {"HX-Redirect": address} if alone else {"HX-Refresh": "true"}
        return HttpResponse(status=204, headers=header)
    return HttpResponse(status=303, headers={"Location": address})


def path_of(address: str) -> str:
    """Return the path of an address; of what is none, nothing."""
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def corrected_or_asked(
    request: HttpRequest,
    form: ServiceForm,
    record: models.Model,
    patient: Patient,
    *,
    done_with: models.Model | None,
) -> HttpResponse:
    """Answer a correction: the form again, or the patient's page."""
    if done_with is not None:
        messages.success(request, _("The correction is saved."))
        return done(request, reverse("patient", args=[patient.pk]))
    return page(
        request,
        "patients/correct.html",
        {"form": form, "record": record, "patient": patient, "here": request.path},
        partial="patients/_correct_form.html",
        refused=form.is_bound,
    )


def added_or_asked(
    request: HttpRequest,
    form: ServiceForm,
    patient: Patient,
    *,
    title: str,
    done_with: models.Model | None,
) -> HttpResponse:
    """Answer a form that adds a record: the form again, or the patient's page."""
    if done_with is not None:
        messages.success(request, _("%(what)s is saved.") % {"what": done_with})
        return done(request, reverse("patient", args=[patient.pk]))
    return page(
        request,
        "patients/add.html",
        {"form": form, "title": title, "patient": patient, "here": request.path},
        partial="patients/_add_form.html",
        refused=form.is_bound,
    )


def picture(found: Picture) -> HttpResponse:
    """Send a kept picture; who may see it was asked before."""
    return HttpResponse(
        bytes(found.content),
        content_type=found.content_type,
        headers={"Content-Disposition": "inline"},
    )


MOST_SAVES_A_MINUTE = 300
"""More is a script that has gone wrong, not a person."""


def too_many(request: StaffRequest, what: str) -> bool:
    """Ask whether someone saves faster than a person can; no cache slows nobody."""
    key = f"saves-{what}-{request.user.pk}-{timezone.now():%Y%m%d%H%M}"
    try:
        cache.add(key, 0, timeout=120)
        return cache.incr(key) > MOST_SAVES_A_MINUTE
    except (RedisError, ValueError):
        return False


def visible_patient(request: StaffRequest, patient_id: int) -> Patient:
    """Return a patient of the asker's clinics; any other does not exist for them."""
    patients = Patient.objects.visible_to(request.user).select_related("site")
    return get_object_or_404(patients, pk=patient_id)


EARLIEST_YEAR = 1900
LOCAL = "%Y-%m-%dT%H:%M"


class LocalDateTimeField(forms.DateTimeField):
    """A date and time on the clinic's wall, as a browser's picker sends it.

    Cleans to a naive datetime; `instant()` places it in the clinic's zone.
    """

    widget = forms.DateTimeInput(
        attrs={"type": "datetime-local", "step": 60}, format=LOCAL
    )
    default_error_messages: ClassVar = {
        "invalid": _("Give a date that exists and a time, such as 2026-01-31 08:00."),
    }

    def to_python(self, value: object) -> datetime | None:
        if value in self.empty_values:
            return None
        text = str(value).strip().replace(" ", "T")
        for form in (LOCAL, "%Y-%m-%dT%H:%M:%S"):
            with contextlib.suppress(ValueError):
                typed = datetime.strptime(text, form)  # noqa: DTZ007 - placed later
                if typed.year >= EARLIEST_YEAR:
                    return typed
        raise ValidationError(self.error_messages["invalid"], code="invalid")


def instant(local: datetime, zone: ZoneInfo, fold: str) -> datetime:
    """Return the UTC instant of a wall time; `fold` says which of two equal ones.

    Raises
    ------
    ValidationError
        Where clocks jump over the time, or show it twice and `fold` is empty.
    """
    first = local.replace(tzinfo=zone, fold=0)
    second = local.replace(tzinfo=zone, fold=1)
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise ValidationError(
            _("This time does not exist: clocks go forward that night.")
        )
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if not fold:
        raise ValidationError(
            _("This time occurs twice, because clocks go back. Say which one."),
            code="ambiguous",
        )
    return (second if fold == "1" else first).astimezone(UTC)

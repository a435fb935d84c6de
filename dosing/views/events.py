"""Pages about events that change the drug, and about tablets handed out."""

from typing import TypeVar

from django.contrib.auth.decorators import permission_required
from django.db import models
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dosing import services
from dosing.forms import (
    CorrectDispensingForm,
    CorrectEventForm,
    DispensingForm,
    EventForm,
    WithdrawForm,
)
from dosing.models import Dispensing, DrugEvent
from patients.models import Patient
from patients.web import (
    StaffRequest,
    added_or_asked,
    corrected_or_asked,
    submit,
    visible_patient,
)

Record = TypeVar("Record", DrugEvent, Dispensing)


@permission_required("dosing.add_drugevent", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_event(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Note by `form` an event of `patient` that changes the drug."""
    patient = visible_patient(request, patient_id)
    today = patient.site.today(timezone.now())
    form = EventForm(request.POST or None, initial={"happens_on": today})
    event = submit(form, services.record_event, patient=patient, actor=request.user)
    return added_or_asked(request, form, patient, title=_("Add event"), done_with=event)


@permission_required("dosing.add_drugevent", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_event(request: StaffRequest, event_id: int) -> HttpResponse:
    """Mend or end an event, with a reason."""
    event = visible_record(request, DrugEvent, event_id)
    names = ("version", "happens_on", "lasts_until", "child_pugh", "detail")
    form = CorrectEventForm(request.POST or None, initial=facts_of(event, names))
    done = submit(form, services.correct_event, event=event, actor=request.user)
    return corrected_or_asked(request, form, event, event.patient, done_with=done)


@permission_required("dosing.add_drugevent", raise_exception=True)
@require_http_methods(["GET", "POST"])
def withdraw_event(request: StaffRequest, event_id: int) -> HttpResponse:
    """Take back an event that never was, with a reason."""
    event = visible_record(request, DrugEvent, event_id)
    form = WithdrawForm(request.POST or None, initial={"version": event.version})
    done = submit(form, services.withdraw_event, event=event, actor=request.user)
    return corrected_or_asked(request, form, event, event.patient, done_with=done)


@permission_required("dosing.add_dispensing", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_dispensing(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Note by `form` tablets that `patient` was given."""
    patient = visible_patient(request, patient_id)
    today = patient.site.today(timezone.now())
    form = DispensingForm(request.POST or None, initial={"dispensed_on": today})
    given = submit(
        form, services.record_dispensing, patient=patient, actor=request.user
    )
    return added_or_asked(
        request, form, patient, title=_("Tablets dispensed"), done_with=given
    )


@permission_required("dosing.add_dispensing", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_dispensing(request: StaffRequest, dispensing_id: int) -> HttpResponse:
    """Mend what was noted as handed out, with a reason."""
    given = visible_record(request, Dispensing, dispensing_id)
    names = ("version", "dispensed_on", "strength_mg", "tablets")
    form = CorrectDispensingForm(request.POST or None, initial=facts_of(given, names))
    done = submit(
        form, services.correct_dispensing, dispensing=given, actor=request.user
    )
    return corrected_or_asked(request, form, given, given.patient, done_with=done)


@permission_required("dosing.add_dispensing", raise_exception=True)
@require_http_methods(["GET", "POST"])
def withdraw_dispensing(request: StaffRequest, dispensing_id: int) -> HttpResponse:
    """Take back tablets that were never handed out, with a reason."""
    given = visible_record(request, Dispensing, dispensing_id)
    form = WithdrawForm(request.POST or None, initial={"version": given.version})
    done = submit(
        form, services.withdraw_dispensing, dispensing=given, actor=request.user
    )
    return corrected_or_asked(request, form, given, given.patient, done_with=done)


def visible_record(request: StaffRequest, table: type[Record], key: int) -> Record:
    """Return a record of the asker's patients; any other does not exist for them."""
    visible = Patient.objects.visible_to(request.user)
    rows = table._default_manager.filter(patient__in=visible)
    return get_object_or_404(rows.select_related("patient__site"), pk=key)


def facts_of(record: models.Model, names: tuple[str, ...]) -> dict[str, object]:
    return {name: getattr(record, name) for name in names}

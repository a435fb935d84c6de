"""How a patient is reminded: who is written to, what it says, and what went out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from patients import services
from patients.forms import ContactForm, CorrectContactForm, VersionForm
from patients.messages import TO_PATIENTS, Message, message_for
from patients.models import Contact, DeliveryAttempt, Patient, Reminder, Site, Stage
from patients.web import (
    ServiceForm,
    StaffRequest,
    done,
    page,
    submit,
    visible_patient,
)

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class Preview:
    """What goes out on one occasion."""

    when: str
    message: Message


@permission_required("patients.view_patient", raise_exception=True)
@require_GET
def reminders(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Show the `contacts` of `patient` with their messages, and what was sent."""
    patient = visible_patient(request, patient_id)
    services.note_reading(patient=patient, by="reminders", actor=request.user)
    contacts = Contact.objects.of(patient)
    in_order = DeliveryAttempt.objects.order_by("number")
    log = (
        Reminder.objects.of(patient)
        .select_related("contact", "item")
        .prefetch_related(Prefetch("deliveries", in_order))
    )
    context = {
        "patient": patient,
        "contacts": [(each, list(previews(each, patient.site))) for each in contacts],
        "log": Paginator(log, PER_PAGE).get_page(request.GET.get("page")),
    }
    with timezone.override(patient.site.zone):
        return render(request, "patients/reminders/page.html", context)


def previews(contact: Contact, site: Site) -> Iterable[Preview]:
    """Yield each message that may go to a contact, word for word."""
    for kind, stage in TO_PATIENTS:
        when = Stage(stage).label if stage else Reminder.Kind(kind).label
        said = message_for(
            kind, stage, contact.language, clinic=site.name, phone=site.phone
        )
        yield Preview(str(when), said)


@permission_required("patients.add_contact", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_contact(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Offer `form` for one way to reach a patient."""
    patient = visible_patient(request, patient_id)
    form = ContactForm(
        request.POST or None, initial={"address": patient.email or patient.phone}
    )
    added = submit(form, services.add_contact, patient=patient, actor=request.user)
    return saved_or_asked(
        request, form, patient, title=_("Add contact"), done_with=added
    )


def visible_contact(request: StaffRequest, contact_id: int) -> Contact:
    visible = Patient.objects.visible_to(request.user)
    contacts = Contact.objects.filter(patient__in=visible)
    return get_object_or_404(contacts.select_related("patient__site"), pk=contact_id)


@permission_required("patients.add_contact", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_contact(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Change by `form` where and in which language someone is written to."""
    contact = visible_contact(request, contact_id)
    known = {
        name: getattr(contact, name) for name in ("address", "language", "version")
    }
    form = CorrectContactForm(request.POST or None, initial=known)
    mended = submit(form, services.correct_contact, contact=contact, actor=request.user)
    title = _("Correct %(record)s") % {"record": contact}
    return saved_or_asked(request, form, contact.patient, title=title, done_with=mended)


def saved_or_asked(
    request: StaffRequest,
    form: ServiceForm,
    patient: Patient,
    *,
    title: str,
    done_with: Contact | None,
) -> HttpResponse:
    """Answer the form of a contact: the form again, or the page of reminders."""
    if done_with is not None:
        messages.success(request, _("%(what)s is saved.") % {"what": done_with})
        return done(request, reverse("reminders", args=[patient.pk]))
    return page(
        request,
        "patients/add.html",
        {"form": form, "title": title, "patient": patient, "here": request.path},
        partial="patients/_add_form.html",
        refused=form.is_bound,
    )


@permission_required("patients.add_contact", raise_exception=True)
@require_POST
def opt_out(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Write no more to a contact."""
    said = _("%(contact)s is not written to any more.")
    return switched(request, contact_id, services.opt_out, said)


@permission_required("patients.add_contact", raise_exception=True)
@require_POST
def opt_in(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Write to a contact again."""
    said = _("%(contact)s is written to again.")
    return switched(request, contact_id, services.opt_in, said)


def switched(
    request: StaffRequest,
    contact_id: int,
    service: Callable[..., Contact],
    said: str,
) -> HttpResponse:
    """Turn a contact off or on, unless someone changed it in the meantime."""
    contact = visible_contact(request, contact_id)
    form = VersionForm(request.POST)
    if submit(form, service, contact=contact, actor=request.user) is None:
        said = _("Nothing is changed: someone was faster. This is how it stands now.")
        messages.error(request, said)
    else:
        messages.success(request, said % {"contact": contact})
    return redirect("reminders", contact.patient_id)

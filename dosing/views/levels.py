"""Pages about a level: logged, corrected, set aside."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dosing import policy, services
from dosing.advice import advise
from dosing.forms import (
    CorrectTroughForm,
    NewTroughForm,
    SetAsideForm,
    TroughForm,
    starting_values,
    values_of,
)
from dosing.history import history_of
from dosing.models import (
    TroughLevel,
)
from dosing.units import NotANumberError, Unit, parse_reported, to_ng_per_ml
from dosing.views.decisions import decision_page
from patients.models import Patient
from patients.web import (
    StaffRequest,
    done,
    page,
    submit,
    visible_patient,
)


@permission_required("dosing.add_troughlevel", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_level(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Log a level of `patient` by `form`; "Save and decide" goes on to the decision."""
    patient = visible_patient(request, patient_id)
    advice = advise(patient, at=timezone.now())
    form = NewTroughForm(
        request.POST or None,
        patient=patient,
        initial=starting_values(patient, at=timezone.now(), advice=advice),
    )
    level = submit(form, services.record_trough, patient=patient, actor=request.user)
    if level is None:
        return level_page(request, form, patient)
    messages.success(request, _("%(level)s is saved.") % {"level": level})
    if request.POST.get("then") == "decide" and request.user.has_perm(
        "dosing.add_decision"
    ):
        return decision_page(request, patient)
    return done(request, reverse("patient", args=[patient.pk]))


def level_page(
    request: StaffRequest,
    form: TroughForm,
    patient: Patient,
    level: TroughLevel | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "patient": patient,
        "level": level,
        "can_decide": request.user.has_perm("dosing.add_decision"),
    }
    return page(
        request,
        "dosing/level.html",
        context,
        partial="dosing/_level_form.html",
        refused=form.is_bound,
    )


def visible_level(request: StaffRequest, level_id: int) -> TroughLevel:
    levels = TroughLevel.objects.select_related("laboratory", "patient__site")
    visible = Patient.objects.visible_to(request.user)
    return get_object_or_404(levels.filter(patient__in=visible), pk=level_id)


@permission_required("dosing.change_troughlevel", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_level(request: StaffRequest, level_id: int) -> HttpResponse:
    """Correct `level` by the same `form`, with a reason."""
    level = visible_level(request, level_id)
    form = CorrectTroughForm(
        request.POST or None, patient=level.patient, initial=values_of(level)
    )
    if submit(form, services.correct_trough, level=level, actor=request.user) is None:
        return level_page(request, form, level.patient, level)
    messages.success(request, _("The correction is saved. The advice is new."))
    return done(request, reverse("patient", args=[level.patient_id]))


@permission_required("dosing.change_troughlevel", raise_exception=True)
@require_http_methods(["GET", "POST"])
def set_aside_level(request: StaffRequest, level_id: int) -> HttpResponse:
    """Set `level` aside by `form`, with a reason."""
    level = visible_level(request, level_id)
    form = SetAsideForm(request.POST or None, initial={"version": level.version})
    if submit(form, services.set_aside_trough, level=level, actor=request.user) is None:
        return page(
            request,
            "dosing/set_aside.html",
            {"form": form, "level": level, "patient": level.patient},
            partial="dosing/_set_aside_form.html",
            refused=form.is_bound,
        )
    messages.success(request, _("The level is set aside."))
    return done(request, reverse("patient", args=[level.patient_id]))


@permission_required("dosing.add_troughlevel", raise_exception=True)
@require_POST
def level_hint(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Read a level while it is typed: `reading` or None; nothing is saved."""
    patient = visible_patient(request, patient_id)
    form = NewTroughForm(request.POST, patient=patient)
    reading = provisional_reading(form, patient)
    said = policy.in_words(reading) if reading else ()
    return render(
        request,
        "dosing/_level_hint.html",
        {"reading": reading, "said": said, "patient": patient},
    )


def provisional_reading(form: TroughForm, patient: Patient) -> policy.Reading | None:
    try:
        reported = parse_reported(str(form.data.get("level", "")))
        unit = Unit(str(form.data.get("unit", "")))
    except (NotANumberError, ValueError):
        return None
    form.is_valid()
    drawn_at = form.cleaned_data.get("drawn_at")
    laboratory = form.cleaned_data.get("laboratory")
    if drawn_at is None or laboratory is None:
        return None
    last_dose_at = form.cleaned_data.get("last_dose_at")
    if last_dose_at is not None and last_dose_at >= drawn_at:
        return None
    level = TroughLevel(
        patient=patient,
        laboratory=laboratory,
        comparator=reported.comparator.value,
        ng_per_ml=to_ng_per_ml(reported.value, unit),
        drawn_at=drawn_at,
        last_dose_at=last_dose_at,
    )
    return history_of(patient).read(level)

"""Pages of side effects: three taps to record one, and what is learnt of it later."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from patients import ctcae, services
from patients.forms import (
    CorrectEffectForm,
    EffectForm,
    ResolveEffectForm,
    WithdrawForm,
    day_or,
)
from patients.models import Patient, SideEffect
from patients.web import (
    StaffRequest,
    added_or_asked,
    corrected_or_asked,
    done,
    page,
    submit,
    visible_patient,
)


@permission_required("patients.add_sideeffect", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_effect(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Offer the terms, then the grades of one; a tap on a grade saves."""
    patient = visible_patient(request, patient_id)
    today = patient.site.today(timezone.now())
    day = day_or(request.GET.get("on", ""), today)
    code = request.POST.get("term", request.GET.get("term", ""))
    form = EffectForm(
        request.POST or None,
        judges=request.user.has_perm("patients.judge_sideeffect"),
        initial={"term": code, "onset_on": day},
    )
    effect = submit(form, services.record_effect, patient=patient, actor=request.user)
    if effect is not None:
        messages.success(request, _("%(what)s is saved.") % {"what": effect})
        return done(request, reverse("patient", args=[patient.pk]))
    context = {
        "form": form,
        "patient": patient,
        "day": day,
        "term": ctcae.TERMS.get(code),
        "terms": ctcae.TERMS,
        "is_other": code == ctcae.OTHER,
        "already": open_effect(patient, code),
        "source": _(ctcae.SOURCE),
        "here": request.path,
    }
    return page(
        request,
        "patients/effects/add.html",
        context,
        partial="patients/effects/_add.html",
        refused=form.is_bound,
    )


def open_effect(patient: Patient, code: str) -> SideEffect | None:
    """Return the open episode of a term, which a new one would repeat."""
    if code == ctcae.OTHER:
        return None
    return SideEffect.objects.of(patient).open().filter(term=code).first()


def visible_effect(request: StaffRequest, effect_id: int) -> SideEffect:
    visible = Patient.objects.visible_to(request.user)
    effects = SideEffect.objects.standing().filter(patient__in=visible)
    return get_object_or_404(effects.select_related("patient__site"), pk=effect_id)


@permission_required("patients.add_sideeffect", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_effect(request: StaffRequest, effect_id: int) -> HttpResponse:
    """Change by `form` what is known of an episode, with a reason."""
    effect = visible_effect(request, effect_id)
    form = CorrectEffectForm(
        request.POST or None,
        effect=effect,
        judges=request.user.has_perm("patients.judge_sideeffect"),
        initial={
            name: getattr(effect, name)
            for name in CorrectEffectForm.base_fields
            if name != "reason"
        },
    )
    corrected = submit(form, services.correct_effect, effect=effect, actor=request.user)
    return corrected_or_asked(
        request, form, effect, effect.patient, done_with=corrected
    )


@permission_required("patients.add_sideeffect", raise_exception=True)
@require_http_methods(["GET", "POST"])
def resolve_effect(request: StaffRequest, effect_id: int) -> HttpResponse:
    """Say by `form` from which day on a side effect was gone."""
    effect = visible_effect(request, effect_id)
    today = effect.patient.site.today(timezone.now())
    form = ResolveEffectForm(
        request.POST or None,
        initial={"version": effect.version, "resolved_on": today},
    )
    resolved = submit(form, services.resolve_effect, effect=effect, actor=request.user)
    return added_or_asked(
        request,
        form,
        effect.patient,
        title=_("%(effect)s: gone") % {"effect": effect},
        done_with=resolved,
    )


@permission_required("patients.add_sideeffect", raise_exception=True)
@require_http_methods(["GET", "POST"])
def withdraw_effect(request: StaffRequest, effect_id: int) -> HttpResponse:
    """Take back by `form` what was entered in error, with a reason."""
    effect = visible_effect(request, effect_id)
    form = WithdrawForm(request.POST or None, initial={"version": effect.version})
    withdrawn = submit(
        form, services.withdraw_effect, effect=effect, actor=request.user
    )
    if withdrawn is not None:
        messages.success(request, _("%(what)s is withdrawn.") % {"what": effect})
        return done(request, reverse("patient", args=[effect.patient_id]))
    title = _("%(effect)s: entered in error") % {"effect": effect}
    return added_or_asked(request, form, effect.patient, title=title, done_with=None)

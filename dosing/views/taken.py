"""Pages about what was taken: doses, and other drugs."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from dosing import services
from dosing.forms import (
    ComedicationForm,
    CorrectComedicationForm,
    WithdrawForm,
)
from dosing.interactions import INTERACTIONS
from dosing.models import (
    Comedication,
)
from patients.models import Patient
from patients.web import (
    StaffRequest,
    added_or_asked,
    corrected_or_asked,
    submit,
    visible_patient,
)


@permission_required("dosing.add_comedication", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_comedication(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Note by `form` another drug of `patient` that changes sirolimus."""
    patient = visible_patient(request, patient_id)
    today = patient.site.today(timezone.now())
    form = ComedicationForm(request.POST or None, initial={"starts_on": today})
    drug = submit(
        form, services.record_comedication, patient=patient, actor=request.user
    )
    return added_or_asked(
        request, form, patient, title=_("Add interacting drug"), done_with=drug
    )


@permission_required("dosing.add_comedication", raise_exception=True)
@require_GET
def drug_facts(request: StaffRequest) -> HttpResponse:
    """Say of the drug chosen in a form how strong it is, how much, and who says so."""
    drug = INTERACTIONS.get(request.GET.get("drug", ""))
    return render(request, "dosing/_drug_facts.html", {"drug": drug})


@permission_required("dosing.add_comedication", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_comedication(request: StaffRequest, comedication_id: int) -> HttpResponse:
    """Mend or end a course of another drug, with a reason."""
    visible = Patient.objects.visible_to(request.user)
    drug = get_object_or_404(
        Comedication.objects.filter(patient__in=visible).select_related(
            "patient__site"
        ),
        pk=comedication_id,
    )
    names = ("version", "starts_on", "stops_on")
    form = CorrectComedicationForm(
        request.POST or None, initial={name: getattr(drug, name) for name in names}
    )
    corrected = submit(
        form, services.correct_comedication, comedication=drug, actor=request.user
    )
    return corrected_or_asked(request, form, drug, drug.patient, done_with=corrected)


@permission_required("dosing.add_comedication", raise_exception=True)
@require_http_methods(["GET", "POST"])
def withdraw_comedication(request: StaffRequest, comedication_id: int) -> HttpResponse:
    """Take back a drug that was entered in error, with a reason."""
    visible = Patient.objects.visible_to(request.user)
    drug = get_object_or_404(
        Comedication.objects.filter(patient__in=visible).select_related(
            "patient__site"
        ),
        pk=comedication_id,
    )
    form = WithdrawForm(request.POST or None, initial={"version": drug.version})
    withdrawn = submit(
        form, services.withdraw_comedication, comedication=drug, actor=request.user
    )
    return corrected_or_asked(request, form, drug, drug.patient, done_with=withdrawn)

"""Pages about what was measured."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from patients import services
from patients.forms import (
    CorrectMeasurementForm,
    MeasurementForm,
)
from patients.models import (
    Measurement,
    Patient,
)
from patients.web import (
    StaffRequest,
    added_or_asked,
    corrected_or_asked,
    submit,
    visible_patient,
)


@permission_required("patients.add_measurement", raise_exception=True)
@require_http_methods(["GET", "POST"])
def add_measurement(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Offer `form` for one dated number about `patient`."""
    patient = visible_patient(request, patient_id)
    form = MeasurementForm(
        request.POST or None,
        patient=patient,
        initial={"measured_on": patient.site.today(timezone.now())},
    )
    measurement = submit(
        form, services.add_measurement, patient=patient, actor=request.user
    )
    return added_or_asked(
        request, form, patient, title=_("Add measurement"), done_with=measurement
    )


@permission_required("patients.add_measurement", raise_exception=True)
@require_http_methods(["GET", "POST"])
def correct_measurement(request: StaffRequest, measurement_id: int) -> HttpResponse:
    """Correct a measurement, with a reason."""
    visible = Patient.objects.visible_to(request.user)
    measurement = get_object_or_404(
        Measurement.objects.filter(patient__in=visible).select_related("patient"),
        pk=measurement_id,
    )
    names = ("version", "value", "measured_on", "note")
    form = CorrectMeasurementForm(
        request.POST or None, initial={n: getattr(measurement, n) for n in names}
    )
    corrected = submit(
        form,
        services.correct_measurement,
        measurement=measurement,
        actor=request.user,
    )
    return corrected_or_asked(
        request, form, measurement, measurement.patient, done_with=corrected
    )

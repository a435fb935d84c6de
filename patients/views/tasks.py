"""A task is done: what was done about it."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from patients import services
from patients.forms import CloseTaskForm
from patients.models import Patient, Task
from patients.web import StaffRequest, added_or_asked, submit


@permission_required("patients.change_task", raise_exception=True)
@require_http_methods(["GET", "POST"])
def close_task(request: StaffRequest, task_id: int) -> HttpResponse:
    """Say by `form` what was done about a task."""
    visible = Patient.objects.visible_to(request.user)
    task = get_object_or_404(
        Task.objects.filter(patient__in=visible).select_related("patient__site"),
        pk=task_id,
    )
    form = CloseTaskForm(request.POST or None, initial={"version": task.version})
    closed = submit(form, services.close_task, task=task, actor=request.user)
    return added_or_asked(
        request, form, task.patient, title=_("Task done"), done_with=closed
    )

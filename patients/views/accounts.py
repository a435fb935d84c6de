"""Keys for programs."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from patients import services
from patients.forms import (
    TokenForm,
)
from patients.models import ApiToken, Staff
from patients.web import (
    StaffRequest,
    submit,
)


@permission_required("patients.add_apitoken", raise_exception=True)
@require_http_methods(["GET", "POST"])
def tokens(request: StaffRequest) -> HttpResponse:
    """List the `tokens` of the asker's clinics; show a new `key` once."""
    form = TokenForm(request.POST or None, staff=request.user)
    issued = submit(form, services.issue_token, actor=request.user)
    rows = (
        tokens_of(request)
        .select_related("user")
        .prefetch_related("user__sites")
        .order_by("-created")
    )
    context = {
        "form": TokenForm(staff=request.user) if issued else form,
        "tokens": Paginator(rows, 50).get_page(request.GET.get("page")),
        "key": issued[1] if issued else "",
    }
    refused = form.is_bound and issued is None
    return render(
        request, "patients/tokens.html", context, status=422 if refused else 200
    )


def tokens_of(request: StaffRequest) -> QuerySet[ApiToken]:
    """Return the tokens that see a clinic of the asker, each once."""
    accounts = Staff.objects.filter(sites__in=request.user.sites.all())
    found: QuerySet[ApiToken] = ApiToken.objects.filter(user__in=accounts)
    return found


@permission_required("patients.add_apitoken", raise_exception=True)
@require_POST
def revoke_token(request: StaffRequest, key: str) -> HttpResponse:
    token = get_object_or_404(tokens_of(request), token_key=key)
    services.revoke_token(token=token, actor=request.user)
    messages.success(request, _("The token is revoked."))
    return redirect("tokens")

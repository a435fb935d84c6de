"""Every address in the product starts here."""

from csp.decorators import csp_update
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.contrib.messages.views import SuccessMessageMixin
from django.urls import include, path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from dosing import api as of_the_drug
from patients import api as of_the_person
from patients.forms import PasswordForm, SignInForm
from tdm import (
    cds,
    feed,
    forecasts,
    health,
    imports,
    lesions,
    reports,
    views,
    visits,
    worker,
)
from tdm.api import AdviceView
from tdm.cohort import pages
from tdm.cohort.api import CohortView
from tdm.fhir import views as fhir
from tdm.timeline_api import TimelineView

api = [
    path("patients/<int:pk>/timeline/", TimelineView.as_view(), name="api-timeline"),
    *of_the_person.paths,
    *of_the_drug.paths,
    path("patients/<int:patient_id>/advice/", AdviceView.as_view(), name="api-advice"),
    path("cohort/", CohortView.as_view(), name="api-cohort"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "docs/",
        csp_update({"style-src": ["'unsafe-inline'"]})(
            SpectacularSwaggerSplitView.as_view(url_name="api-schema")
        ),
        name="api-docs",
    ),
]

programs = [
    path("fhir/metadata", fhir.Metadata.as_view(), name="fhir-metadata"),
    path(
        "fhir/Patient/<int:patient_id>/$everything",
        fhir.Everything.as_view(),
        name="fhir-everything",
    ),
    path(
        "fhir/StructureDefinition/<slug:name>",
        fhir.Definition.as_view(),
        name="fhir-definition",
    ),
    path("fhir/<slug:resource>", fhir.Search.as_view(), name="fhir-search"),
    path("fhir/<slug:resource>/<slug:key>", fhir.Read.as_view(), name="fhir-read"),
    path("fhir/<path:rest>", fhir.NothingHere.as_view(), name="fhir-nothing"),
    path("cds-services", cds.Discovery.as_view(), name="cds-services"),
    path("cds-services/sirolimus-tdm", cds.Cards.as_view(), name="cds-cards"),
    path(
        "cds-services/sirolimus-tdm/feedback",
        cds.Feedback.as_view(),
        name="cds-feedback",
    ),
]


class PasswordView(SuccessMessageMixin, PasswordChangeView):
    template_name = "patients/password.html"
    form_class = PasswordForm
    success_url = reverse_lazy("today")
    success_message = _("Your password is changed.")


urlpatterns = [
    path("", views.today, name="today"),
    path("api/v1/", include(api)),
    path("patients/", views.patients, name="patients"),
    path("patients/<int:patient_id>/", views.patient, name="patient"),
    path("patients/<int:patient_id>/lesions/", lesions.lesions, name="lesions"),
    path("patients/<int:patient_id>/visits/", visits.visits, name="visits"),
    path(
        "patients/<int:patient_id>/visits/new/",
        visits.record_visit,
        name="record_visit",
    ),
    path("visits/<int:visit_id>/correct/", visits.correct_visit, name="correct_visit"),
    path("patients/<int:patient_id>/future/", forecasts.future, name="future"),
    path("patients/<int:patient_id>/pause/", forecasts.hold, name="hold"),
    path("patients/<int:patient_id>/report/", reports.report, name="report"),
    path(
        "patients/<int:patient_id>/report/now/<slug:language>/",
        reports.report_now,
        name="report_now",
    ),
    path(
        "patients/<int:patient_id>/report/<slug:key>/<slug:language>/",
        reports.report_made,
        name="report_made",
    ),
    path(
        "patients/<int:patient_id>/report/<slug:key>/file/<slug:kind>/",
        reports.report_file,
        name="report_file",
    ),
    path("calendar/<slug:secret>.ics", feed.calendar_feed, name="calendar_feed"),
    path("imports/", imports.imports, name="imports"),
    path("imports/<int:file_id>/", imports.file_page, name="import"),
    path("imports/<int:file_id>/store/", imports.store, name="store_import"),
    path("imports/<int:file_id>/discard/", imports.discard, name="discard_import"),
    path("imports/<int:file_id>/undo/", imports.undo, name="undo_import"),
    path("imports/<int:file_id>/progress/", imports.progress, name="import_progress"),
    path("worker/", worker.worker, name="worker"),
    path("models/", forecasts.models_page, name="models"),
    path("history/<slug:kind>/<int:record_id>/", views.history, name="history"),
    path("cohort/", pages.cohort, name="cohort"),
    path("cohort/<slug:what>.<slug:kind>", pages.export, name="export_cohort"),
    path("table1/", views.table1_page, name="table1"),
    path("", include("patients.urls")),
    path("", include("dosing.urls")),
    path(
        "sign-in/",
        LoginView.as_view(
            template_name="patients/sign_in.html",
            authentication_form=SignInForm,
            redirect_authenticated_user=True,
        ),
        name="sign_in",
    ),
    path("password/", PasswordView.as_view(), name="password"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("language/", login_not_required(set_language), name="set_language"),
    # Django's own page would change a password past the audit.
    path("admin/password_change/", RedirectView.as_view(pattern_name="password")),
    path("admin/", admin.site.urls),
    path("", include(programs)),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
]

handler400 = "tdm.errors.bad_request"
handler404 = "tdm.errors.not_found"
handler500 = "tdm.errors.server_error"

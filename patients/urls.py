"""Addresses of people and of the keys that programs hold."""

from django.urls import path

from patients import views

urlpatterns = [
    path("patients/new/", views.register_patient, name="register_patient"),
    path(
        "patients/<int:patient_id>/measurements/new/",
        views.add_measurement,
        name="add_measurement",
    ),
    path(
        "patients/<int:patient_id>/correct/",
        views.correct_patient,
        name="correct_patient",
    ),
    path(
        "measurements/<int:measurement_id>/correct/",
        views.correct_measurement,
        name="correct_measurement",
    ),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<slug:key>/revoke/", views.revoke_token, name="revoke_token"),
]

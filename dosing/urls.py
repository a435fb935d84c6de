"""Addresses of levels, prescriptions and decisions."""

from django.urls import path

from dosing import views

urlpatterns = [
    path("patients/<int:patient_id>/levels/new/", views.add_level, name="add_level"),
    path("patients/<int:patient_id>/labs/new/", views.add_labs, name="add_labs"),
    path("labs/<int:lab_id>/correct/", views.correct_lab, name="correct_lab"),
    path("labs/<int:lab_id>/withdraw/", views.withdraw_lab, name="withdraw_lab"),
    path("patients/<int:patient_id>/levels/hint/", views.level_hint, name="level_hint"),
    path("patients/<int:patient_id>/doses/new/", views.prescribe, name="prescribe"),
    path("patients/<int:patient_id>/doses/stop/", views.stop, name="stop"),
    path("patients/<int:patient_id>/diary/", views.week, name="diary"),
    path("patients/<int:patient_id>/diary/day/", views.day, name="diary_day"),
    path(
        "patients/<int:patient_id>/diary/task/",
        views.raise_value_task,
        name="raise_value_task",
    ),
    path(
        "patients/<int:patient_id>/drugs/new/",
        views.add_comedication,
        name="add_comedication",
    ),
    path(
        "drugs/<int:comedication_id>/correct/",
        views.correct_comedication,
        name="correct_comedication",
    ),
    path(
        "drugs/<int:comedication_id>/withdraw/",
        views.withdraw_comedication,
        name="withdraw_comedication",
    ),
    path("drugs/facts/", views.drug_facts, name="drug_facts"),
    path("patients/<int:patient_id>/events/new/", views.add_event, name="add_event"),
    path("events/<int:event_id>/correct/", views.correct_event, name="correct_event"),
    path(
        "events/<int:event_id>/withdraw/", views.withdraw_event, name="withdraw_event"
    ),
    path(
        "patients/<int:patient_id>/tablets/new/",
        views.add_dispensing,
        name="add_dispensing",
    ),
    path(
        "tablets/<int:dispensing_id>/correct/",
        views.correct_dispensing,
        name="correct_dispensing",
    ),
    path(
        "tablets/<int:dispensing_id>/withdraw/",
        views.withdraw_dispensing,
        name="withdraw_dispensing",
    ),
    path(
        "patients/<int:patient_id>/protocol/",
        views.assign_protocol,
        name="assign_protocol",
    ),
    path("patients/<int:patient_id>/decide/", views.decide, name="decide"),
    path(
        "protocols/<int:assignment_id>/correct/",
        views.correct_assignment,
        name="correct_assignment",
    ),
    path("doses/<int:dose_id>/correct/", views.correct_dose, name="correct_dose"),
    path("levels/<int:level_id>/correct/", views.correct_level, name="correct_level"),
    path(
        "levels/<int:level_id>/set-aside/",
        views.set_aside_level,
        name="set_aside_level",
    ),
    path("messages/", views.lab_reports, name="lab_reports"),
    path("messages/<int:report_id>/", views.lab_report, name="lab_report"),
    path("messages/<int:report_id>/refuse/", views.refuse_report, name="refuse_report"),
    path("decisions/<int:decision_id>/", views.decision, name="decision"),
]

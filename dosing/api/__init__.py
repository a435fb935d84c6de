"""The drug for programs: prescribed, taken, measured, decided."""

from django.urls import path

from dosing.api.diary import DiaryView
from dosing.api.doses import (
    DecisionsView,
    DecisionView,
    DosesView,
    DoseView,
    StopView,
)
from dosing.api.levels import LaboratoriesView, SetAsideView, TroughsView, TroughView
from dosing.api.records import (
    DrugsView,
    DrugView,
    EventsView,
    EventView,
    LabsView,
    LabView,
    WithdrawDrugView,
    WithdrawEventView,
    WithdrawLabView,
)
from dosing.api.supply import (
    AssignmentsView,
    AssignmentView,
    DispensingsView,
    DispensingView,
    ProtocolsView,
    WithdrawDispensingView,
)

OF_PATIENT = "patients/<int:patient_id>/"

paths = [
    path(address, view.as_view(), name=f"api-{name}")
    for address, view, name in (
        (f"{OF_PATIENT}troughs/", TroughsView, "troughs"),
        ("troughs/<int:pk>/", TroughView, "trough"),
        ("troughs/<int:pk>/set-aside/", SetAsideView, "set-aside-trough"),
        ("laboratories/", LaboratoriesView, "laboratories"),
        (f"{OF_PATIENT}doses/", DosesView, "doses"),
        (f"{OF_PATIENT}doses/stop/", StopView, "stop-dose"),
        ("doses/<int:pk>/", DoseView, "dose"),
        ("protocols/", ProtocolsView, "protocols"),
        (f"{OF_PATIENT}protocols/", AssignmentsView, "assignments"),
        ("assignments/<int:pk>/", AssignmentView, "assignment"),
        (f"{OF_PATIENT}dispensings/", DispensingsView, "dispensings"),
        ("dispensings/<int:pk>/", DispensingView, "dispensing"),
        (
            "dispensings/<int:pk>/withdraw/",
            WithdrawDispensingView,
            "withdraw-dispensing",
        ),
        (f"{OF_PATIENT}decisions/", DecisionsView, "decisions"),
        ("decisions/<int:pk>/", DecisionView, "decision"),
        (f"{OF_PATIENT}diary/", DiaryView, "diary"),
        (f"{OF_PATIENT}labs/", LabsView, "labs"),
        ("labs/<int:pk>/", LabView, "lab"),
        ("labs/<int:pk>/withdraw/", WithdrawLabView, "withdraw-lab"),
        (f"{OF_PATIENT}comedications/", DrugsView, "comedications"),
        ("comedications/<int:pk>/", DrugView, "comedication"),
        ("comedications/<int:pk>/withdraw/", WithdrawDrugView, "withdraw-comedication"),
        (f"{OF_PATIENT}events/", EventsView, "events"),
        ("events/<int:pk>/", EventView, "event"),
        ("events/<int:pk>/withdraw/", WithdrawEventView, "withdraw-event"),
    )
]

__all__ = ["paths"]

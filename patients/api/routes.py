"""The addresses of this room's resources."""

from django.urls import path

from patients.api.contacts import (
    ContactsView,
    ContactView,
    OptInView,
    OptOutView,
)
from patients.api.imaging import (
    ImagingStudyView,
    ImagingView,
    LandmarksView,
    LandmarkView,
    WithdrawImagingView,
)
from patients.api.lesions import (
    LesionsView,
    LesionView,
    TreatmentsView,
    TreatmentView,
    WithdrawTreatmentView,
)
from patients.api.observations import (
    EffectsView,
    EffectView,
    MeasurementsView,
    MeasurementView,
    WithdrawEffectView,
)
from patients.api.people import PatientsView, PatientView, SearchView
from patients.api.schedule import (
    BookItemView,
    CloseTaskView,
    ItemView,
    MoveItemView,
    ReopenItemView,
    ScheduleView,
    SkipItemView,
    TasksView,
    TaskView,
)
from patients.api.visits import VisitsView, VisitView, WithdrawVisitView

OF_PATIENT = "patients/<int:patient_id>/"

paths = [
    path(address, view.as_view(), name=f"api-{name}")
    for address, view, name in (
        ("patients/", PatientsView, "patients"),
        ("patients/search/", SearchView, "search-patients"),
        ("patients/<int:pk>/", PatientView, "patient"),
        (f"{OF_PATIENT}lesions/", LesionsView, "lesions"),
        ("lesions/<int:pk>/", LesionView, "lesion"),
        (f"{OF_PATIENT}previous-treatments/", TreatmentsView, "previous-treatments"),
        ("previous-treatments/<int:pk>/", TreatmentView, "previous-treatment"),
        (
            "previous-treatments/<int:pk>/withdraw/",
            WithdrawTreatmentView,
            "withdraw-previous-treatment",
        ),
        (f"{OF_PATIENT}contacts/", ContactsView, "contacts"),
        ("contacts/<int:pk>/", ContactView, "contact"),
        ("contacts/<int:pk>/opt-out/", OptOutView, "opt-out"),
        ("contacts/<int:pk>/opt-in/", OptInView, "opt-in"),
        (f"{OF_PATIENT}side-effects/", EffectsView, "side-effects"),
        ("side-effects/<int:pk>/", EffectView, "side-effect"),
        ("side-effects/<int:pk>/withdraw/", WithdrawEffectView, "withdraw-side-effect"),
        (f"{OF_PATIENT}measurements/", MeasurementsView, "measurements"),
        ("measurements/<int:pk>/", MeasurementView, "measurement"),
        (f"{OF_PATIENT}landmarks/", LandmarksView, "landmarks"),
        ("landmarks/<int:pk>/", LandmarkView, "landmark"),
        (f"{OF_PATIENT}visits/", VisitsView, "visits"),
        ("visits/<int:pk>/", VisitView, "visit"),
        ("visits/<int:pk>/withdraw/", WithdrawVisitView, "withdraw-visit"),
        (f"{OF_PATIENT}imaging/", ImagingView, "imaging"),
        ("imaging/<int:pk>/", ImagingStudyView, "imaging-study"),
        ("imaging/<int:pk>/withdraw/", WithdrawImagingView, "withdraw-imaging"),
        (f"{OF_PATIENT}schedule/", ScheduleView, "schedule"),
        ("schedule/<int:pk>/", ItemView, "item"),
        ("schedule/<int:pk>/book/", BookItemView, "book-item"),
        ("schedule/<int:pk>/move/", MoveItemView, "move-item"),
        ("schedule/<int:pk>/skip/", SkipItemView, "skip-item"),
        ("schedule/<int:pk>/reopen/", ReopenItemView, "reopen-item"),
        (f"{OF_PATIENT}tasks/", TasksView, "tasks"),
        ("tasks/<int:pk>/", TaskView, "task"),
        ("tasks/<int:pk>/close/", CloseTaskView, "close-task"),
    )
]

"""Pages about people, split by noun."""

from patients.views.accounts import revoke_token, tokens
from patients.views.diary import attach_photo, photo
from patients.views.effects import (
    add_effect,
    correct_effect,
    resolve_effect,
    withdraw_effect,
)
from patients.views.observations import add_measurement, correct_measurement
from patients.views.people import (
    add_lesion,
    add_treatment,
    correct_lesion,
    correct_patient,
    correct_treatment,
    register_patient,
)
from patients.views.tasks import close_task

__all__ = [
    "add_effect",
    "add_lesion",
    "add_measurement",
    "add_treatment",
    "attach_photo",
    "close_task",
    "correct_effect",
    "correct_lesion",
    "correct_measurement",
    "correct_patient",
    "correct_treatment",
    "photo",
    "register_patient",
    "resolve_effect",
    "revoke_token",
    "tokens",
    "withdraw_effect",
]

"""Every change to a person's record: atomic, with an actor and a trace."""

from patients.services.accounts import (
    beat,
    change_password,
    issue_token,
    note_export,
    note_reading,
    register_staff,
    revoke_token,
    save_configuration,
)
from patients.services.diary import attach_photo
from patients.services.effects import (
    FEVER_MATTERS,
    correct_effect,
    record_effect,
    resolve_effect,
    withdraw_effect,
)
from patients.services.imaging import (
    Numbers,
    attach_key_image,
    correct_imaging,
    record_imaging,
    withdraw_imaging,
)
from patients.services.observations import add_measurement, correct_measurement
from patients.services.people import (
    add_lesion,
    add_previous_treatment,
    correct_lesion,
    correct_patient,
    correct_previous_treatment,
    register_patient,
    withdraw_previous_treatment,
)
from patients.services.tasks import close_task, raise_task

__all__ = [
    "FEVER_MATTERS",
    "Numbers",
    "add_lesion",
    "add_measurement",
    "add_previous_treatment",
    "attach_key_image",
    "attach_photo",
    "beat",
    "change_password",
    "close_task",
    "correct_effect",
    "correct_imaging",
    "correct_lesion",
    "correct_measurement",
    "correct_patient",
    "correct_previous_treatment",
    "issue_token",
    "note_export",
    "note_reading",
    "raise_task",
    "record_effect",
    "record_imaging",
    "register_patient",
    "register_staff",
    "resolve_effect",
    "revoke_token",
    "save_configuration",
    "withdraw_effect",
    "withdraw_imaging",
    "withdraw_previous_treatment",
]

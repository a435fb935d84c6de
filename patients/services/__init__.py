"""Every change to a person's record: atomic, with an actor and a trace."""

from patients.services.accounts import (
    beat,
    change_password,
    issue_token,
    note_export,
    note_feedback,
    note_reading,
    register_staff,
    revoke_token,
    save_configuration,
)
from patients.services.booking import book_item, move_item, reopen_item, skip_item
from patients.services.contacts import add_contact, correct_contact, opt_in, opt_out
from patients.services.delivery import (
    claim_reminder,
    drain_reminders,
    finish_reminder,
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
from patients.services.notifications import (
    choose_notifications,
    end_feed,
    make_feed,
    remove_closed_day,
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
from patients.services.reminders import scan_reminders
from patients.services.replies import claim_key, forget_replies, keep_reply
from patients.services.schedule import (
    Kept,
    Wanted,
    note_planned,
    replan,
    settle_kept,
)
from patients.services.tasks import close_task, raise_task
from patients.services.visits import (
    LandmarkDoubtError,
    Measured,
    add_landmark,
    correct_landmark,
    correct_visit,
    record_visit,
    withdraw_visit,
)

__all__ = [
    "FEVER_MATTERS",
    "Kept",
    "LandmarkDoubtError",
    "Measured",
    "Numbers",
    "Wanted",
    "add_contact",
    "add_landmark",
    "add_lesion",
    "add_measurement",
    "add_previous_treatment",
    "attach_key_image",
    "attach_photo",
    "beat",
    "book_item",
    "change_password",
    "choose_notifications",
    "claim_key",
    "claim_reminder",
    "close_task",
    "correct_contact",
    "correct_effect",
    "correct_imaging",
    "correct_landmark",
    "correct_lesion",
    "correct_measurement",
    "correct_patient",
    "correct_previous_treatment",
    "correct_visit",
    "drain_reminders",
    "end_feed",
    "finish_reminder",
    "forget_replies",
    "issue_token",
    "keep_reply",
    "make_feed",
    "move_item",
    "note_export",
    "note_feedback",
    "note_planned",
    "note_reading",
    "opt_in",
    "opt_out",
    "raise_task",
    "record_effect",
    "record_imaging",
    "record_visit",
    "register_patient",
    "register_staff",
    "remove_closed_day",
    "reopen_item",
    "replan",
    "resolve_effect",
    "revoke_token",
    "save_configuration",
    "scan_reminders",
    "settle_kept",
    "skip_item",
    "withdraw_effect",
    "withdraw_imaging",
    "withdraw_previous_treatment",
    "withdraw_visit",
]

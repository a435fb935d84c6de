"""Pages about people, split by noun."""

from patients.views.accounts import revoke_token, tokens
from patients.views.contacts import (
    add_contact,
    correct_contact,
    opt_in,
    opt_out,
    reminders,
)
from patients.views.diary import attach_photo, photo
from patients.views.effects import (
    add_effect,
    correct_effect,
    resolve_effect,
    withdraw_effect,
)
from patients.views.imaging import (
    add_imaging,
    attach_key_image,
    correct_imaging,
    key_image,
    withdraw_imaging,
)
from patients.views.notifications import end_feed, inbox, make_feed, notifications
from patients.views.observations import add_measurement, correct_measurement
from patients.views.people import (
    add_lesion,
    add_treatment,
    correct_lesion,
    correct_patient,
    correct_treatment,
    register_patient,
    withdraw_treatment,
)
from patients.views.schedule import (
    book_item,
    move_item,
    reopen_item,
    schedule,
    skip_item,
    week,
)
from patients.views.tasks import close_task
from patients.views.visits import add_landmark, correct_landmark, withdraw_visit

__all__ = [
    "add_contact",
    "add_effect",
    "add_imaging",
    "add_landmark",
    "add_lesion",
    "add_measurement",
    "add_treatment",
    "attach_key_image",
    "attach_photo",
    "book_item",
    "close_task",
    "correct_contact",
    "correct_effect",
    "correct_imaging",
    "correct_landmark",
    "correct_lesion",
    "correct_measurement",
    "correct_patient",
    "correct_treatment",
    "end_feed",
    "inbox",
    "key_image",
    "make_feed",
    "move_item",
    "notifications",
    "opt_in",
    "opt_out",
    "photo",
    "register_patient",
    "reminders",
    "reopen_item",
    "resolve_effect",
    "revoke_token",
    "schedule",
    "skip_item",
    "tokens",
    "week",
    "withdraw_effect",
    "withdraw_imaging",
    "withdraw_treatment",
    "withdraw_visit",
]

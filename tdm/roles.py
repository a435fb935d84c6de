"""One table: what each role may do. Nothing about it is kept in the database."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model

from patients.models import Role, Staff

READS_PATIENTS = {
    "patients.view_patient",
    "patients.view_auditevent",
    "patients.view_cohort",
    "dosing.view_troughlevel",
    "dosing.view_protocol",
}
ENTERS = {
    "patients.add_patient",
    "patients.add_lesion",
    "patients.add_imagingstudy",
    "patients.add_measurement",
    "patients.add_visit",
    "patients.add_diaryday",
    "patients.add_sideeffect",
    "patients.change_task",
    "patients.change_scheduleitem",
    "patients.add_contact",
    "dosing.add_troughlevel",
    "dosing.change_troughlevel",
    "dosing.add_comedication",
    "dosing.add_labresult",
    "dosing.add_drugevent",
    "dosing.add_dispensing",
}
PRESCRIBES = {
    "dosing.add_dose",
    "dosing.add_decision",
    "dosing.add_protocolassignment",
    "patients.judge_sideeffect",
    "patients.export_identified",
}
CONFIGURES = {
    f"{record[0]}.{verb}_{record[1]}"
    for verb in ("view", "add", "change")
    for record in (
        ("patients", "site"),
        ("patients", "staff"),
        ("patients", "quantitylimit"),
        ("patients", "closedday"),
        ("dosing", "laboratory"),
        ("dosing", "referencerange"),
        ("dosing", "protocol"),
    )
}
CONFIGURES |= {"patients.delete_closedday"}

PERMISSIONS: dict[str, set[str]] = {
    Role.CLINICIAN: READS_PATIENTS | ENTERS | PRESCRIBES,
    Role.NURSE: READS_PATIENTS | ENTERS,
    Role.PHARMACIST: READS_PATIENTS
    | {
        "patients.change_task",
        "patients.change_scheduleitem",
        "dosing.add_troughlevel",
        "dosing.change_troughlevel",
    },
    Role.RESEARCH_READER: {"patients.view_cohort"},
    Role.ADMIN: CONFIGURES
    | {"patients.view_cohort", "patients.add_apitoken", "patients.view_heartbeat"},
    Role.API_CLIENT: {"patients.view_patient", "dosing.add_troughlevel"},
}


class RoleBackend(ModelBackend):
    """Checks passwords as Django does, and permissions by the table above."""

    def user_can_authenticate(self, user: Staff | AnonymousUser | None) -> bool:
        """A program's account has a token, never a password."""
        if isinstance(user, Staff) and user.role == Role.API_CLIENT:
            return False
        return super().user_can_authenticate(user)

    def get_all_permissions(
        self, user_obj: object, obj: Model | None = None
    ) -> set[str]:
        if not isinstance(user_obj, Staff) or not user_obj.is_active or obj is not None:
            return set()
        return PERMISSIONS.get(user_obj.role, set())

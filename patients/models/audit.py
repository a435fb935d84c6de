"""Who did what, when and why: written once, chained, never changed."""

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from patients.models.people import Patient, Staff
from patients.models.rules import never_changed

CHAINS = 16
"""Patients are spread over this many chains so that writers seldom wait."""

LONGEST_REASON = 500
"""So many signs of a reason are kept."""

CANONICAL_LINE = """jsonb_build_array(
    {row}.chain, {row}.position, {row}.previous_hash, {row}.action,
    {row}.object_type, {row}.object_id, {row}.object_version, {row}.patient_id,
    {row}.actor_id, extract(epoch from {row}.at), {row}.reason, {row}.details
)::text"""
"""What a line's hash is made of: every field of the line and the hash before it."""

chained = pgtrigger.Trigger(
    name="chained",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    declare=[("tip", "RECORD")],
    func=f"""
        PERFORM pg_advisory_xact_lock(7411, NEW.chain);
        SELECT position, hash INTO tip FROM patients_auditevent
            WHERE chain = NEW.chain ORDER BY position DESC LIMIT 1;
        NEW.position = coalesce(tip.position, 0) + 1;
        NEW.previous_hash = coalesce(tip.hash, '');
        NEW.hash = encode(
            sha256(convert_to({CANONICAL_LINE.format(row="NEW")}, 'UTF8')), 'hex'
        );
        RETURN NEW;
    """,  # noqa: S608 - made of our own constant
)


ACTIONS = {
    "register_patient": _("Patient registered"),
    "correct_patient": _("Patient corrected"),
    "add_lesion": _("Lesion recorded"),
    "add_previous_treatment": _("Previous treatment recorded"),
    "correct_lesion": _("Lesion corrected"),
    "correct_previoustreatment": _("Previous treatment corrected"),
    "withdraw_previous_treatment": _("Previous treatment withdrawn"),
    "record_imaging": _("Imaging study recorded"),
    "correct_imaging": _("Imaging study corrected"),
    "withdraw_imaging": _("Imaging study withdrawn"),
    "attach_key_image": _("Key image attached"),
    "correct_protocolassignment": _("Protocol corrected"),
    "withdraw_assignment": _("Protocol withdrawn"),
    "add_landmark": _("Landmark recorded"),
    "correct_landmark": _("Landmark corrected"),
    "record_visit": _("Visit recorded"),
    "correct_visit": _("Visit corrected"),
    "withdraw_visit": _("Visit withdrawn"),
    "add_measurement": _("Measurement recorded"),
    "correct_measurement": _("Measurement corrected"),
    "withdraw_measurement": _("Measurement withdrawn"),
    "correct_dose": _("Dose corrected"),
    "assign_protocol": _("Protocol chosen"),
    "prescribe_dose": _("Dose prescribed"),
    "stop_dose": _("Dose stopped"),
    "cancel_dose": _("Planned dose cancelled"),
    "record_trough": _("Level recorded"),
    "correct_trough": _("Level corrected"),
    "set_aside_trough": _("Level set aside"),
    "record_comedication": _("Interacting drug recorded"),
    "withdraw_comedication": _("Interacting drug withdrawn"),
    "correct_comedication": _("Interacting drug corrected"),
    "record_event": _("Event recorded"),
    "correct_drugevent": _("Event corrected"),
    "withdraw_event": _("Event withdrawn"),
    "ask_safety": _("Safety questions answered"),
    "record_dispensing": _("Tablets dispensed"),
    "correct_dispensing": _("Tablets dispensed, corrected"),
    "withdraw_dispensing": _("Tablets dispensed, withdrawn"),
    "sign_decision": _("Decision signed"),
    "save_diary": _("Diary entered"),
    "attach_photo": _("Photo of a paper diary attached"),
    "record_effect": _("Side effect recorded"),
    "correct_effect": _("Side effect corrected"),
    "resolve_effect": _("Side effect resolved"),
    "withdraw_effect": _("Side effect withdrawn"),
    "record_labs": _("Laboratory value recorded"),
    "correct_lab": _("Laboratory value corrected"),
    "withdraw_lab": _("Laboratory value withdrawn"),
    "plan_item": _("Planned"),
    "open_item": _("Planned anew"),
    "done_item": _("Planned item met by a record"),
    "cancelled_item": _("No longer planned"),
    "book_item": _("Day booked"),
    "unbook_item": _("Booking taken back"),
    "move_item": _("Planned item moved"),
    "skip_item": _("Planned item not done"),
    "reopen_item": _("Planned item asked for again"),
    "add_contact": _("Contact for reminders added"),
    "correct_contact": _("Contact for reminders corrected"),
    "opt_out": _("Reminders turned off"),
    "opt_in": _("Reminders turned on again"),
    "remove_closed_day": _("Closed day removed"),
    "make_feed": _("Calendar feed made"),
    "end_feed": _("Calendar feed ended"),
    "choose_notifications": _("Notifications chosen"),
    "upload_file": _("File uploaded"),
    "match_columns": _("Columns of a file matched"),
    "check_file": _("File checked"),
    "import_file": _("File imported"),
    "discard_file": _("File discarded"),
    "undo_file": _("Import undone"),
    "receive_message": _("Laboratory message received"),
    "accept_report": _("Laboratory report accepted"),
    "refuse_report": _("Laboratory report refused"),
    "raise_task": _("Task raised"),
    "close_task": _("Task done"),
    "cds_feedback": _("Answer to a card in another system"),
    "export_fhir_patients": _("Patients listed for a program (FHIR)"),
    "export_table1": _("Table 1 of the case series exported"),
    "export_cohort_table1": _("Table 1 of a cohort exported"),
    "export_cohort_dataset": _("Dataset of a cohort exported"),
    "export_cohort_dictionary": _("Data dictionary exported"),
    "export_identified_table1": _("Table 1 exported with names"),
    "export_identified_dataset": _("Dataset exported with names"),
}


READ = "read_"
"""How the actions begin that only looked at a record."""


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def changes(self) -> Self:
        """Leave out the lines of those who only looked."""
        return self.exclude(action__startswith=READ)

    def about(self, record: models.Model) -> Self:
        """Keep the lines about one record, oldest first."""
        return self.filter(
            object_type=record._meta.label_lower, object_id=str(record.pk)
        ).order_by("pk")


class AuditEvent(models.Model):
    """One line; the database numbers it and chains it to the line before."""

    chain = models.PositiveSmallIntegerField()
    position = models.PositiveBigIntegerField(default=0)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)
    action = models.CharField(_("action"), max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=140)
    object_version = models.PositiveIntegerField(null=True)
    patient = models.ForeignKey(
        Patient, models.PROTECT, null=True, related_name="audit_events"
    )
    actor = models.ForeignKey(Staff, models.PROTECT, related_name="audit_events")
    at = models.DateTimeField(_("at"), db_default=Now())
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON, blank=True)
    details = models.JSONField(default=dict, blank=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit line")
        triggers: ClassVar = [chained, never_changed]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="audit_positions_are_unique", fields=["chain", "position"]
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["object_type", "object_id"]),
            models.Index(
                name="changes_of_a_patient",
                fields=["patient", "position"],
                condition=~models.Q(action__startswith=READ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"

    @property
    def label(self) -> str:
        return str(ACTIONS.get(self.action, self.action))


class Heartbeat(models.Model):
    """When a background process last did some work."""

    name = models.CharField(max_length=40, unique=True)
    beaten_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

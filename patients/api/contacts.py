"""How patients are reminded, for programs."""

from rest_framework import serializers

from patients import services
from patients.api.fields import Asked, NothingAsked, ReasonField
from patients.api.records import Act, AddedRecords, ApiView, ChangedRecord
from patients.models import Contact, Scope


class ContactSerializer(serializers.ModelSerializer[Contact]):
    class Meta:
        model = Contact
        fields = (
            "id",
            "patient",
            "channel",
            "address",
            "language",
            "opted_out_at",
            "version",
        )


class ContactAsked(Asked):
    """An address of electronic mail, or a telephone number as people write it."""

    class Meta:
        model = Contact
        fields = ("channel", "address", "language")
        extra_kwargs = {"language": {"required": True}}  # noqa: RUF012 - read once


class ContactCorrected(Asked):
    reason = ReasonField()

    class Meta:
        model = Contact
        fields = ("address", "language", "reason")
        extra_kwargs = {"language": {"required": True}}  # noqa: RUF012 - read once


class OfContacts(ApiView):
    model = Contact
    shown = ContactSerializer
    writes = Scope.WRITE_PATIENTS


class ContactsView(OfContacts, AddedRecords):
    """How one patient is reminded."""

    asked = ContactAsked
    adds = staticmethod(services.add_contact)
    detail = "api-contact"


class ContactView(OfContacts, ChangedRecord):
    """One way to reach a patient."""

    asked = ContactCorrected
    corrects = staticmethod(services.correct_contact)
    noun = "contact"


class OptOutView(OfContacts, Act):
    """Write no more to a contact."""

    asked = NothingAsked
    does = staticmethod(services.opt_out)
    noun = "contact"


class OptInView(OfContacts, Act):
    """Write to a contact again."""

    asked = NothingAsked
    does = staticmethod(services.opt_in)
    noun = "contact"

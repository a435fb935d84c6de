"""The pieces that resources are made of: concepts, quantities, times, references."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils import timezone

from dosing.history import History, history_of
from dosing.models import Dose
from patients.models import Measurement, Patient
from tdm.fhir.codes import HL7, PRESSURES, UCUM, own

Part = dict[str, object]
Resource = dict[str, object]
"""A FHIR resource as JSON will have it; numbers are Decimals with their digits."""


@dataclass(frozen=True)
class About:
    """One patient, and what more than one of their resources rests on, read once."""

    patient: Patient

    @property
    def zone(self) -> ZoneInfo:
        return self.patient.site.zone

    @cached_property
    def history(self) -> History:
        return history_of(self.patient)

    @cached_property
    def pressures(self) -> Mapping[date, list[Measurement]]:
        """The blood pressures of each day, also those entered in error."""
        rows = Measurement.objects.filter(patient=self.patient, quantity__in=PRESSURES)
        found: dict[date, list[Measurement]] = {}
        for row in rows.order_by("pk"):
            found.setdefault(row.measured_on, []).append(row)
        return found

    @cached_property
    def today(self) -> date:
        return self.patient.site.today(timezone.now())

    def dose_on(self, day: date) -> Dose | None:
        """Return the regimen that was prescribed for a day."""
        return self.history.running(day)

    @property
    def subject(self) -> Part:
        return reference("Patient", self.patient.pk)

    def when(self, instant: datetime) -> str:
        """Write an instant by the clinic's clock, with its zone."""
        return instant.astimezone(self.zone).isoformat()


def filled(part: Mapping[str, object]) -> Part:
    """Leave out what is empty: FHIR knows no empty element. 0 and False are facts."""
    return {
        name: value
        for name, value in part.items()
        if value is not None and value not in ("", [], {})
    }


def coding(system: str, code: str, display: object = "") -> Part:
    return filled({"system": system, "code": code, "display": str(display)})


def concept(text: object, *codings: Part) -> Part:
    return filled({"coding": list(codings), "text": str(text)})


def of_ours(system: str, code: str, text: object) -> Part:
    """Return a concept by a code of our own; nothing where nothing was chosen."""
    return concept(text, coding(own(system), code)) if code else {}


def hl7(system: str, code: str, display: str = "") -> Part:
    return concept("", coding(f"{HL7}/{system}", code, display))


def quantity(
    value: Decimal, unit: str, *, code: str = "", comparator: str = ""
) -> Part:
    """Return a number with its UCUM unit and with the digits it is stored with."""
    return filled(
        {
            "value": value,
            "comparator": comparator,
            "unit": unit,
            "system": UCUM,
            "code": code or unit,
        }
    )


def reference(kind: str, key: object) -> Part:
    return {"reference": f"{kind}/{key}"}


def notes(*texts: str) -> list[Part]:
    return [{"text": text} for text in texts if text.strip()]


def period(first: date | None, last: date | None) -> Part:
    """Return days from one to another; both belong to a FHIR period."""
    return filled(
        {
            "start": first.isoformat() if first else "",
            "end": last.isoformat() if last else "",
        }
    )

"""What the page of a patient could tell, all of it."""

from dosing.history import around, history_of
from dosing.labs import read_labs
from dosing.models import Decision
from patients.models import Patient
from tdm.timeline import Entry, Kept, timeline


def timeline_of(patient: Patient) -> list[Entry]:
    kept = Kept(
        around(patient),
        read_labs(patient),
        list(Decision.objects.of(patient)),
        list(patient.lesions.prefetch_related("previous_treatments")),
    )
    return timeline(history_of(patient), kept)

"""What nobody waits for: schedules planned on, a clinic forecast anew, the cohort."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from uuid import uuid4

from celery import group, shared_task
from django.core.cache import cache
from django.utils import timezone

from dosing import services
from dosing.advice import advise
from patients.models import Patient

LINES_AT_ONCE = 2000
"""So many lines of the cohort are worked out in one run; the next comes soon."""


PLANNED_AT_ONCE = 100
"""For so many patients the clock plans on in one run; the next comes soon."""


@shared_task
def extend_schedules() -> None:
    services.plan_on(at=timezone.now(), at_most=PLANNED_AT_ONCE)


@shared_task
def refresh_cohort() -> None:
    services.refresh_cohort(at=timezone.now(), at_most=LINES_AT_ONCE)


KEPT_S = 24 * 3600
LOOK_AGAIN_S = 0.5


@shared_task
def refit_patient(run: str, patient_id: int) -> None:
    """Work out what the models say of one patient, so that pages find it ready.

    Doing it twice changes nothing: the answer is kept by its exact question.
    """
    patient = Patient.objects.select_related("site").get(pk=patient_id)
    advice = advise(patient, at=timezone.now())
    spoke = advice is not None and advice.prognosis.outlook is not None
    cache.set(mark(run, patient_id), spoke, KEPT_S)


def mark(run: str, patient_id: int) -> str:
    return f"refit:{run}:{patient_id}"


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of how many patients are done, and for how many the models spoke."""

    done: int
    spoke: int
    whole: int


@dataclass(frozen=True, slots=True)
class Refit:
    """One run over some patients."""

    run: str
    patients: tuple[int, ...]

    @property
    def progress(self) -> Progress:
        found = cache.get_many([mark(self.run, key) for key in self.patients])
        return Progress(len(found), sum(found.values()), len(self.patients))

    def watched(self, patience_s: float) -> Iterator[Progress]:
        """Yield how far it is, until it is finished or nothing moves any more."""
        last, moved_at = self.progress, monotonic()
        yield last
        while last.done < last.whole and monotonic() - moved_at < patience_s:
            sleep(LOOK_AGAIN_S)
            now = self.progress
            if now != last:
                last, moved_at = now, monotonic()
                yield now


def refit(patients: Sequence[int]) -> Refit:
    """Send one task for each patient to the workers."""
    begun = Refit(uuid4().hex, tuple(patients))
    group(refit_patient.s(begun.run, key) for key in begun.patients).apply_async()
    return begun

"""What a supervisor is told."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from patients import services
from patients.models import Staff
from patients.tasks import beat_heart


def test_a_fresh_heartbeat_makes_the_clinic_ready(client: Client, db: None) -> None:
    beat_heart()

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["ready"]) == (200, True)


def test_a_heart_that_stopped_is_not_ready(client: Client, db: None) -> None:
    services.beat(name="celery", at=timezone.now() - timedelta(minutes=3))

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["clock"]) == (503, False)


def test_alive_needs_nothing(client: Client) -> None:
    assert client.get("/livez").json() == {"alive": True}


def test_the_footer_says_whether_the_worker_lives(
    client: Client, clinician: Staff
) -> None:
    client.force_login(clinician, backend="tdm.roles.RoleBackend")

    silent = client.get("/").content.decode()
    beat_heart()
    alive = client.get("/").content.decode()

    assert "has not reported yet" in silent
    assert "Background worker: alive" in alive

"""Rules that no single room can keep."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from PIL import Image

import dosing.services
import patients.services
from dosing.imports import Kind
from dosing.models import Laboratory
from dosing.policy.labs import CTCAE_VERSION, SEVERE_FROM_GRADE
from dosing.services.labs import Typed
from patients import ctcae
from patients.models import Patient, Role, Site, Staff
from tdm.middleware import FOR_PROGRAMS
from tests.builders import (
    DAY_0,
    a_dose,
    a_lesion,
    a_patient,
    a_protocol,
    a_site,
    a_staff_member,
    a_trough,
    a_visit,
    an_mri,
    in_diary,
)

ROOT = Path(__file__).resolve().parent.parent
OPEN_TO_ALL = {"sign_in", "set_language", "livez", "readyz", "api-schema", "api-docs"}
OPEN_TO_ALL |= {"calendar_feed", "fhir-metadata", "fhir-definition"}
OPEN_TO_ALL |= {"cds-services"}
BY_CLOCK = {"beat", "refresh_cohort", "draw_latest"}
BY_CLOCK |= {"scan_reminders", "claim_reminder", "finish_reminder", "drain_reminders"}
BY_CLOCK |= {"plan_on", "note_planned", "forget_replies"}
OF_A_REQUEST = {"claim_key", "keep_reply"}  # no part of a record


def addresses(
    resolver: URLResolver, prefix: str = "/"
) -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        here = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, here)
        else:
            yield here, pattern


def filled(route: str) -> str:
    """Put a value into each part of a route that asks for one."""
    for part, value in {
        "<int:patient_id>": "1",
        "<int:pk>": "1",
        "<int:level_id>": "1",
        "<int:item_id>": "1",
        "<int:dose_id>": "1",
        "<int:comedication_id>": "1",
        "<int:effect_id>": "1",
        "<int:lesion_id>": "1",
        "<int:treatment_id>": "1",
        "<int:assignment_id>": "1",
        "<int:measurement_id>": "1",
        "<int:decision_id>": "1",
        "<int:record_id>": "1",
        "<int:task_id>": "1",
        "<int:photo_id>": "1",
        "<int:study_id>": "1",
        "<int:visit_id>": "1",
        "<int:landmark_id>": "1",
        "<int:image_id>": "1",
        "<int:lab_id>": "1",
        "<int:event_id>": "1",
        "<int:dispensing_id>": "1",
        "<int:contact_id>": "1",
        "<int:feed_id>": "1",
        "<int:file_id>": "1",
        "<int:report_id>": "1",
        "<slug:resource>": "Condition",
        "<slug:name>": "ctcae-grade",
        "<path:rest>": "a/b/c",
        "<slug:secret>": "abc",
        "<slug:what>.<slug:kind>": "table1.csv",
        "<slug:kind>": "level",
        "<slug:key>": "abc",
        "<slug:language>": "en",
        r"^patients/$": "patients/",
        r"^patients/(?P<pk>\d{1,18})/$": "patients/1/",
    }.items():
        route = route.replace(part, value)
    return route


ADDRESSES = sorted(
    (filled(route), pattern.name or "")
    for route, pattern in addresses(get_resolver())
    if not route.startswith("/admin/")
)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("address", "name"), ADDRESSES)
def test_every_address_turns_a_stranger_away(
    db: None, client: Client, address: str, name: str, method: str
) -> None:
    answer = getattr(client, method)(address)

    if name in OPEN_TO_ALL:
        assert not answer.get("Location", "").startswith("/sign-in/")
    elif address.startswith(FOR_PROGRAMS):
        assert answer.status_code == 401
    else:
        assert (answer.status_code, answer["Location"][:9]) == (302, "/sign-in/")


CARE = {Role.CLINICIAN, Role.NURSE, Role.PHARMACIST}
ENTRY = {Role.CLINICIAN, Role.NURSE}
MAY_OPEN = {
    "today": CARE | {Role.RESEARCH_READER, Role.ADMIN},
    "password": CARE | {Role.RESEARCH_READER, Role.ADMIN},
    "sign_out": CARE | {Role.RESEARCH_READER, Role.ADMIN},
    "patients": CARE,
    "patient": CARE,
    "report": CARE,
    "report_now": CARE,
    "report_made": CARE,
    "report_file": CARE,
    "history": CARE,
    "decision": CARE,
    "cohort": CARE | {Role.RESEARCH_READER, Role.ADMIN},
    "export_cohort": CARE | {Role.RESEARCH_READER, Role.ADMIN},
    "table1": CARE | {Role.RESEARCH_READER, Role.ADMIN},
    "register_patient": ENTRY,
    "correct_patient": ENTRY,
    "add_lesion": ENTRY,
    "correct_lesion": ENTRY,
    "add_treatment": ENTRY,
    "correct_treatment": ENTRY,
    "withdraw_treatment": ENTRY,
    "lesions": CARE,
    "visits": CARE,
    "record_visit": ENTRY,
    "correct_visit": ENTRY,
    "withdraw_visit": ENTRY,
    "add_landmark": ENTRY,
    "correct_landmark": ENTRY,
    "add_imaging": ENTRY,
    "correct_imaging": ENTRY,
    "withdraw_imaging": ENTRY,
    "attach_key_image": ENTRY,
    "key_image": CARE,
    "add_effect": ENTRY,
    "correct_effect": ENTRY,
    "resolve_effect": ENTRY,
    "withdraw_effect": ENTRY,
    "add_measurement": ENTRY,
    "correct_measurement": ENTRY,
    "add_level": CARE,
    "level_hint": CARE,
    "correct_level": CARE,
    "set_aside_level": CARE,
    "prescribe": {Role.CLINICIAN},
    "stop": {Role.CLINICIAN},
    "correct_dose": {Role.CLINICIAN},
    "correct_assignment": {Role.CLINICIAN},
    "decide": {Role.CLINICIAN},
    "future": {Role.CLINICIAN},
    "hold": {Role.CLINICIAN},
    "assign_protocol": {Role.CLINICIAN},
    "diary": ENTRY,
    "diary_day": ENTRY,
    "raise_value_task": ENTRY,
    "schedule": CARE,
    "week": CARE,
    "book_item": CARE,
    "move_item": CARE,
    "skip_item": CARE,
    "reopen_item": CARE,
    "close_task": CARE,
    "attach_photo": ENTRY,
    "photo": CARE,
    "add_comedication": ENTRY,
    "add_labs": ENTRY,
    "correct_lab": ENTRY,
    "withdraw_lab": ENTRY,
    "correct_comedication": ENTRY,
    "withdraw_comedication": ENTRY,
    "drug_facts": ENTRY,
    "add_event": ENTRY,
    "correct_event": ENTRY,
    "withdraw_event": ENTRY,
    "add_dispensing": ENTRY,
    "correct_dispensing": ENTRY,
    "withdraw_dispensing": ENTRY,
    "reminders": CARE,
    "add_contact": ENTRY,
    "correct_contact": ENTRY,
    "opt_out": ENTRY,
    "opt_in": ENTRY,
    "inbox": CARE,
    "notifications": CARE,
    "make_feed": CARE,
    "end_feed": CARE,
    "models": CARE | {Role.ADMIN},
    "imports": CARE,
    "import": CARE,
    "store_import": CARE,
    "undo_import": CARE,
    "discard_import": CARE,
    "import_progress": CARE,
    "lab_reports": CARE,
    "lab_report": CARE,
    "refuse_report": CARE,
    "tokens": {Role.ADMIN},
    "revoke_token": {Role.ADMIN},
    "worker": {Role.ADMIN},
}
PAGES = {
    name: address
    for address, name in ADDRESSES
    if not address.startswith(FOR_PROGRAMS) and name not in OPEN_TO_ALL
}


def test_the_table_of_who_may_open_what_names_every_page() -> None:
    assert set(MAY_OPEN) == set(PAGES)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", [role for role in Role if role != Role.API_CLIENT])
def test_a_role_opens_what_the_table_says_and_nothing_else(
    site: Site, client: Client, role: Role, method: str
) -> None:
    staff = a_staff_member(site, role)
    refused = set()
    for name, address in PAGES.items():
        client.force_login(staff, backend="tdm.roles.RoleBackend")
        if getattr(client, method)(address).status_code == 403:
            refused.add(name)

    assert refused == {name for name, roles in MAY_OPEN.items() if role not in roles}


def test_the_admin_turns_a_nurse_away(client: Client, nurse: Staff) -> None:
    client.force_login(nurse, backend="tdm.roles.RoleBackend")

    assert client.get("/admin/").status_code == 302


@pytest.fixture
def elsewhere(laboratory: object, clinician: Staff) -> dict[str, int]:
    """A whole patient of another clinic, with everything an address can name."""
    other: Site = a_site("Osaka clinic")
    stranger: Patient = a_patient(other, clinician)
    dosing_laboratory = Laboratory.objects.create(
        site=other,
        name="Osaka laboratory",
        method="cmia",
        unit="ng/mL",
        lower_limit_ng_per_ml=2,
    )
    a_dose(stranger, "2", protocol=a_protocol(), actor=clinician)
    level = a_trough(stranger, "9", laboratory=dosing_laboratory, actor=clinician)
    lesion = a_lesion(stranger, clinician)
    treatment = patients.services.add_previous_treatment(
        lesion=lesion, kind="surgery", actor=clinician
    )
    study = an_mri(lesion, actor=clinician)
    visit = a_visit(stranger, lesion, calf="30", actor=clinician)
    picture = BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    image = patients.services.attach_key_image(
        study=study, sent=picture.getvalue(), actor=clinician
    )
    measurement = patients.services.add_measurement(
        patient=stranger,
        quantity="pain_vas",
        value=5,  # type: ignore[arg-type]
        measured_on=DAY_0,
        actor=clinician,
    )
    drug = dosing.services.record_comedication(
        patient=stranger, drug="verapamil", starts_on=DAY_0, actor=clinician
    )
    in_diary(stranger, 0, dose="missed: forgotten", actor=clinician)
    effect = patients.services.record_effect(
        patient=stranger, term="nausea", grade=1, onset_on=DAY_0, actor=clinician
    )
    (lab,) = dosing.services.record_labs(
        patient=stranger,
        drawn_on=DAY_0,
        results={"alt": Typed(Decimal(30), "U/L")},
        actor=clinician,
    )
    event = dosing.services.record_event(
        patient=stranger, kind="surgery", happens_on=DAY_0, actor=clinician
    )
    given = dosing.services.record_dispensing(
        patient=stranger,
        dispensed_on=DAY_0,
        strength_mg=1,  # type: ignore[arg-type]
        tablets=30,
        actor=clinician,
    )
    file = dosing.services.keep_upload(
        site=other, kind=Kind.LEVELS, name="a.csv", content=b"a\n1\n", actor=clinician
    )
    message = dosing.services.receive_message(
        link=dosing.services.Link(dosing_laboratory, "HOSP"),
        content=b"no message",
        actor=clinician,
    )
    contact = patients.services.add_contact(
        patient=stranger,
        channel="email",
        address="someone@example.org",
        language="ja",
        actor=clinician,
    )
    return {
        "contact": contact.pk,
        "file": file.pk,
        "report": message.reports.get().pk,
        "effect": effect.pk,
        "patient": stranger.pk,
        "event": event.pk,
        "dispensing": given.pk,
        "level": level.pk,
        "dose": stranger.doses.get().pk,
        "assignment": stranger.assignments.get().pk,
        "lesion": lesion.pk,
        "treatment": treatment.pk,
        "study": study.pk,
        "visit": visit.pk,
        "landmark": stranger.landmarks.get().pk,
        "image": image.pk,
        "measurement": measurement.pk,
        "drug": drug.pk,
        "intake": stranger.intakes.get().pk,
        "lab": lab.pk,
    }


OF_A_PATIENT = [
    "/patients/{patient}/",
    "/imports/{file}/",
    "/imports/{file}/store/",
    "/imports/{file}/undo/",
    "/imports/{file}/progress/",
    "/messages/{report}/",
    "/messages/{report}/refuse/",
    "/patients/{patient}/levels/new/",
    "/patients/{patient}/levels/hint/",
    "/patients/{patient}/doses/new/",
    "/patients/{patient}/doses/stop/",
    "/patients/{patient}/decide/",
    "/patients/{patient}/future/",
    "/patients/{patient}/pause/",
    "/patients/{patient}/report/",
    "/patients/{patient}/report/now/en/",
    "/patients/{patient}/report/abc/en/",
    "/patients/{patient}/report/abc/file/pdf/",
    "/patients/{patient}/protocol/",
    "/patients/{patient}/doses/taken/",
    "/patients/{patient}/drugs/new/",
    "/patients/{patient}/labs/new/",
    "/labs/{lab}/correct/",
    "/labs/{lab}/withdraw/",
    "/history/lab/{lab}/",
    "/drugs/{drug}/correct/",
    "/drugs/{drug}/withdraw/",
    "/patients/{patient}/events/new/",
    "/events/{event}/correct/",
    "/events/{event}/withdraw/",
    "/patients/{patient}/tablets/new/",
    "/tablets/{dispensing}/correct/",
    "/tablets/{dispensing}/withdraw/",
    "/history/drug/{drug}/",
    "/history/event/{event}/",
    "/history/supply/{dispensing}/",
    "/history/intake/{intake}/",
    "/patients/{patient}/effects/new/",
    "/effects/{effect}/correct/",
    "/effects/{effect}/resolve/",
    "/effects/{effect}/withdraw/",
    "/history/effect/{effect}/",
    "/patients/{patient}/measurements/new/",
    "/patients/{patient}/correct/",
    "/doses/{dose}/correct/",
    "/levels/{level}/correct/",
    "/levels/{level}/set-aside/",
    "/history/level/{level}/",
    "/patients/{patient}/lesions/new/",
    "/protocols/{assignment}/correct/",
    "/lesions/{lesion}/correct/",
    "/lesions/{lesion}/treatments/new/",
    "/treatments/{treatment}/correct/",
    "/treatments/{treatment}/withdraw/",
    "/patients/{patient}/lesions/",
    "/lesions/{lesion}/imaging/new/",
    "/imaging/{study}/lesions/{lesion}/correct/",
    "/patients/{patient}/visits/",
    "/patients/{patient}/visits/new/",
    "/patients/{patient}/landmarks/new/",
    "/visits/{visit}/correct/",
    "/visits/{visit}/withdraw/",
    "/landmarks/{landmark}/correct/",
    "/history/landmark/{landmark}/",
    "/history/visit/{visit}/",
    "/imaging/{study}/withdraw/",
    "/imaging/{study}/images/new/",
    "/key-images/{image}/",
    "/history/imaging/{study}/",
    "/measurements/{measurement}/correct/",
    "/patients/{patient}/reminders/",
    "/patients/{patient}/contacts/new/",
    "/contacts/{contact}/correct/",
    "/contacts/{contact}/off/",
    "/contacts/{contact}/on/",
    "/history/contact/{contact}/",
    "/history/patient/{patient}/",
    "/history/dose/{dose}/",
    "/history/protocol/{assignment}/",
    "/history/lesion/{lesion}/",
    "/history/treatment/{treatment}/",
    "/history/measurement/{measurement}/",
]


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_clinics_patient_does_not_exist_here(
    client: Client,
    clinician: Staff,
    elsewhere: dict[str, int],
    method: str,
    subtests: pytest.Subtests,
) -> None:
    client.force_login(clinician, backend="tdm.roles.RoleBackend")

    for route in OF_A_PATIENT:
        with subtests.test(route):
            answer = getattr(client, method)(route.format(**elsewhere))
            assert answer.status_code in {404, 405}


SERVICES = [
    (name, service)
    for module in (patients.services, dosing.services)
    for name, service in inspect.getmembers(module, inspect.isfunction)
    if not name.startswith("_")
    and service.__module__.startswith(module.__name__)
    and name not in BY_CLOCK | OF_A_REQUEST
]


LEAVES_A_TRACE = (
    "audit.record",
    "revise(",
    "revised(",
    "decided(",
    "clear_from(",
    "corrected(",
    "withdrawn(",
    "keep(",
    "written(",
    "shift(",
    "services.replan(",
)


def is_one_line(name: str, source: str) -> bool:
    """Return whether a service writes a line of the audit and nothing else."""
    statements = ast.parse(source).body[0].body[1:]  # type: ignore[attr-defined]
    return name.startswith("note_") and len(statements) == 1


@pytest.mark.parametrize(("name", "service"), SERVICES)
def test_every_service_is_atomic_keyword_only_and_leaves_a_trace(
    name: str, service: object
) -> None:
    inner = inspect.unwrap(service)  # type: ignore[arg-type]
    signature = inspect.signature(inner)
    source = inspect.getsource(inner)

    assert {p.kind for p in signature.parameters.values()} <= {
        inspect.Parameter.KEYWORD_ONLY,
        inspect.Parameter.VAR_KEYWORD,
    }
    assert "actor" in signature.parameters
    assert "@transaction.atomic" in source or is_one_line(name, source)
    assert any(word in source for word in LEAVES_A_TRACE)


@pytest.mark.parametrize(
    "package",
    [
        ".".join(path.parent.relative_to(ROOT).parts)
        for room in ("tdm", "patients", "dosing")
        for path in sorted((ROOT / room).rglob("__init__.py"))
    ],
)
def test_every_name_a_package_offers_is_there(package: str) -> None:
    module = importlib.import_module(package)

    assert [n for n in getattr(module, "__all__", ()) if not hasattr(module, n)] == []


WRITES = {
    "save",
    "create",
    "bulk_create",
    "update_or_create",
    "get_or_create",
    "bulk_update",
    "delete",
}
MAY_WRITE = ("services", "revision.py", "audit.py", "migrations")
FILES = sorted(
    path
    for room in ("tdm", "patients", "dosing")
    for path in (ROOT / room).rglob("*.py")
    if not any(part in MAY_WRITE for part in path.parts)
    and path.name not in {"services.py", "sheets.py"}  # the last saves files, not rows
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_services_write(path: Path) -> None:
    calls = [
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]

    assert not WRITES & set(calls)


@pytest.mark.parametrize(
    "word", ["hx-on", 'hx-vals="js', " style=", "onclick", "|safe"]
)
def test_no_template_needs_a_weaker_content_policy(word: str) -> None:
    offenders = [
        path.name
        for path in (ROOT / "templates").rglob("*.html")
        if word in path.read_text()
    ]

    assert offenders == []


@pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements*.lock")), ids=str)
@pytest.mark.parametrize("word", ["://", "--index", "--find-links", "file:"])
def test_a_lock_file_names_no_place(lock: Path, word: str) -> None:
    assert word not in lock.read_text()


def test_both_rooms_speak_of_the_same_version_and_severity_of_ctcae() -> None:
    assert ctcae.VERSION == CTCAE_VERSION
    assert ctcae.SEVERE_FROM_GRADE == SEVERE_FROM_GRADE

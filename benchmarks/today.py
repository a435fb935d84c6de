"""What Today costs in a clinic of 10,000 patients and in one of 100,000.

`python -m tdm.embedded with -- python -m benchmarks.today [PATIENTS ...]`. Everyone has
a year behind them: twelve regimens, six levels, two of them above the target and signed
on, tablets each month, a plan of which three items are open, twelve reminders sent, two
tasks done, and a diary that nobody has told of yesterday yet: of a year at 10,000, of
forty days at 100,000. In either clinic the same forty ask for someone: ten by a level
nobody signed on, ten by a silent diary, ten by what is late, ten by tablets that end.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tdm.settings")
django.setup()

from django.db import connection  # noqa: E402 - Django is set up first
from django.test.runner import DiscoverRunner  # noqa: E402

from benchmarks.daily import cost, opened, signed_in  # noqa: E402
from benchmarks.timeline import no_triggers, vacuumed  # noqa: E402
from dosing.services import draw_latest  # noqa: E402
from patients.models import Role, Site, Staff  # noqa: E402
from tests.builders import (  # noqa: E402
    a_laboratory,
    a_protocol,
    a_site,
    a_staff_member,
)

SIZES = ((10_000, 365), (100_000, 40))
"""Patients, and days of diary of each."""

FILL = (
    """
    INSERT INTO patients_patient (site_id, identifier, family_name, given_name,
        family_name_kana, given_name_kana, born_on, sex, phone, email, ended_because,
        version)
    SELECT %(site)s, n, 'Sato', 'Hanako', '', '', '1980-05-04', 'female', '', '', '', 1
    FROM generate_series(1, %(size)s) AS n
    """,
    """
    CREATE TEMPORARY TABLE ours ON COMMIT PRESERVE ROWS AS
    SELECT id, identifier::int AS n, now() AS at,
        (now() AT TIME ZONE 'Asia/Tokyo')::date AS today
    FROM patients_patient WHERE site_id = %(site)s
    """,
    "ANALYZE ours",
    """
    INSERT INTO dosing_protocolassignment (patient_id, protocol_id, starts_on, reason,
        version)
    SELECT id, %(protocol)s, today - 365, 'x', 1 FROM ours
    """,
    """
    INSERT INTO dosing_dose (patient_id, amount_mg, interval_h, usual_time, starts_on,
        stops_on, reason, version)
    SELECT id, 1 + m %% 2, 24, '08:00', today - 30 * m,
        CASE WHEN m > 1 THEN today - 30 * (m - 1) END, 'x', 1
    FROM ours, generate_series(12, 1, -1) AS m
    """,
    """
    INSERT INTO dosing_troughlevel (patient_id, laboratory_id, comparator,
        reported_value, reported_unit, ng_per_ml, drawn_at, last_dose_at, note,
        confirmed, set_aside_because, submission, version)
    SELECT id, %(laboratory)s, '', value, 'ng/mL', value, drawn_at,
        drawn_at - interval '1 day', '', '', '', gen_random_uuid(), 1
    FROM ours, generate_series(6, 1, -1) AS m,
        LATERAL (SELECT at - make_interval(days => 60 * m - 50) AS drawn_at,
            CASE WHEN m IN (2, 4) OR m = 1 AND n <= 10 THEN 18.4 ELSE 9.5 END AS value)
    """,
    """
    INSERT INTO dosing_decision (patient_id, level_id, level_version, protocol_id,
        basis, inputs, findings, offered, chosen_amount_mg, chosen_interval_h, reason,
        reason_text, next_level_on, engine_version, signed_by_id, signed_at)
    SELECT patient_id, t.id, 1, %(protocol)s, jsonb_build_object('level', t.id), '{}',
        '[]', '[]', 2, 24, 'as_suggested', '', today, 'x', %(staff)s, drawn_at
    FROM dosing_troughlevel t JOIN ours ON ours.id = patient_id
    WHERE ng_per_ml = 18.4 AND drawn_at < at - interval '20 days'
    """,
    """
    INSERT INTO dosing_dispensing (patient_id, dispensed_on, strength_mg, tablets,
        version)
    SELECT id, today - 30 * m, 1, CASE WHEN n BETWEEN 31 AND 40 THEN 30 ELSE 80 END, 1
    FROM ours, generate_series(12, 1, -1) AS m
    """,
    """
    INSERT INTO patients_scheduleitem (patient_id, kind, key, text, facts, source,
        opens_on, best_on, closes_on, moved_days, state, done_on, reason, round,
        next_stage, remind_at, version, changed_in)
    SELECT id, kind, 'bench:' || m, 'x', '{}', '', best_on - 7, best_on, best_on + 7, 0,
        CASE WHEN is_open THEN 'open' ELSE 'done' END,
        CASE WHEN NOT is_open THEN best_on END, '', 1,
        CASE WHEN is_open THEN 'arrange' ELSE '' END,
        CASE WHEN is_open THEN at + interval '1 day' END, 1, 0
    FROM ours, unnest(ARRAY['level', 'labs', 'visit', 'mri']) AS kind,
        generate_series(-3, 1) AS m,
        LATERAL (SELECT CASE WHEN m = 1 AND kind = 'visit' AND n BETWEEN 21 AND 30
            THEN today - 30 ELSE today + 60 * m - 30 END AS best_on),
        LATERAL (SELECT m = 1 AND kind <> 'labs' AS is_open)
    """,
    """
    INSERT INTO patients_contact (patient_id, channel, address, language, version)
    SELECT id, 'email', n || '@example.org', 'ja', 1 FROM ours
    """,
    """
    INSERT INTO patients_reminder (key, kind, stage, channel, patient_id, item_id,
        contact_id, wanted_at, next_try_at, state, attempts, provider_message_id,
        last_error, sent_at, changed_in)
    SELECT 'bench:' || i.id, 'item', 'eve', 'email', i.patient_id, i.id, c.id, at, at,
        'sent', 1, '', '', at, 0
    FROM patients_scheduleitem i JOIN ours ON ours.id = i.patient_id
    JOIN patients_contact c ON c.patient_id = i.patient_id WHERE state = 'done'
    """,
    """
    INSERT INTO patients_task (patient_id, kind, key, text, facts, is_urgent, owner,
        raised_at, closed_at, closed_by_id, outcome, version)
    SELECT id, 'other', m, 'x', '{}', false, 'nurse', at, at, %(staff)s, 'x', 1
    FROM ours, generate_series(1, 2) AS m
    """,
    """
    INSERT INTO patients_diaryday (patient_id, day, source, no_side_effects, note,
        version)
    SELECT id, d::date, 'phone', false, '', 1
    FROM ours, generate_series(today - %(days)s::int,
        today - CASE WHEN n BETWEEN 11 AND 20 THEN 9 ELSE 2 END, interval '1 day') AS d
    """,
    "DROP TABLE ours",
)


def a_clinic(size: int, days: int) -> Staff:
    """Fill a clinic, and return one who works there."""
    site: Site = a_site(f"{size}")
    staff = a_staff_member(site, Role.CLINICIAN)
    facts = {
        "site": site.pk,
        "size": size,
        "days": days,
        "staff": staff.pk,
        "protocol": a_protocol().pk,
        "laboratory": a_laboratory(site).pk,
    }
    with no_triggers(), connection.cursor() as cursor:
        for text in FILL:
            cursor.execute(text, facts)
    vacuumed()
    draw_latest()
    vacuumed()
    return staff


def main(sizes: list[int]) -> None:
    for size, days in SIZES:
        if size in (sizes or [each for each, _days in SIZES]):
            client = signed_in(a_clinic(size, days))
            print(f"Today, {size:>6} patients: {cost(opened(client, '/'))}")


if __name__ == "__main__":
    runner = DiscoverRunner(verbosity=0, interactive=False)
    runner.setup_test_environment()
    databases = runner.setup_databases()
    try:
        main([int(each) for each in sys.argv[1:]])
    finally:
        runner.teardown_databases(databases)

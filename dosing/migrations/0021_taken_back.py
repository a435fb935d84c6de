import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dosing', '0001_squashed_0020_labs_whole'),
        ('patients', '0001_squashed_0017_newest_first'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='intake',
            name='intake_is_coded',
        ),
        migrations.AlterField(
            model_name='intake',
            name='state',
            field=models.CharField(choices=[('taken', 'taken'), ('late', 'taken late'), ('missed', 'missed'), ('unknown', 'not known'), ('cleared', 'entry taken back')], max_length=8, verbose_name='what happened'),
        ),
        migrations.AlterField(
            model_name='intakeevent',
            name='state',
            field=models.CharField(choices=[('taken', 'taken'), ('late', 'taken late'), ('missed', 'missed'), ('unknown', 'not known'), ('cleared', 'entry taken back')], max_length=8, verbose_name='what happened'),
        ),
        migrations.AddConstraint(
            model_name='intake',
            constraint=models.CheckConstraint(condition=models.Q(('slot__lte', 1), ('state__in', ['taken', 'late', 'missed', 'unknown', 'cleared'])), name='intake_is_coded', violation_error_message='Choose one of the listed answers.'),
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='protocolassignment',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='protocolassignment',
            name='update_update',
        ),
        migrations.RemoveConstraint(
            model_name='protocolassignment',
            name='one_protocol_starts_on_a_day',
        ),
        migrations.AddField(
            model_name='protocolassignment',
            name='withdrawn_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='entered in error'),
        ),
        migrations.AddField(
            model_name='protocolassignmentevent',
            name='withdrawn_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='entered in error'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='protocolassignment',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "dosing_protocolassignmentevent" ("id", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "protocol_id", "reason", "starts_on", "version", "withdrawn_at") VALUES (NEW."id", NEW."patient_id", NOW(), \'insert\', NEW."id", NEW."protocol_id", NEW."reason", NEW."starts_on", NEW."version", NEW."withdrawn_at"); RETURN NULL;', hash='d0ac4ddf2d712cbc4311fa758ded8023b5cfb8df', operation='INSERT', pgid='pgtrigger_insert_insert_59d55', table='dosing_protocolassignment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='protocolassignment',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "dosing_protocolassignmentevent" ("id", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "protocol_id", "reason", "starts_on", "version", "withdrawn_at") VALUES (NEW."id", NEW."patient_id", NOW(), \'update\', NEW."id", NEW."protocol_id", NEW."reason", NEW."starts_on", NEW."version", NEW."withdrawn_at"); RETURN NULL;', hash='202b6aa6926b5f53b312f9e1f186a0a525fffe07', operation='UPDATE', pgid='pgtrigger_update_update_4c100', table='dosing_protocolassignment', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='protocolassignment',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('patient', 'starts_on'), name='one_protocol_starts_on_a_day', violation_error_message='A protocol already starts on that day.'),
        ),
    ]

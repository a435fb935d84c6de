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
    ]

import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import dosing.models.doses
import dosing.models.holding
import dosing.models.protocols
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('dosing', '0001_initial'), ('dosing', '0002_initial'), ('dosing', '0003_model_informed'), ('dosing', '0004_diary'), ('dosing', '0005_hold_rules'), ('dosing', '0006_labs'), ('dosing', '0007_labs_moved'), ('dosing', '0008_events'), ('dosing', '0009_more_drugs'), ('dosing', '0010_withdrawn_drugs'), ('dosing', '0011_doses_labs_events'), ('dosing', '0012_cohort'), ('dosing', '0013_no_noncharacters'), ('dosing', '0014_cohort_failed'), ('dosing', '0015_cohort_version'), ('dosing', '0016_cohort_filters'), ('dosing', '0017_schedule'), ('dosing', '0018_imports'), ('dosing', '0019_newest_first'), ('dosing', '0020_labs_whole')]

    initial = True

    dependencies = [
        ('patients', '0001_squashed_0017_newest_first'),
        ('patients', '0001_squashed_0017_newest_first'),
    ]

    operations = [
        migrations.CreateModel(
            name='CohortMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('positions', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
            ],
        ),
        migrations.CreateModel(
            name='ProtocolAssignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField(verbose_name='from')),
                ('reason', models.CharField(max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='reason')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'verbose_name': 'protocol of a patient',
            },
        ),
        migrations.CreateModel(
            name='ProtocolAssignmentEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('starts_on', models.DateField(verbose_name='from')),
                ('reason', models.CharField(max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='reason')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ReferenceRange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('analyte', models.CharField(choices=[('neutrophils', 'Neutrophils'), ('white_cells', 'White cells'), ('lymphocytes', 'Lymphocytes'), ('monocytes', 'Monocytes'), ('eosinophils', 'Eosinophils'), ('basophils', 'Basophils'), ('platelets', 'Platelets'), ('haemoglobin', 'Haemoglobin'), ('haematocrit', 'Haematocrit'), ('creatinine', 'Creatinine'), ('alt', 'ALT'), ('ast', 'AST'), ('bilirubin', 'Total bilirubin'), ('triglycerides', 'Triglycerides'), ('cholesterol', 'Total cholesterol'), ('ldl', 'LDL cholesterol'), ('hdl', 'HDL cholesterol'), ('glucose', 'Glucose'), ('urine_protein', 'Urine protein/creatinine'), ('d_dimer', 'D-dimer'), ('fibrinogen', 'Fibrinogen')], max_length=16, verbose_name='analyte')),
                ('low', models.DecimalField(blank=True, decimal_places=4, max_digits=10, null=True, verbose_name='lower limit')),
                ('high', models.DecimalField(blank=True, decimal_places=4, max_digits=10, null=True, verbose_name='upper limit')),
                ('sex', models.CharField(blank=True, choices=[('female', 'female'), ('male', 'male'), ('other', 'other'), ('unknown', 'unknown')], default='', max_length=8, verbose_name='only for')),
                ('from_on', models.DateField(verbose_name='in force from')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'verbose_name': 'reference range',
            },
        ),
        migrations.CreateModel(
            name='ReferenceRangeEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('analyte', models.CharField(choices=[('neutrophils', 'Neutrophils'), ('white_cells', 'White cells'), ('lymphocytes', 'Lymphocytes'), ('monocytes', 'Monocytes'), ('eosinophils', 'Eosinophils'), ('basophils', 'Basophils'), ('platelets', 'Platelets'), ('haemoglobin', 'Haemoglobin'), ('haematocrit', 'Haematocrit'), ('creatinine', 'Creatinine'), ('alt', 'ALT'), ('ast', 'AST'), ('bilirubin', 'Total bilirubin'), ('triglycerides', 'Triglycerides'), ('cholesterol', 'Total cholesterol'), ('ldl', 'LDL cholesterol'), ('hdl', 'HDL cholesterol'), ('glucose', 'Glucose'), ('urine_protein', 'Urine protein/creatinine'), ('d_dimer', 'D-dimer'), ('fibrinogen', 'Fibrinogen')], max_length=16, verbose_name='analyte')),
                ('low', models.DecimalField(blank=True, decimal_places=4, max_digits=10, null=True, verbose_name='lower limit')),
                ('high', models.DecimalField(blank=True, decimal_places=4, max_digits=10, null=True, verbose_name='upper limit')),
                ('sex', models.CharField(blank=True, choices=[('female', 'female'), ('male', 'male'), ('other', 'other'), ('unknown', 'unknown')], default='', max_length=8, verbose_name='only for')),
                ('from_on', models.DateField(verbose_name='in force from')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SafetyCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_on', models.DateField(verbose_name='asked on')),
                ('pregnancy', models.CharField(choices=[('na', 'not applicable'), ('negative', 'test negative'), ('positive', 'test positive'), ('unknown', 'not known')], max_length=8, verbose_name='pregnancy')),
                ('breastfeeding', models.CharField(choices=[('no', 'no'), ('yes', 'yes'), ('unknown', 'not known')], max_length=8, verbose_name='breastfeeding')),
                ('live_vaccine', models.CharField(choices=[('no', 'no'), ('yes', 'yes'), ('unknown', 'not known')], max_length=8, verbose_name='live vaccine within 4 weeks, or planned')),
                ('liver', models.CharField(choices=[('none', 'none'), ('A', 'Child-Pugh A'), ('B', 'Child-Pugh B'), ('C', 'Child-Pugh C'), ('unknown', 'not known')], max_length=8, verbose_name='liver impairment')),
                ('surgery_on', models.DateField(blank=True, null=True, verbose_name='planned surgery')),
                ('lifted', models.JSONField(blank=True, default=list, verbose_name='rules lifted')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'verbose_name': 'safety questions',
            },
        ),
        migrations.CreateModel(
            name='SafetyCheckEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('asked_on', models.DateField(verbose_name='asked on')),
                ('pregnancy', models.CharField(choices=[('na', 'not applicable'), ('negative', 'test negative'), ('positive', 'test positive'), ('unknown', 'not known')], max_length=8, verbose_name='pregnancy')),
                ('breastfeeding', models.CharField(choices=[('no', 'no'), ('yes', 'yes'), ('unknown', 'not known')], max_length=8, verbose_name='breastfeeding')),
                ('live_vaccine', models.CharField(choices=[('no', 'no'), ('yes', 'yes'), ('unknown', 'not known')], max_length=8, verbose_name='live vaccine within 4 weeks, or planned')),
                ('liver', models.CharField(choices=[('none', 'none'), ('A', 'Child-Pugh A'), ('B', 'Child-Pugh B'), ('C', 'Child-Pugh C'), ('unknown', 'not known')], max_length=8, verbose_name='liver impairment')),
                ('surgery_on', models.DateField(blank=True, null=True, verbose_name='planned surgery')),
                ('lifted', models.JSONField(blank=True, default=list, verbose_name='rules lifted')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='TroughLevel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('comparator', models.CharField(blank=True, choices=[('<', 'below the limit'), ('>', 'above the limit')], max_length=1)),
                ('reported_value', models.DecimalField(decimal_places=2, max_digits=6, verbose_name='level')),
                ('reported_unit', models.CharField(choices=[('ng/mL', 'ng/mL'), ('ug/L', 'ug/L'), ('nmol/L', 'nmol/L'), ('ng/dL', 'ng/dL')], max_length=8, verbose_name='unit')),
                ('ng_per_ml', models.DecimalField(decimal_places=4, max_digits=9)),
                ('drawn_at', models.DateTimeField(verbose_name='drawn at')),
                ('last_dose_at', models.DateTimeField(blank=True, null=True, verbose_name='last dose at')),
                ('note', models.CharField(blank=True, max_length=500, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='note')),
                ('confirmed', models.CharField(blank=True, max_length=500, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='why an unusual entry was confirmed')),
                ('set_aside_at', models.DateTimeField(blank=True, null=True, verbose_name='set aside at')),
                ('set_aside_because', models.CharField(blank=True, max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='why it was set aside')),
                ('submission', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'verbose_name': 'trough level',
            },
        ),
        migrations.CreateModel(
            name='TroughLevelEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('comparator', models.CharField(blank=True, choices=[('<', 'below the limit'), ('>', 'above the limit')], max_length=1)),
                ('reported_value', models.DecimalField(decimal_places=2, max_digits=6, verbose_name='level')),
                ('reported_unit', models.CharField(choices=[('ng/mL', 'ng/mL'), ('ug/L', 'ug/L'), ('nmol/L', 'nmol/L'), ('ng/dL', 'ng/dL')], max_length=8, verbose_name='unit')),
                ('ng_per_ml', models.DecimalField(decimal_places=4, max_digits=9)),
                ('drawn_at', models.DateTimeField(verbose_name='drawn at')),
                ('last_dose_at', models.DateTimeField(blank=True, null=True, verbose_name='last dose at')),
                ('note', models.CharField(blank=True, max_length=500, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='note')),
                ('confirmed', models.CharField(blank=True, max_length=500, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='why an unusual entry was confirmed')),
                ('set_aside_at', models.DateTimeField(blank=True, null=True, verbose_name='set aside at')),
                ('set_aside_because', models.CharField(blank=True, max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='why it was set aside')),
                ('submission', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Comedication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('drug', models.CharField(max_length=20, verbose_name='drug')),
                ('starts_on', models.DateField(verbose_name='first day')),
                ('stops_on', models.DateField(blank=True, null=True, verbose_name='first day without it')),
                ('note', models.CharField(blank=True, max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='note')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='withdrawn')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='comedications', to='patients.patient')),
            ],
            options={
                'verbose_name': 'interacting drug',
                'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('patient', 'drug', 'starts_on'), name='one_course_of_a_drug_starts_on_a_day', violation_error_message='This drug is already recorded from then.'), models.CheckConstraint(condition=models.Q(('drug__in', ['ketoconazole', 'voriconazole', 'posaconazole', 'itraconazole', 'clarithromycin', 'telithromycin', 'ritonavir', 'erythromycin', 'ciclosporin', 'ciclosporin_4h', 'verapamil', 'diltiazem', 'fluconazole', 'clotrimazole', 'nicardipine', 'cimetidine', 'letermovir', 'cannabidiol', 'troleandomycin', 'bromocriptine', 'danazol', 'metoclopramide', 'cisapride', 'protease_inhibitor', 'cobicistat', 'grapefruit', 'wuzhi', 'silymarin', 'glycyrrhizin', 'rifampicin', 'rifabutin', 'rifapentine', 'carbamazepine', 'phenobarbital', 'phenytoin', 'st_johns_wort', 'oxcarbazepine'])), name='comedication_is_coded', violation_error_message='Choose one of the listed drugs.'), models.CheckConstraint(condition=models.Q(('stops_on', None), ('stops_on__gt', models.F('starts_on')), _connector='OR'), name='comedication_stops_after_it_starts', violation_error_code='about:stops_on', violation_error_message='A drug stops after it starts.')],
            },
        ),
        migrations.CreateModel(
            name='ComedicationEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('drug', models.CharField(max_length=20, verbose_name='drug')),
                ('starts_on', models.DateField(verbose_name='first day')),
                ('stops_on', models.DateField(blank=True, null=True, verbose_name='first day without it')),
                ('note', models.CharField(blank=True, max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='note')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='withdrawn')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='dosing.comedication')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Dispensing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dispensed_on', models.DateField(verbose_name='dispensed on')),
                ('strength_mg', models.DecimalField(decimal_places=2, max_digits=4, verbose_name='strength (mg)')),
                ('tablets', models.PositiveSmallIntegerField(verbose_name='number of tablets')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='withdrawn')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dispensings', to='patients.patient')),
            ],
            options={
                'verbose_name': 'tablets dispensed',
                'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('patient', 'dispensed_on', 'strength_mg'), name='one_dispensing_of_a_strength_on_a_day', violation_error_message='Tablets of this strength are already recorded on that day. Correct their number.'), models.CheckConstraint(condition=models.Q(('strength_mg__gt', 0), ('strength_mg__lte', 10), ('tablets__gte', 1), ('tablets__lte', 1000)), name='dispensing_can_be_true', violation_error_message='Dispensed are 1 to 1000 tablets of up to 10 mg.')],
            },
        ),
        migrations.CreateModel(
            name='DispensingEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('dispensed_on', models.DateField(verbose_name='dispensed on')),
                ('strength_mg', models.DecimalField(decimal_places=2, max_digits=4, verbose_name='strength (mg)')),
                ('tablets', models.PositiveSmallIntegerField(verbose_name='number of tablets')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='withdrawn')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='dosing.dispensing')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Dose',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount_mg', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='amount each time (mg)')),
                ('interval_h', models.PositiveSmallIntegerField(choices=[(12, 'twice daily'), (24, 'once daily'), (48, 'on alternate days')], default=24, verbose_name='how often')),
                ('usual_time', models.TimeField(default=datetime.time(8, 0), verbose_name='usual time of day')),
                ('starts_on', models.DateField(verbose_name='first day')),
                ('stops_on', models.DateField(blank=True, null=True, verbose_name='first day without it')),
                ('reason', models.CharField(max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='reason')),
                ('cancelled_at', models.DateTimeField(blank=True, null=True, verbose_name='cancelled')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='doses', to='patients.patient')),
            ],
            options={
                'verbose_name': 'dose',
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('cancelled_at', None)), expressions=[(dosing.models.doses.DaysOfOnePatient('patient', 'starts_on', 'stops_on'), '&&')], name='doses_do_not_overlap', violation_error_code='about:starts_on', violation_error_message='Another dose is prescribed for some of these days.'), models.CheckConstraint(condition=models.Q(('amount_mg__gt', 0)), name='dose_is_an_amount', violation_error_code='about:amount_mg', violation_error_message='A dose is greater than zero.'), models.CheckConstraint(condition=models.Q(('interval_h__in', [12, 24, 48])), name='dose_has_a_known_interval', violation_error_message='Doses are taken twice daily, once daily or on alternate days.'), models.CheckConstraint(condition=models.Q(('amount_mg__lte', django.db.models.expressions.CombinedExpression(models.F('interval_h'), '*', models.Value(Decimal('1.666666666666666666666666667')))), ('amount_mg__lte', Decimal('40'))), name='dose_stays_under_40_mg_a_day', violation_error_code='about:amount_mg', violation_error_message='Never more than 40 mg on any day.'), models.CheckConstraint(condition=models.Q(('stops_on', None), ('stops_on__gt', models.F('starts_on')), _connector='OR'), name='dose_stops_after_it_starts', violation_error_message='A dose stops after it starts.'), models.CheckConstraint(condition=models.Q(('reason__trim__length__gt', 0)), name='dose_has_a_reason', violation_error_message='Say why this dose was prescribed.')],
            },
        ),
        migrations.CreateModel(
            name='DoseEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('amount_mg', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='amount each time (mg)')),
                ('interval_h', models.PositiveSmallIntegerField(choices=[(12, 'twice daily'), (24, 'once daily'), (48, 'on alternate days')], default=24, verbose_name='how often')),
                ('usual_time', models.TimeField(default=datetime.time(8, 0), verbose_name='usual time of day')),
                ('starts_on', models.DateField(verbose_name='first day')),
                ('stops_on', models.DateField(blank=True, null=True, verbose_name='first day without it')),
                ('reason', models.CharField(max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='reason')),
                ('cancelled_at', models.DateTimeField(blank=True, null=True, verbose_name='cancelled')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='dosing.dose')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DrugEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('form', 'change of form (tablets, solution, granules)'), ('food', 'change of eating habits around the dose'), ('assay', 'change of assay or laboratory'), ('procedure', 'procedure'), ('surgery', 'planned surgery'), ('live_vaccine', 'live vaccine'), ('liver', 'liver impairment'), ('other', 'other event')], max_length=12, verbose_name='what')),
                ('happens_on', models.DateField(verbose_name='day')),
                ('lasts_until', models.DateField(blank=True, null=True, verbose_name='last day')),
                ('child_pugh', models.CharField(blank=True, choices=[('A', 'Child-Pugh A'), ('B', 'Child-Pugh B'), ('C', 'Child-Pugh C')], max_length=1, verbose_name='class of the liver impairment')),
                ('detail', models.CharField(blank=True, max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='detail')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='withdrawn')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='drug_events', to='patients.patient')),
            ],
            options={
                'verbose_name': 'event',
                'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at', None), models.Q(('kind', 'other'), _negated=True)), fields=('patient', 'kind', 'happens_on'), name='one_event_of_a_kind_on_a_day', violation_error_message='This is already recorded on that day.'), models.CheckConstraint(condition=models.Q(('kind__in', ['form', 'food', 'assay', 'procedure', 'surgery', 'live_vaccine', 'liver', 'other'])), name='event_is_coded', violation_error_message='Choose one of the listed events.'), models.CheckConstraint(condition=models.Q(('lasts_until', None), ('lasts_until__gte', models.F('happens_on')), _connector='OR'), name='event_ends_after_it_begins', violation_error_code='about:lasts_until', violation_error_message='The last day is not before the first.'), models.CheckConstraint(condition=models.Q(models.Q(('child_pugh__in', ['A', 'B', 'C']), ('kind', 'liver')), models.Q(models.Q(('kind', 'liver'), _negated=True), ('child_pugh', '')), _connector='OR'), name='liver_impairment_has_a_class', violation_error_code='about:child_pugh', violation_error_message='Liver impairment, and nothing else, has a Child-Pugh class.'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'other'), _negated=True), ('detail__trim__length__gt', 0), _connector='OR'), name='other_events_are_put_in_words', violation_error_code='about:detail', violation_error_message='Say what happened.')],
            },
        ),
        migrations.CreateModel(
            name='DrugEventEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('kind', models.CharField(choices=[('form', 'change of form (tablets, solution, granules)'), ('food', 'change of eating habits around the dose'), ('assay', 'change of assay or laboratory'), ('procedure', 'procedure'), ('surgery', 'planned surgery'), ('live_vaccine', 'live vaccine'), ('liver', 'liver impairment'), ('other', 'other event')], max_length=12, verbose_name='what')),
                ('happens_on', models.DateField(verbose_name='day')),
                ('lasts_until', models.DateField(blank=True, null=True, verbose_name='last day')),
                ('child_pugh', models.CharField(blank=True, choices=[('A', 'Child-Pugh A'), ('B', 'Child-Pugh B'), ('C', 'Child-Pugh C')], max_length=1, verbose_name='class of the liver impairment')),
                ('detail', models.CharField(blank=True, max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='detail')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='withdrawn')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='dosing.drugevent')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Intake',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_on', models.DateField(verbose_name='day of the dose')),
                ('slot', models.PositiveSmallIntegerField(default=0, verbose_name='which dose of the day')),
                ('state', models.CharField(choices=[('taken', 'taken'), ('late', 'taken late'), ('missed', 'missed'), ('unknown', 'not known')], max_length=8, verbose_name='what happened')),
                ('taken_at', models.DateTimeField(blank=True, null=True, verbose_name='taken at')),
                ('reason', models.CharField(blank=True, max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='why it was missed')),
                ('amount_mg', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True, verbose_name='amount taken (mg)')),
                ('with_food', models.BooleanField(blank=True, null=True, verbose_name='with food')),
                ('vomited_at', models.DateTimeField(blank=True, null=True, verbose_name='vomited at')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('patient', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='intakes', to='patients.patient')),
            ],
            options={
                'verbose_name': 'dose taken or missed',
                'indexes': [models.Index(condition=models.Q(('taken_at', None)), fields=['patient', '-due_on', '-id'], name='intakes_of_a_patient'), models.Index(condition=models.Q(('taken_at__isnull', False)), fields=['patient', '-taken_at', '-id'], name='intakes_at_a_time')],
                'constraints': [models.UniqueConstraint(fields=('patient', 'due_on', 'slot'), name='one_intake_per_dose', violation_error_message='This dose is already recorded.'), models.CheckConstraint(condition=models.Q(('slot__lte', 1), ('state__in', ['taken', 'late', 'missed', 'unknown'])), name='intake_is_coded', violation_error_message='Choose one of the listed answers.'), models.CheckConstraint(condition=models.Q(('taken_at', None), ('state__in', ('taken', 'late')), _connector='OR'), name='only_a_dose_taken_has_a_time', violation_error_code='about:taken_at', violation_error_message='A dose that was not taken has no time.'), models.CheckConstraint(condition=models.Q(('amount_mg', None), models.Q(('amount_mg__gt', 0), ('amount_mg__lte', Decimal('40')), ('state__in', ('taken', 'late'))), _connector='OR'), name='only_a_dose_taken_has_an_amount', violation_error_code='about:amount_mg', violation_error_message='A dose that was taken is more than 0 and never more than 40 mg.'), models.CheckConstraint(condition=models.Q(('vomited_at', None), ('state__in', ('taken', 'late')), _connector='OR'), name='only_a_dose_taken_is_vomited', violation_error_code='about:vomited_at', violation_error_message='A dose that was not taken is not vomited.')],
            },
        ),
        migrations.CreateModel(
            name='IntakeEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('due_on', models.DateField(verbose_name='day of the dose')),
                ('slot', models.PositiveSmallIntegerField(default=0, verbose_name='which dose of the day')),
                ('state', models.CharField(choices=[('taken', 'taken'), ('late', 'taken late'), ('missed', 'missed'), ('unknown', 'not known')], max_length=8, verbose_name='what happened')),
                ('taken_at', models.DateTimeField(blank=True, null=True, verbose_name='taken at')),
                ('reason', models.CharField(blank=True, max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='why it was missed')),
                ('amount_mg', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True, verbose_name='amount taken (mg)')),
                ('with_food', models.BooleanField(blank=True, null=True, verbose_name='with food')),
                ('vomited_at', models.DateTimeField(blank=True, null=True, verbose_name='vomited at')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='dosing.intake')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LabMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sender', models.CharField(blank=True, max_length=200, verbose_name='sender')),
                ('control_id', models.CharField(blank=True, max_length=199, verbose_name='message control id')),
                ('again', models.BooleanField(default=False)),
                ('digest', models.CharField(max_length=64)),
                ('content', models.BinaryField()),
                ('code', models.CharField(max_length=2, verbose_name='answer')),
                ('answers', models.JSONField(blank=True, default=list)),
                ('received_at', models.DateTimeField(auto_now_add=True, verbose_name='received')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lab_messages', to='patients.site')),
            ],
            options={
                'verbose_name': 'laboratory message',
                'indexes': [models.Index(fields=['site', 'digest'], name='message_by_digest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('again', False), models.Q(('control_id', ''), _negated=True)), fields=('site', 'sender', 'control_id'), name='one_message_of_one_control_id', violation_error_message='This message is here already.'), models.CheckConstraint(condition=models.Q(('code__in', ['AA', 'AE', 'AR'])), name='message_has_an_answer', violation_error_message='An answer is AA, AE or AR.')],
            },
        ),
        migrations.CreateModel(
            name='Laboratory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='name')),
                ('method', models.CharField(choices=[('lc_ms_ms', 'LC-MS/MS'), ('cmia', 'CMIA'), ('eclia', 'ECLIA'), ('emit', 'EMIT'), ('fpia', 'FPIA'), ('hplc_uv', 'HPLC-UV'), ('unknown', 'method not known')], max_length=12, verbose_name='method')),
                ('unit', models.CharField(choices=[('ng/mL', 'ng/mL'), ('ug/L', 'µg/L'), ('nmol/L', 'nmol/L')], max_length=8, verbose_name='unit on its reports')),
                ('lower_limit_ng_per_ml', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='lower limit of quantification (ng/mL)')),
                ('matrix', models.CharField(choices=[('whole_blood', 'whole blood'), ('serum', 'serum or plasma')], default='whole_blood', max_length=12, verbose_name='matrix')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='laboratories', to='patients.site', verbose_name='clinic')),
            ],
            options={
                'verbose_name': 'laboratory',
                'verbose_name_plural': 'laboratories',
                'constraints': [models.UniqueConstraint(fields=('site', 'name', 'method'), name='laboratory_methods_are_unique', violation_error_message='This laboratory and method exist.'), models.CheckConstraint(condition=models.Q(('matrix__in', ['whole_blood', 'serum']), ('method__in', ['lc_ms_ms', 'cmia', 'eclia', 'emit', 'fpia', 'hplc_uv', 'unknown']), ('unit__in', ['ng/mL', 'ug/L', 'nmol/L'])), name='laboratory_is_coded', violation_error_message='Choose one of the listed answers.'), models.CheckConstraint(condition=models.Q(('lower_limit_ng_per_ml__gt', 0), ('lower_limit_ng_per_ml__lte', 10)), name='laboratory_limit_can_be_true', violation_error_message='The lower limit lies between 0 and 10 ng/mL.')],
            },
        ),
        migrations.CreateModel(
            name='FileImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('levels', 'Levels'), ('doses', 'Doses'), ('diary', 'Diary')], max_length=8, verbose_name='what it holds')),
                ('name', models.CharField(max_length=80, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='file')),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('content', models.BinaryField()),
                ('encoding', models.CharField(choices=[('utf-8', 'UTF-8'), ('utf-8-sig', 'UTF-8 with a byte-order mark'), ('cp932', 'Shift-JIS (CP932)'), ('xlsx', 'Excel workbook')], max_length=9, verbose_name='encoding')),
                ('order', models.CharField(choices=[('iso', 'year first only (2026-03-01, 2026/3/1, 2026年3月1日)'), ('day_first', 'day first too (01/03/2026 is 1 March)')], max_length=9, verbose_name='dates')),
                ('columns', models.JSONField(blank=True, default=dict)),
                ('left_out', models.JSONField(blank=True, default=list)),
                ('stage', models.CharField(choices=[('read', 'uploaded'), ('checked', 'checked, not imported'), ('imported', 'imported'), ('undone', 'undone')], default='read', max_length=8)),
                ('report', models.JSONField(blank=True, default=dict)),
                ('made', models.JSONField(blank=True, default=list)),
                ('checked_reason', models.CharField(blank=True, max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='how unusual rows were checked')),
                ('undone_because', models.CharField(blank=True, max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='why it is undone')),
                ('uploaded_at', models.DateTimeField(auto_now_add=True, verbose_name='uploaded')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='file_imports', to='patients.site')),
                ('uploaded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('laboratory', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='dosing.laboratory', verbose_name='laboratory and assay')),
            ],
            options={
                'verbose_name': 'import',
                'constraints': [models.UniqueConstraint(condition=models.Q(('stage', 'undone'), _negated=True), fields=('site', 'kind', 'digest'), name='one_import_of_one_file', violation_error_message='This file was uploaded before.'), models.CheckConstraint(condition=models.Q(('encoding__in', ['utf-8', 'utf-8-sig', 'cp932', 'xlsx']), ('kind__in', ['levels', 'doses', 'diary']), ('order__in', ['iso', 'day_first']), ('stage__in', ['read', 'checked', 'imported', 'undone'])), name='import_is_coded', violation_error_message='Choose one of the listed answers.'), models.CheckConstraint(condition=models.Q(models.Q(('stage', 'undone'), _negated=True), ('undone_because__trim__length__gt', 0), _connector='OR'), name='import_undone_with_a_reason', violation_error_code='about:reason', violation_error_message='Say why the import is undone.')],
            },
        ),
        migrations.CreateModel(
            name='LaboratoryEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=80, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='name')),
                ('method', models.CharField(choices=[('lc_ms_ms', 'LC-MS/MS'), ('cmia', 'CMIA'), ('eclia', 'ECLIA'), ('emit', 'EMIT'), ('fpia', 'FPIA'), ('hplc_uv', 'HPLC-UV'), ('unknown', 'method not known')], max_length=12, verbose_name='method')),
                ('unit', models.CharField(choices=[('ng/mL', 'ng/mL'), ('ug/L', 'µg/L'), ('nmol/L', 'nmol/L')], max_length=8, verbose_name='unit on its reports')),
                ('lower_limit_ng_per_ml', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='lower limit of quantification (ng/mL)')),
                ('matrix', models.CharField(choices=[('whole_blood', 'whole blood'), ('serum', 'serum or plasma')], default='whole_blood', max_length=12, verbose_name='matrix')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='dosing.laboratory')),
                ('site', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.site', verbose_name='clinic')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='LabReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('set_id', models.CharField(blank=True, max_length=20)),
                ('order', models.CharField(blank=True, max_length=199, verbose_name='order')),
                ('facts', models.JSONField(blank=True, default=dict)),
                ('said', models.CharField(blank=True, max_length=500, verbose_name='why it waits')),
                ('fate', models.CharField(choices=[('recorded', 'on the record'), ('waiting', 'waits for someone'), ('preliminary', 'preliminary, waits'), ('accepted', 'accepted by someone'), ('refused', 'refused by someone'), ('nothing', 'nothing to record')], max_length=11)),
                ('level_version', models.PositiveIntegerField(blank=True, null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=300, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='reason')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='dosing.labmessage')),
            ],
            options={
                'verbose_name': 'laboratory report',
            },
        ),
        migrations.CreateModel(
            name='LabResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('analyte', models.CharField(choices=[('neutrophils', 'Neutrophils'), ('white_cells', 'White cells'), ('lymphocytes', 'Lymphocytes'), ('monocytes', 'Monocytes'), ('eosinophils', 'Eosinophils'), ('basophils', 'Basophils'), ('platelets', 'Platelets'), ('haemoglobin', 'Haemoglobin'), ('haematocrit', 'Haematocrit'), ('creatinine', 'Creatinine'), ('alt', 'ALT'), ('ast', 'AST'), ('bilirubin', 'Total bilirubin'), ('triglycerides', 'Triglycerides'), ('cholesterol', 'Total cholesterol'), ('ldl', 'LDL cholesterol'), ('hdl', 'HDL cholesterol'), ('glucose', 'Glucose'), ('urine_protein', 'Urine protein/creatinine'), ('d_dimer', 'D-dimer'), ('fibrinogen', 'Fibrinogen')], max_length=16, verbose_name='analyte')),
                ('value', models.DecimalField(decimal_places=4, max_digits=10, verbose_name='value')),
                ('reported_value', models.DecimalField(decimal_places=4, max_digits=10, verbose_name='reported value')),
                ('comparator', models.CharField(blank=True, choices=[('<', '<'), ('>', '>')], max_length=1, verbose_name='bound')),
                ('reported_unit', models.CharField(choices=[('%', '%'), ('/uL', '/µL'), ('10^3/uL', '10³/µL'), ('10^9/L', '10⁹/L'), ('L/L', 'L/L'), ('U/L', 'U/L'), ('g/L', 'g/L'), ('g/dL', 'g/dL'), ('g/g', 'g/g'), ('mg/L FEU', 'mg/L FEU'), ('mg/dL', 'mg/dL'), ('mg/g', 'mg/g'), ('mg/mmol', 'mg/mmol'), ('mmol/L', 'mmol/L'), ('ng/mL FEU', 'ng/mL FEU'), ('ug/mL FEU', 'µg/mL FEU'), ('ukat/L', 'µkat/L'), ('umol/L', 'µmol/L')], max_length=12, verbose_name='unit')),
                ('drawn_on', models.DateField(verbose_name='drawn on')),
                ('note', models.CharField(blank=True, max_length=500, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='note')),
                ('withdrawn_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='entered in error')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('laboratory', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='labs', to='dosing.laboratory', verbose_name='laboratory')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='labs', to='patients.patient')),
            ],
            options={
                'verbose_name': 'laboratory value',
                'indexes': [models.Index(fields=['patient', 'drawn_on'], name='dosing_labr_patient_1a61ad_idx')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('patient', 'analyte', 'drawn_on'), name='one_lab_value_per_day', violation_error_code='about:value', violation_error_message='This is already recorded for that day. Open it to correct it.'), models.CheckConstraint(condition=models.Q(models.Q(('analyte', 'neutrophils'), ('value__gte', Decimal('0')), ('value__lte', Decimal('300'))), models.Q(('analyte', 'white_cells'), ('value__gte', Decimal('0')), ('value__lte', Decimal('1000'))), models.Q(('analyte', 'lymphocytes'), ('value__gte', Decimal('0')), ('value__lte', Decimal('1000'))), models.Q(('analyte', 'monocytes'), ('value__gte', Decimal('0')), ('value__lte', Decimal('300'))), models.Q(('analyte', 'eosinophils'), ('value__gte', Decimal('0')), ('value__lte', Decimal('300'))), models.Q(('analyte', 'basophils'), ('value__gte', Decimal('0')), ('value__lte', Decimal('300'))), models.Q(('analyte', 'platelets'), ('value__gte', Decimal('0')), ('value__lte', Decimal('5000'))), models.Q(('analyte', 'haemoglobin'), ('value__gte', Decimal('20')), ('value__lte', Decimal('300'))), models.Q(('analyte', 'haematocrit'), ('value__gte', Decimal('10')), ('value__lte', Decimal('70'))), models.Q(('analyte', 'creatinine'), ('value__gte', Decimal('5')), ('value__lte', Decimal('4000'))), models.Q(('analyte', 'alt'), ('value__gte', Decimal('1')), ('value__lte', Decimal('50000'))), models.Q(('analyte', 'ast'), ('value__gte', Decimal('1')), ('value__lte', Decimal('50000'))), models.Q(('analyte', 'bilirubin'), ('value__gte', Decimal('0.5')), ('value__lte', Decimal('900'))), models.Q(('analyte', 'triglycerides'), ('value__gte', Decimal('0.05')), ('value__lte', Decimal('150'))), models.Q(('analyte', 'cholesterol'), ('value__gte', Decimal('0.2')), ('value__lte', Decimal('60'))), models.Q(('analyte', 'ldl'), ('value__gte', Decimal('0')), ('value__lte', Decimal('50'))), models.Q(('analyte', 'hdl'), ('value__gte', Decimal('0')), ('value__lte', Decimal('20'))), models.Q(('analyte', 'glucose'), ('value__gte', Decimal('0.3')), ('value__lte', Decimal('150'))), models.Q(('analyte', 'urine_protein'), ('value__gte', Decimal('0')), ('value__lte', Decimal('100'))), models.Q(('analyte', 'd_dimer'), ('value__gte', Decimal('0')), ('value__lte', Decimal('1000'))), models.Q(('analyte', 'fibrinogen'), ('value__gte', Decimal('0')), ('value__lte', Decimal('30'))), _connector='OR'), name='lab_value_can_be_true', violation_error_code='about:value', violation_error_message='This value cannot be true.'), models.CheckConstraint(condition=models.Q(('comparator__in', ['', '<', '>'])), name='lab_bound_is_a_sign', violation_error_message='A bound is < or >.'), models.CheckConstraint(condition=models.Q(models.Q(('analyte', 'neutrophils'), ('reported_unit', '10^9/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'neutrophils'), ('reported_unit', '10^3/uL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'neutrophils'), ('reported_unit', '/uL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'white_cells'), ('reported_unit', '10^9/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'white_cells'), ('reported_unit', '10^3/uL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'white_cells'), ('reported_unit', '/uL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'lymphocytes'), ('reported_unit', '10^9/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'lymphocytes'), ('reported_unit', '10^3/uL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'lymphocytes'), ('reported_unit', '/uL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'monocytes'), ('reported_unit', '10^9/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'monocytes'), ('reported_unit', '10^3/uL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'monocytes'), ('reported_unit', '/uL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'eosinophils'), ('reported_unit', '10^9/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'eosinophils'), ('reported_unit', '10^3/uL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'eosinophils'), ('reported_unit', '/uL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'basophils'), ('reported_unit', '10^9/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'basophils'), ('reported_unit', '10^3/uL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'basophils'), ('reported_unit', '/uL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'platelets'), ('reported_unit', '10^9/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'platelets'), ('reported_unit', '10^3/uL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'platelets'), ('reported_unit', '/uL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'haemoglobin'), ('reported_unit', 'g/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'haemoglobin'), ('reported_unit', 'g/dL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('10'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('10'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'haematocrit'), ('reported_unit', '%'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'haematocrit'), ('reported_unit', 'L/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('100'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('100'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'creatinine'), ('reported_unit', 'umol/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'creatinine'), ('reported_unit', 'mg/dL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('88.4'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('88.4'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'alt'), ('reported_unit', 'U/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'alt'), ('reported_unit', 'ukat/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('60'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('60'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'ast'), ('reported_unit', 'U/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'ast'), ('reported_unit', 'ukat/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('60'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('60'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'bilirubin'), ('reported_unit', 'umol/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'bilirubin'), ('reported_unit', 'mg/dL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('17.1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('17.1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'triglycerides'), ('reported_unit', 'mmol/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'triglycerides'), ('reported_unit', 'mg/dL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('88.57'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('88.57'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'cholesterol'), ('reported_unit', 'mmol/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'cholesterol'), ('reported_unit', 'mg/dL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('38.67'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('38.67'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'ldl'), ('reported_unit', 'mmol/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'ldl'), ('reported_unit', 'mg/dL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('38.67'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('38.67'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'hdl'), ('reported_unit', 'mmol/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'hdl'), ('reported_unit', 'mg/dL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('38.67'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('38.67'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'glucose'), ('reported_unit', 'mmol/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'glucose'), ('reported_unit', 'mg/dL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('18.016'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('18.016'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'urine_protein'), ('reported_unit', 'g/g'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'urine_protein'), ('reported_unit', 'mg/g'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'urine_protein'), ('reported_unit', 'mg/mmol'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('0.00884'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('0.00884'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'd_dimer'), ('reported_unit', 'ug/mL FEU'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'd_dimer'), ('reported_unit', 'mg/L FEU'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'd_dimer'), ('reported_unit', 'ng/mL FEU'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('1000'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'fibrinogen'), ('reported_unit', 'g/L'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '*', models.Value(Decimal('1'))), '+', models.Value(Decimal('0.0001'))))), models.Q(('analyte', 'fibrinogen'), ('reported_unit', 'mg/dL'), ('value__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('100'))), '-', models.Value(Decimal('0.0001')))), ('value__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('1.0'))), '/', models.Value(Decimal('100'))), '+', models.Value(Decimal('0.0001'))))), _connector='OR'), name='lab_value_agrees_with_its_report', violation_error_code='about:value', violation_error_message='The value does not follow from the reported one.')],
            },
        ),
        migrations.CreateModel(
            name='LabResultEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('analyte', models.CharField(choices=[('neutrophils', 'Neutrophils'), ('white_cells', 'White cells'), ('lymphocytes', 'Lymphocytes'), ('monocytes', 'Monocytes'), ('eosinophils', 'Eosinophils'), ('basophils', 'Basophils'), ('platelets', 'Platelets'), ('haemoglobin', 'Haemoglobin'), ('haematocrit', 'Haematocrit'), ('creatinine', 'Creatinine'), ('alt', 'ALT'), ('ast', 'AST'), ('bilirubin', 'Total bilirubin'), ('triglycerides', 'Triglycerides'), ('cholesterol', 'Total cholesterol'), ('ldl', 'LDL cholesterol'), ('hdl', 'HDL cholesterol'), ('glucose', 'Glucose'), ('urine_protein', 'Urine protein/creatinine'), ('d_dimer', 'D-dimer'), ('fibrinogen', 'Fibrinogen')], max_length=16, verbose_name='analyte')),
                ('value', models.DecimalField(decimal_places=4, max_digits=10, verbose_name='value')),
                ('reported_value', models.DecimalField(decimal_places=4, max_digits=10, verbose_name='reported value')),
                ('comparator', models.CharField(blank=True, choices=[('<', '<'), ('>', '>')], max_length=1, verbose_name='bound')),
                ('reported_unit', models.CharField(choices=[('%', '%'), ('/uL', '/µL'), ('10^3/uL', '10³/µL'), ('10^9/L', '10⁹/L'), ('L/L', 'L/L'), ('U/L', 'U/L'), ('g/L', 'g/L'), ('g/dL', 'g/dL'), ('g/g', 'g/g'), ('mg/L FEU', 'mg/L FEU'), ('mg/dL', 'mg/dL'), ('mg/g', 'mg/g'), ('mg/mmol', 'mg/mmol'), ('mmol/L', 'mmol/L'), ('ng/mL FEU', 'ng/mL FEU'), ('ug/mL FEU', 'µg/mL FEU'), ('ukat/L', 'µkat/L'), ('umol/L', 'µmol/L')], max_length=12, verbose_name='unit')),
                ('drawn_on', models.DateField(verbose_name='drawn on')),
                ('note', models.CharField(blank=True, max_length=500, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='note')),
                ('withdrawn_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='entered in error')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('laboratory', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='dosing.laboratory', verbose_name='laboratory')),
                ('patient', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='dosing.labresult')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Protocol',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='name')),
                ('version', models.PositiveIntegerField(default=1, verbose_name='version')),
                ('target_low_ng_per_ml', models.DecimalField(decimal_places=2, default=Decimal('5'), max_digits=5, verbose_name='target from (ng/mL)')),
                ('target_high_ng_per_ml', models.DecimalField(decimal_places=2, default=Decimal('15'), max_digits=5, verbose_name='target to (ng/mL)')),
                ('aim_ng_per_ml', models.DecimalField(decimal_places=2, default=Decimal('12.5'), max_digits=5, verbose_name='aim (ng/mL)')),
                ('urgent_ng_per_ml', models.DecimalField(decimal_places=2, default=Decimal('20'), max_digits=5, verbose_name='urgent from (ng/mL)')),
                ('start_dose_mg_per_day', models.DecimalField(decimal_places=2, default=Decimal('2'), max_digits=5, verbose_name='start dose (mg/day)')),
                ('ceiling_mg_per_day', models.DecimalField(decimal_places=2, default=Decimal('4'), max_digits=5, verbose_name='ceiling (mg/day)')),
                ('step_limit_percent', models.PositiveSmallIntegerField(default=50, verbose_name='largest step (%)')),
                ('strengths_mg', django.contrib.postgres.fields.ArrayField(base_field=models.DecimalField(decimal_places=2, max_digits=4), size=None, verbose_name='tablet strengths it allows (mg)')),
                ('alternate_days', models.BooleanField(default=False, verbose_name='alternate days allowed')),
                ('citation', models.CharField(max_length=300, verbose_name='source of the range')),
                ('loading_view', models.BooleanField(default=False, verbose_name='shows a loading dose when the dose is raised')),
                ('hold_view', models.BooleanField(default=False, verbose_name='shows what a planned pause leaves')),
                ('model_weights', models.JSONField(default=dosing.models.protocols.default_weights, help_text='How much each model is believed before any level.', validators=[dosing.models.protocols.are_model_weights], verbose_name='models asked, with their weights')),
                ('schedule', models.CharField(choices=[('case-series-1', 'Levels at 2 and 4 weeks, visits at 0, 1 and 3 months, MRI at 0 and 3 months, then every 3 months'), ('jp-label-1', 'A level 1 to 2 weeks after the start, and after any change'), ('monthly-1', 'Monthly for 3 months, then every 3 months')], default='case-series-1', help_text='What choosing this protocol plans; a new version is a new name.', max_length=20, verbose_name='rhythm of levels, visits and MRI')),
                ('hold_rules', models.JSONField(blank=True, default=dosing.models.holding.default_hold_rules, help_text='Proposals for grades of side effects and laboratory values.', verbose_name='when it proposes to hold or reduce the drug')),
            ],
            options={
                'verbose_name': 'protocol',
                'constraints': [models.UniqueConstraint(fields=('name', 'version'), name='protocol_versions_are_unique', violation_error_message='This version of the protocol exists.'), models.CheckConstraint(condition=models.Q(('aim_ng_per_ml__gte', models.F('target_low_ng_per_ml')), ('aim_ng_per_ml__lte', models.F('target_high_ng_per_ml')), ('target_high_ng_per_ml__lt', models.F('urgent_ng_per_ml')), ('target_low_ng_per_ml__gt', 0), ('target_low_ng_per_ml__lt', models.F('target_high_ng_per_ml'))), name='target_range_is_a_range', violation_error_message='The range runs from low to high, the aim lies inside it and the urgent limit above it.'), models.CheckConstraint(condition=models.Q(('ceiling_mg_per_day__lte', Decimal('40')), ('start_dose_mg_per_day__gt', 0), ('start_dose_mg_per_day__lte', models.F('ceiling_mg_per_day'))), name='protocol_doses_stay_under_the_ceiling', violation_error_message='The start dose lies under the ceiling, and the ceiling at or under 40 mg/day.'), models.CheckConstraint(condition=models.Q(('step_limit_percent__gte', 1), ('step_limit_percent__lte', 100)), name='protocol_step_is_a_share', violation_error_message='The largest step is 1 to 100 %%.'), models.CheckConstraint(condition=models.Q(('strengths_mg__len__gt', 0)), name='protocol_allows_a_strength', violation_error_message='Name at least one tablet strength.'), models.CheckConstraint(condition=models.Q(('citation__trim__length__gt', 0)), name='protocol_cites_its_range', violation_error_message='Say where the range comes from.')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level_version', models.PositiveIntegerField()),
                ('basis', models.JSONField(help_text='Records and versions the advice rested on.')),
                ('inputs', models.JSONField()),
                ('findings', models.JSONField(blank=True)),
                ('offered', models.JSONField()),
                ('forecast', models.JSONField(blank=True, help_text='The question the models were asked, and what they answered.', null=True)),
                ('chosen_amount_mg', models.DecimalField(decimal_places=2, max_digits=5, verbose_name='chosen amount (mg)')),
                ('chosen_interval_h', models.PositiveSmallIntegerField(verbose_name='chosen interval (h)')),
                ('reason', models.CharField(choices=[('as_suggested', 'As suggested'), ('clinical_picture', 'Clinical picture'), ('side_effect', 'Side effect'), ('repeat_first', 'Repeat the level first'), ('adherence', 'Doses were missed'), ('patient_wish', "Patient's wish"), ('other', 'Other reason')], max_length=20, verbose_name='reason')),
                ('reason_text', models.CharField(blank=True, max_length=500, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x08\\x0b-\\x1f\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff\\ufffe\\uffff]*\\Z', 'Contains an invisible control character. Type the text again.', code='control_character')], verbose_name='in words')),
                ('next_level_on', models.DateField(verbose_name='next level on')),
                ('engine_version', models.CharField(max_length=40)),
                ('signed_at', models.DateTimeField(verbose_name='signed at')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='patients.patient')),
                ('signed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to=settings.AUTH_USER_MODEL)),
                ('dose', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decision', to='dosing.dose')),
                ('protocol', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='dosing.protocol')),
            ],
            options={
                'verbose_name': 'decision',
            },
        ),
        migrations.CreateModel(
            name='CohortLine',
            fields=[
                ('patient', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='cohort_line', serialize=False, to='patients.patient')),
                ('is_stale', models.BooleanField(default=True)),
                ('worked_out_at', models.DateTimeField(null=True)),
                ('engine_version', models.CharField(default='', max_length=60)),
                ('turns_on', models.DateField(null=True)),
                ('excluded', models.CharField(blank=True, choices=[('no_dose', 'never took the drug'), ('withdrew', 'consent withdrawn'), ('failed', 'could not be worked out')], max_length=10)),
                ('has_consent', models.BooleanField(default=False)),
                ('lesion_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('common_vm', 'Common venous malformation'), ('familial_vm', 'Familial venous malformation (VMCM)'), ('brbns', 'Blue rubber bleb naevus syndrome'), ('glomuvenous', 'Glomuvenous malformation'), ('verrucous', 'Verrucous venous malformation'), ('combined', 'Combined malformation with a venous part'), ('kts', 'Klippel-Trenaunay syndrome'), ('fava', 'Fibro-adipose vascular anomaly'), ('other', 'Other vascular anomaly')], max_length=20), default=list, size=None)),
                ('sex', models.CharField(choices=[('female', 'female'), ('male', 'male'), ('other', 'other'), ('unknown', 'unknown')], max_length=10)),
                ('started_on', models.DateField(null=True)),
                ('ended_on', models.DateField(null=True)),
                ('age_at_start', models.PositiveSmallIntegerField(null=True)),
                ('first_mg_per_day', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('levels', models.PositiveIntegerField(default=0)),
                ('first_in_range', models.BooleanField(null=True)),
                ('last_in_range', models.BooleanField(null=True)),
                ('days_to_range', models.IntegerField(null=True)),
                ('days_in_range', models.PositiveIntegerField(default=0)),
                ('days_judged', models.PositiveIntegerField(default=0)),
                ('days_left_out', models.PositiveIntegerField(default=0)),
                ('mean_ng_per_ml', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('decisions', models.PositiveIntegerField(default=0)),
                ('suggested', models.PositiveIntegerField(default=0)),
                ('override_reasons', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('as_suggested', 'As suggested'), ('clinical_picture', 'Clinical picture'), ('side_effect', 'Side effect'), ('repeat_first', 'Repeat the level first'), ('adherence', 'Doses were missed'), ('patient_wish', "Patient's wish"), ('other', 'Other reason')], max_length=20), default=list, size=None)),
                ('level_due_on', models.DateField(null=True)),
                ('side_effects', models.PositiveIntegerField(default=0)),
                ('worst_grade', models.PositiveSmallIntegerField(null=True)),
                ('trough_week_2_ng_per_ml', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('trough_week_4_ng_per_ml', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('pain_month_0', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('pain_month_1', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('pain_month_3', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('limb_month_0_cm', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('limb_month_1_cm', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('limb_month_3_cm', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('area_month_0_mm2', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('area_month_3_mm2', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('last_area_percent', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True)),
                ('area_responds', models.BooleanField(null=True)),
                ('missing_cells', models.PositiveSmallIntegerField(default=0)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cohort_lines', to='patients.site')),
                ('protocol', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cohort_lines', to='dosing.protocol')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('is_stale', True)), fields=['patient'], name='cohort_lines_to_work_out'), models.Index(fields=['site', 'patient'], name='cohort_by_site'), models.Index(fields=['last_area_percent', 'patient'], name='cohort_by_response'), django.contrib.postgres.indexes.GinIndex(fields=['lesion_types'], name='cohort_by_lesion_type'), models.Index(fields=['-missing_cells', 'patient'], name='cohort_by_gaps'), models.Index(fields=['turns_on'], name='cohort_turns'), models.Index(fields=['engine_version'], name='cohort_by_version')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='protocol',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='d34f71379858f02f8145a0ea322b244c23032962', operation='DELETE', pgid='pgtrigger_never_deleted_01bae', table='dosing_protocol', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='protocolassignment',
            name='patient',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='patients.patient'),
        ),
        migrations.AddField(
            model_name='protocolassignment',
            name='protocol',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='dosing.protocol', verbose_name='protocol'),
        ),
        migrations.AddField(
            model_name='protocolassignmentevent',
            name='patient',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient'),
        ),
        migrations.AddField(
            model_name='protocolassignmentevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='dosing.protocolassignment'),
        ),
        migrations.AddField(
            model_name='protocolassignmentevent',
            name='protocol',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='dosing.protocol', verbose_name='protocol'),
        ),
        migrations.AddField(
            model_name='referencerange',
            name='laboratory',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ranges', to='dosing.laboratory', verbose_name='laboratory'),
        ),
        migrations.AddField(
            model_name='referencerangeevent',
            name='laboratory',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='dosing.laboratory', verbose_name='laboratory'),
        ),
        migrations.AddField(
            model_name='referencerangeevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='dosing.referencerange'),
        ),
        migrations.AddField(
            model_name='safetycheck',
            name='patient',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='safety_checks', to='patients.patient'),
        ),
        migrations.AddField(
            model_name='safetycheckevent',
            name='patient',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient'),
        ),
        migrations.AddField(
            model_name='safetycheckevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='dosing.safetycheck'),
        ),
        migrations.AddField(
            model_name='troughlevel',
            name='laboratory',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='levels', to='dosing.laboratory', verbose_name='laboratory and assay'),
        ),
        migrations.AddField(
            model_name='troughlevel',
            name='patient',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='levels', to='patients.patient'),
        ),
        migrations.AddField(
            model_name='labreport',
            name='level',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lab_reports', to='dosing.troughlevel'),
        ),
        migrations.AddField(
            model_name='decision',
            name='level',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='dosing.troughlevel', verbose_name='level'),
        ),
        migrations.AddField(
            model_name='troughlevelevent',
            name='laboratory',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='dosing.laboratory', verbose_name='laboratory and assay'),
        ),
        migrations.AddField(
            model_name='troughlevelevent',
            name='patient',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='patients.patient'),
        ),
        migrations.AddField(
            model_name='troughlevelevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='dosing.troughlevel'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='comedication',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='6da4e41f0df267ee9cef154fb23acb162883886b', operation='DELETE', pgid='pgtrigger_never_deleted_23165', table='dosing_comedication', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='comedication',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "dosing_comedicationevent" ("drug", "id", "note", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "starts_on", "stops_on", "version", "withdrawn_at") VALUES (NEW."drug", NEW."id", NEW."note", NEW."patient_id", NOW(), \'insert\', NEW."id", NEW."starts_on", NEW."stops_on", NEW."version", NEW."withdrawn_at"); RETURN NULL;', hash='ee610dd7ed7b842da315122a1e4aa29691236c6d', operation='INSERT', pgid='pgtrigger_insert_insert_274d5', table='dosing_comedication', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='comedication',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "dosing_comedicationevent" ("drug", "id", "note", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "starts_on", "stops_on", "version", "withdrawn_at") VALUES (NEW."drug", NEW."id", NEW."note", NEW."patient_id", NOW(), \'update\', NEW."id", NEW."starts_on", NEW."stops_on", NEW."version", NEW."withdrawn_at"); RETURN NULL;', hash='97bfb3962d86297a2b4be3f39d6f7032fe676aeb', operation='UPDATE', pgid='pgtrigger_update_update_c598c', table='dosing_comedication', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='comedicationevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='95838ed0d61b072849e81a8c1ada1f7f416d3387', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_c5798', table='dosing_comedicationevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dispensing',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='3a0611a0e2daba2b89d86a51f1a659fecf2e5602', operation='DELETE', pgid='pgtrigger_never_deleted_a023a', table='dosing_dispensing', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dispensing',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "dosing_dispensingevent" ("dispensed_on", "id", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "strength_mg", "tablets", "version", "withdrawn_at") VALUES (NEW."dispensed_on", NEW."id", NEW."patient_id", NOW(), \'insert\', NEW."id", NEW."strength_mg", NEW."tablets", NEW."version", NEW."withdrawn_at"); RETURN NULL;', hash='7949e1fcc11a103f20b0aab1c8a1086d654ee681', operation='INSERT', pgid='pgtrigger_insert_insert_06153', table='dosing_dispensing', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dispensing',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "dosing_dispensingevent" ("dispensed_on", "id", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "strength_mg", "tablets", "version", "withdrawn_at") VALUES (NEW."dispensed_on", NEW."id", NEW."patient_id", NOW(), \'update\', NEW."id", NEW."strength_mg", NEW."tablets", NEW."version", NEW."withdrawn_at"); RETURN NULL;', hash='037e9c84b82209e52a9de1e1b018a277bfc34af8', operation='UPDATE', pgid='pgtrigger_update_update_4806a', table='dosing_dispensing', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dispensingevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='d220e472b64fed6bcddacdeb5d418c7ff71e6121', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_082d7', table='dosing_dispensingevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dose',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='20da656cfc505346dcdd1ea6a0ab89d694c64f32', operation='DELETE', pgid='pgtrigger_never_deleted_87286', table='dosing_dose', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dose',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "dosing_doseevent" ("amount_mg", "cancelled_at", "id", "interval_h", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "starts_on", "stops_on", "usual_time", "version") VALUES (NEW."amount_mg", NEW."cancelled_at", NEW."id", NEW."interval_h", NEW."patient_id", NOW(), \'insert\', NEW."id", NEW."reason", NEW."starts_on", NEW."stops_on", NEW."usual_time", NEW."version"); RETURN NULL;', hash='43526439a424f7ae845468cb80385cf35af797e8', operation='INSERT', pgid='pgtrigger_insert_insert_a5225', table='dosing_dose', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dose',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "dosing_doseevent" ("amount_mg", "cancelled_at", "id", "interval_h", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "starts_on", "stops_on", "usual_time", "version") VALUES (NEW."amount_mg", NEW."cancelled_at", NEW."id", NEW."interval_h", NEW."patient_id", NOW(), \'update\', NEW."id", NEW."reason", NEW."starts_on", NEW."stops_on", NEW."usual_time", NEW."version"); RETURN NULL;', hash='ddc80dc5f58b2d0b5cf3e7d49f977b8a3dda8bd9', operation='UPDATE', pgid='pgtrigger_update_update_31b9c', table='dosing_dose', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='doseevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='9449f668f542d0f3231699eefc7d2adb9c7bece6', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_d6bdb', table='dosing_doseevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='drugevent',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='6275cba1ddc11139e412b808854127f2c9c4aba1', operation='DELETE', pgid='pgtrigger_never_deleted_1c972', table='dosing_drugevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='drugevent',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "dosing_drugeventevent" ("child_pugh", "detail", "happens_on", "id", "kind", "lasts_until", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version", "withdrawn_at") VALUES (NEW."child_pugh", NEW."detail", NEW."happens_on", NEW."id", NEW."kind", NEW."lasts_until", NEW."patient_id", NOW(), \'insert\', NEW."id", NEW."version", NEW."withdrawn_at"); RETURN NULL;', hash='4198ee0fa7b02c73efe08d957f8434c94dc5f7cc', operation='INSERT', pgid='pgtrigger_insert_insert_8327e', table='dosing_drugevent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='drugevent',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "dosing_drugeventevent" ("child_pugh", "detail", "happens_on", "id", "kind", "lasts_until", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version", "withdrawn_at") VALUES (NEW."child_pugh", NEW."detail", NEW."happens_on", NEW."id", NEW."kind", NEW."lasts_until", NEW."patient_id", NOW(), \'update\', NEW."id", NEW."version", NEW."withdrawn_at"); RETURN NULL;', hash='9a0e3e9d53a98ffa96604b6899cb3938a2e7acf1', operation='UPDATE', pgid='pgtrigger_update_update_a4d47', table='dosing_drugevent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='drugeventevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='74a9b62c52f27733d2d6bf273b7f97b630edf3ae', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_f06df', table='dosing_drugeventevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='intake',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='c82907eaf9a4e45cc96f7a6ec6d3303b5450ced4', operation='DELETE', pgid='pgtrigger_never_deleted_2293b', table='dosing_intake', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='intake',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "dosing_intakeevent" ("amount_mg", "due_on", "id", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "slot", "state", "taken_at", "version", "vomited_at", "with_food") VALUES (NEW."amount_mg", NEW."due_on", NEW."id", NEW."patient_id", NOW(), \'insert\', NEW."id", NEW."reason", NEW."slot", NEW."state", NEW."taken_at", NEW."version", NEW."vomited_at", NEW."with_food"); RETURN NULL;', hash='d0105f135aeab47d6a4a9704966d80a75cf330cc', operation='INSERT', pgid='pgtrigger_insert_insert_813af', table='dosing_intake', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='intake',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "dosing_intakeevent" ("amount_mg", "due_on", "id", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "slot", "state", "taken_at", "version", "vomited_at", "with_food") VALUES (NEW."amount_mg", NEW."due_on", NEW."id", NEW."patient_id", NOW(), \'update\', NEW."id", NEW."reason", NEW."slot", NEW."state", NEW."taken_at", NEW."version", NEW."vomited_at", NEW."with_food"); RETURN NULL;', hash='f944c856f4598f2d8a1c4f4fcef70ce303706d93', operation='UPDATE', pgid='pgtrigger_update_update_81003', table='dosing_intake', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='intakeevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='57b5142f1cefef440616117ac8924258bcc6da4c', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_04889', table='dosing_intakeevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='labmessage',
            trigger=pgtrigger.compiler.Trigger(name='never_changed', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='13f76df00c5a69b64a02b7dbb197984e285daf5d', operation='UPDATE OR DELETE', pgid='pgtrigger_never_changed_20dbd', table='dosing_labmessage', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='laboratory',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='32041e2d2b636923d9490e7ba30e54485cb32c7f', operation='DELETE', pgid='pgtrigger_never_deleted_dc356', table='dosing_laboratory', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='laboratory',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "dosing_laboratoryevent" ("id", "lower_limit_ng_per_ml", "matrix", "method", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id", "unit", "version") VALUES (NEW."id", NEW."lower_limit_ng_per_ml", NEW."matrix", NEW."method", NEW."name", NOW(), \'insert\', NEW."id", NEW."site_id", NEW."unit", NEW."version"); RETURN NULL;', hash='3680b3b517c5d8d4e98e6ab1d5125ca902ceaae7', operation='INSERT', pgid='pgtrigger_insert_insert_6bd0b', table='dosing_laboratory', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='laboratory',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "dosing_laboratoryevent" ("id", "lower_limit_ng_per_ml", "matrix", "method", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id", "unit", "version") VALUES (NEW."id", NEW."lower_limit_ng_per_ml", NEW."matrix", NEW."method", NEW."name", NOW(), \'update\', NEW."id", NEW."site_id", NEW."unit", NEW."version"); RETURN NULL;', hash='ccdf04bde6523bbaaf62d505782a4f7b109eeecc', operation='UPDATE', pgid='pgtrigger_update_update_e9958', table='dosing_laboratory', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='fileimport',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='af04d9bd5256a2bcbb715916ee199f7f142a8d43', operation='DELETE', pgid='pgtrigger_never_deleted_df4fe', table='dosing_fileimport', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='laboratoryevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='416a97e2bd91b21a03689546c0b85a8d6192eee2', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_83a02', table='dosing_laboratoryevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='labresult',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='ed9029e582e56457eda66ff6bb6f33104534cc19', operation='DELETE', pgid='pgtrigger_never_deleted_7966f', table='dosing_labresult', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='labresult',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "dosing_labresultevent" ("analyte", "comparator", "drawn_on", "id", "laboratory_id", "note", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reported_unit", "reported_value", "value", "version", "withdrawn_at") VALUES (NEW."analyte", NEW."comparator", NEW."drawn_on", NEW."id", NEW."laboratory_id", NEW."note", NEW."patient_id", NOW(), \'insert\', NEW."id", NEW."reported_unit", NEW."reported_value", NEW."value", NEW."version", NEW."withdrawn_at"); RETURN NULL;', hash='b7ab2637d772dc498aa75015de8eacc5ddaa39b0', operation='INSERT', pgid='pgtrigger_insert_insert_b3419', table='dosing_labresult', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='labresult',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "dosing_labresultevent" ("analyte", "comparator", "drawn_on", "id", "laboratory_id", "note", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reported_unit", "reported_value", "value", "version", "withdrawn_at") VALUES (NEW."analyte", NEW."comparator", NEW."drawn_on", NEW."id", NEW."laboratory_id", NEW."note", NEW."patient_id", NOW(), \'update\', NEW."id", NEW."reported_unit", NEW."reported_value", NEW."value", NEW."version", NEW."withdrawn_at"); RETURN NULL;', hash='e48c228f57289ab3bab55c60c548b2558794cd33', operation='UPDATE', pgid='pgtrigger_update_update_64339', table='dosing_labresult', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='labresultevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='a93584734d7a6d710463224d2ebe17bf6c45d7a4', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_f6ef5', table='dosing_labresultevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='protocolassignment',
            constraint=models.UniqueConstraint(fields=('patient', 'starts_on'), name='one_protocol_starts_on_a_day', violation_error_message='A protocol already starts on that day.'),
        ),
        migrations.AddConstraint(
            model_name='protocolassignment',
            constraint=models.CheckConstraint(condition=models.Q(('reason__trim__length__gt', 0)), name='protocol_is_chosen_for_a_reason', violation_error_message='Say why this protocol was chosen.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='protocolassignment',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='ce588e65b9fc86aa5001bdbcb90dc44227005d7b', operation='DELETE', pgid='pgtrigger_never_deleted_73b1b', table='dosing_protocolassignment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='protocolassignment',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "dosing_protocolassignmentevent" ("id", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "protocol_id", "reason", "starts_on", "version") VALUES (NEW."id", NEW."patient_id", NOW(), \'insert\', NEW."id", NEW."protocol_id", NEW."reason", NEW."starts_on", NEW."version"); RETURN NULL;', hash='430d213b95db3b05e6c30b0f4748eea6ce4e891e', operation='INSERT', pgid='pgtrigger_insert_insert_59d55', table='dosing_protocolassignment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='protocolassignment',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "dosing_protocolassignmentevent" ("id", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "protocol_id", "reason", "starts_on", "version") VALUES (NEW."id", NEW."patient_id", NOW(), \'update\', NEW."id", NEW."protocol_id", NEW."reason", NEW."starts_on", NEW."version"); RETURN NULL;', hash='b9615c075cf485c9a9e772f925f4e4f2fee08d0d', operation='UPDATE', pgid='pgtrigger_update_update_4c100', table='dosing_protocolassignment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='protocolassignmentevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='041dc50c4b73571dc5b13ac7dcd7b992a5a440d1', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_b90e2', table='dosing_protocolassignmentevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='referencerange',
            constraint=models.UniqueConstraint(fields=('laboratory', 'analyte', 'sex', 'from_on'), name='one_reference_range_starts_on_a_day', violation_error_message='This range already starts on that day.'),
        ),
        migrations.AddConstraint(
            model_name='referencerange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('high', None), ('low__isnull', False)), models.Q(('high__isnull', False), ('low', None)), ('low__lt', models.F('high')), _connector='OR'), name='reference_range_is_a_range', violation_error_message='Give a lower limit, an upper one, or both in order.'),
        ),
        migrations.AddConstraint(
            model_name='referencerange',
            constraint=models.CheckConstraint(condition=models.Q(('analyte__in', ['neutrophils', 'white_cells', 'lymphocytes', 'monocytes', 'eosinophils', 'basophils', 'platelets', 'haemoglobin', 'haematocrit', 'creatinine', 'alt', 'ast', 'bilirubin', 'triglycerides', 'cholesterol', 'ldl', 'hdl', 'glucose', 'urine_protein', 'd_dimer', 'fibrinogen']), ('sex__in', ['', 'female', 'male', 'other', 'unknown'])), name='reference_range_is_coded', violation_error_message='Choose one of the listed answers.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='referencerange',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='f9c084bc7452cff44151f95b24fa2e540cf67148', operation='DELETE', pgid='pgtrigger_never_deleted_0003b', table='dosing_referencerange', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='referencerange',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "dosing_referencerangeevent" ("analyte", "from_on", "high", "id", "laboratory_id", "low", "pgh_created_at", "pgh_label", "pgh_obj_id", "sex", "version") VALUES (NEW."analyte", NEW."from_on", NEW."high", NEW."id", NEW."laboratory_id", NEW."low", NOW(), \'insert\', NEW."id", NEW."sex", NEW."version"); RETURN NULL;', hash='6500741c5d1e2ee2122a641ee01f9115fcdf8581', operation='INSERT', pgid='pgtrigger_insert_insert_17f2f', table='dosing_referencerange', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='referencerange',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "dosing_referencerangeevent" ("analyte", "from_on", "high", "id", "laboratory_id", "low", "pgh_created_at", "pgh_label", "pgh_obj_id", "sex", "version") VALUES (NEW."analyte", NEW."from_on", NEW."high", NEW."id", NEW."laboratory_id", NEW."low", NOW(), \'update\', NEW."id", NEW."sex", NEW."version"); RETURN NULL;', hash='89fcb6233e907f635125fbbaa0b69e786f7a0a69', operation='UPDATE', pgid='pgtrigger_update_update_4dd02', table='dosing_referencerange', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='referencerangeevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='96292fa17de9482e4aa52469fa094f1c30138dfd', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_4af12', table='dosing_referencerangeevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='safetycheck',
            constraint=models.CheckConstraint(condition=models.Q(('breastfeeding__in', ['no', 'yes', 'unknown']), ('live_vaccine__in', ['no', 'yes', 'unknown']), ('liver__in', ['none', 'A', 'B', 'C', 'unknown']), ('pregnancy__in', ['na', 'negative', 'positive', 'unknown'])), name='safety_answers_are_coded', violation_error_message='Choose one of the listed answers.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='safetycheck',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='c6c8136fb886537c7e4236cf0dded0055b9614ac', operation='DELETE', pgid='pgtrigger_never_deleted_6c9a2', table='dosing_safetycheck', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='safetycheck',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "dosing_safetycheckevent" ("asked_on", "breastfeeding", "id", "lifted", "live_vaccine", "liver", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pregnancy", "surgery_on", "version") VALUES (NEW."asked_on", NEW."breastfeeding", NEW."id", NEW."lifted", NEW."live_vaccine", NEW."liver", NEW."patient_id", NOW(), \'insert\', NEW."id", NEW."pregnancy", NEW."surgery_on", NEW."version"); RETURN NULL;', hash='8b3e30900594fe302a5af6d12efcd8a6f216b840', operation='INSERT', pgid='pgtrigger_insert_insert_c389c', table='dosing_safetycheck', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='safetycheck',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "dosing_safetycheckevent" ("asked_on", "breastfeeding", "id", "lifted", "live_vaccine", "liver", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pregnancy", "surgery_on", "version") VALUES (NEW."asked_on", NEW."breastfeeding", NEW."id", NEW."lifted", NEW."live_vaccine", NEW."liver", NEW."patient_id", NOW(), \'update\', NEW."id", NEW."pregnancy", NEW."surgery_on", NEW."version"); RETURN NULL;', hash='5cd3ee873d42297a3946a5fcf9cd6d1a5aea4bb4', operation='UPDATE', pgid='pgtrigger_update_update_a64ff', table='dosing_safetycheck', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='safetycheckevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='b2824a37be16de8d0a6283f79dd003d643000a94', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_0d232', table='dosing_safetycheckevent', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='troughlevel',
            index=models.Index(fields=['patient', '-drawn_at', '-id'], name='dosing_trou_patient_5fbddf_idx'),
        ),
        migrations.AddConstraint(
            model_name='troughlevel',
            constraint=models.UniqueConstraint(condition=models.Q(('set_aside_at', None)), fields=('patient', 'laboratory', 'drawn_at'), name='one_level_per_sample_and_laboratory', violation_error_message="This laboratory's level of this sample is already recorded. Open it to correct it."),
        ),
        migrations.AddConstraint(
            model_name='troughlevel',
            constraint=models.CheckConstraint(condition=models.Q(('ng_per_ml__gt', 0), ('ng_per_ml__lte', Decimal('200'))), name='level_can_be_true', violation_error_code='about:reported_value', violation_error_message='A level lies between 0 and 200 ng/mL. Check the value and its unit.'),
        ),
        migrations.AddConstraint(
            model_name='troughlevel',
            constraint=models.CheckConstraint(condition=models.Q(('comparator__in', ['', '<', '>']), ('reported_unit__in', ['ng/mL', 'ug/L', 'nmol/L', 'ng/dL'])), name='level_is_coded', violation_error_message='Choose one of the listed units.'),
        ),
        migrations.AddConstraint(
            model_name='troughlevel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ng_per_ml', models.F('reported_value')), ('reported_unit__in', ['ng/mL', 'ug/L'])), models.Q(('ng_per_ml', django.db.models.expressions.CombinedExpression(models.F('reported_value'), '/', models.Value(Decimal('100')))), ('reported_unit', 'ng/dL')), models.Q(('ng_per_ml__gte', django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('0.9141')))), ('ng_per_ml__lte', django.db.models.expressions.CombinedExpression(models.F('reported_value'), '*', models.Value(Decimal('0.9143')))), ('reported_unit', 'nmol/L')), _connector='OR'), name='level_agrees_with_its_report', violation_error_message='The level in ng/mL does not follow from the reported value.'),
        ),
        migrations.AddConstraint(
            model_name='troughlevel',
            constraint=models.CheckConstraint(condition=models.Q(('last_dose_at', None), ('drawn_at__gt', models.F('last_dose_at')), _connector='OR'), name='trough_follows_a_dose', violation_error_code='about:last_dose_at', violation_error_message='A trough is drawn after the last dose.'),
        ),
        migrations.AddConstraint(
            model_name='troughlevel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('set_aside_at', None), ('set_aside_because', '')), models.Q(('set_aside_at__isnull', False), ('set_aside_because__trim__length__gt', 0)), _connector='OR'), name='set_aside_has_a_reason', violation_error_code='about:reason', violation_error_message='Say why the level is set aside.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='troughlevel',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='8776dfeceb3e85859551790eecbde1032d890de7', operation='DELETE', pgid='pgtrigger_never_deleted_3f6c1', table='dosing_troughlevel', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='troughlevel',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "dosing_troughlevelevent" ("comparator", "confirmed", "drawn_at", "id", "laboratory_id", "last_dose_at", "ng_per_ml", "note", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reported_unit", "reported_value", "set_aside_at", "set_aside_because", "submission", "version") VALUES (NEW."comparator", NEW."confirmed", NEW."drawn_at", NEW."id", NEW."laboratory_id", NEW."last_dose_at", NEW."ng_per_ml", NEW."note", NEW."patient_id", NOW(), \'insert\', NEW."id", NEW."reported_unit", NEW."reported_value", NEW."set_aside_at", NEW."set_aside_because", NEW."submission", NEW."version"); RETURN NULL;', hash='339bb99d0613a20da8edae1c8de7b8d9dd2a9189', operation='INSERT', pgid='pgtrigger_insert_insert_30e9b', table='dosing_troughlevel', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='troughlevel',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "dosing_troughlevelevent" ("comparator", "confirmed", "drawn_at", "id", "laboratory_id", "last_dose_at", "ng_per_ml", "note", "patient_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reported_unit", "reported_value", "set_aside_at", "set_aside_because", "submission", "version") VALUES (NEW."comparator", NEW."confirmed", NEW."drawn_at", NEW."id", NEW."laboratory_id", NEW."last_dose_at", NEW."ng_per_ml", NEW."note", NEW."patient_id", NOW(), \'update\', NEW."id", NEW."reported_unit", NEW."reported_value", NEW."set_aside_at", NEW."set_aside_because", NEW."submission", NEW."version"); RETURN NULL;', hash='3439cfdbadd2a9761d9f6929b55ecc0f6244d394', operation='UPDATE', pgid='pgtrigger_update_update_2833a', table='dosing_troughlevel', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='labreport',
            index=models.Index(fields=['order'], name='report_by_order'),
        ),
        migrations.AddConstraint(
            model_name='labreport',
            constraint=models.CheckConstraint(condition=models.Q(('fate__in', ['recorded', 'waiting', 'preliminary', 'accepted', 'refused', 'nothing'])), name='report_has_a_known_fate', violation_error_message='Choose one of the listed answers.'),
        ),
        migrations.AddConstraint(
            model_name='labreport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('fate__in', ['recorded', 'accepted']), _negated=True), ('level__isnull', False), _connector='OR'), name='report_on_the_record_has_its_level', violation_error_message='A report on the record names its level.'),
        ),
        migrations.AddConstraint(
            model_name='labreport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('fate', 'refused'), _negated=True), models.Q(('decided_by__isnull', False), ('reason__trim__length__gt', 0)), _connector='OR'), name='report_is_refused_with_a_reason', violation_error_code='about:reason', violation_error_message='Say why the report is refused.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='labreport',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='6630e3721c4aa315ecf5287ba6ad5d199b1e3e59', operation='DELETE', pgid='pgtrigger_never_deleted_9c848', table='dosing_labreport', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['patient', '-signed_at', '-id'], name='dosing_deci_patient_9d3edf_idx'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.UniqueConstraint(fields=('patient', 'basis'), name='one_decision_on_one_basis', violation_error_message='Someone has just signed on this advice.'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('chosen_amount_mg__gte', 0), ('chosen_interval_h__in', [12, 24, 48])), name='decision_is_a_regimen_or_a_hold', violation_error_message='Choose a dose.'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['as_suggested', 'clinical_picture', 'side_effect', 'repeat_first', 'adherence', 'patient_wish', 'other'])), name='decision_has_a_known_reason', violation_error_message='Choose a reason.'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', 'other'), _negated=True), ('reason_text__trim__length__gt', 0), _connector='OR'), name='other_reasons_are_put_in_words', violation_error_code='about:reason_text', violation_error_message='Put the reason in words.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='decision',
            trigger=pgtrigger.compiler.Trigger(name='never_changed', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='33df3b7cf79aabd9648ff05a60f28f85154b42d0', operation='UPDATE OR DELETE', pgid='pgtrigger_never_changed_7b655', table='dosing_decision', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='troughlevelevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='5261ac02d53a2dad85a89b84186745a41e126add', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_d3b03', table='dosing_troughlevelevent', when='BEFORE')),
        ),
    ]

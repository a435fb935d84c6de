"""The safety questions of a prescription, and the reasons that lift a rule."""

from collections.abc import Iterable
from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from dosing import policy
from dosing.forms.fields import day_field
from dosing.interactions import INTERACTIONS
from dosing.models import ASKED, LIVER, PREGNANCY, SafetyCheck
from dosing.services.safety import PreventedError
from patients.models import Patient
from patients.models.rules import plain_text
from patients.web import ServiceForm

NOT_YET = [("", "\u2013")]
LIFTABLE = (
    *policy.LIFTABLE,
    *(
        policy.avoided_rule(code)
        for code, drug in INTERACTIONS.items()
        if drug.is_avoided
    ),
)
QUESTIONS = ("pregnancy", "breastfeeding", "live_vaccine", "liver", "surgery_on")


class SafetyForm(ServiceForm):
    """What is asked before every prescription, and why a rule is lifted."""

    pregnancy = forms.ChoiceField(label=_("Pregnancy"), choices=[*NOT_YET, *PREGNANCY])
    breastfeeding = forms.ChoiceField(
        label=_("Breastfeeding"), choices=[*NOT_YET, *ASKED]
    )
    live_vaccine = forms.ChoiceField(
        label=_("Live vaccine within 4 weeks, or planned"), choices=[*NOT_YET, *ASKED]
    )
    liver = forms.ChoiceField(
        label=_("Liver impairment"),
        choices=[*NOT_YET, *LIVER],
        help_text=_(
            "Moderate or severe (Child-Pugh B, C): start at half the dose"
            " (Japan 7.3 [V])."
        ),
    )
    surgery_on = day_field(_("Day of planned surgery, if any"), required=False)

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self.prevented: list[policy.Prevention] = []
        for rule in LIFTABLE:
            self.fields[lift_name(rule)] = forms.CharField(
                label=_("Lift this rule, because"),
                max_length=200,
                required=False,
                validators=[plain_text],
            )

    def facts(self) -> dict[str, object]:
        given = dict(self.cleaned_data)
        lifted = {rule: given.pop(lift_name(rule)) for rule in LIFTABLE}
        for name in QUESTIONS:
            given.pop(name)
        return {
            **given,
            "safety": self.answers,
            "lifted": {rule: why for rule, why in lifted.items() if why.strip()},
        }

    @property
    def answers(self) -> policy.Answers:
        return policy.Answers(**{name: self.cleaned_data[name] for name in QUESTIONS})

    def refuse(self, refusal: ValidationError) -> None:
        """Show which rules stand, in place of one long error."""
        if isinstance(refusal, PreventedError):
            self.prevented = refusal.standing
        else:
            super().refuse(refusal)

    @property
    def standing(self) -> Iterable[tuple[policy.Prevention, BoundField | None]]:
        """Pair each rule that stands with the field that lifts it, if one may."""
        for each in self.prevented:
            name = lift_name(each.rule)
            yield each, self[name] if name in self.fields else None

    @property
    def lifted(self) -> list[BoundField]:
        """Return the reasons already typed, so that they come back with the form."""
        shown = {lift_name(each.rule) for each in self.prevented}
        names = [lift_name(rule) for rule in LIFTABLE]
        return [self[n] for n in names if n not in shown and self.data.get(n)]


def lift_name(rule: str) -> str:
    return f"lift_{rule.replace('-', '_')}"


def answers_before(patient: Patient, today: date) -> dict[str, object]:
    """Pre-fill the answers that are not too old; what cannot be, is not asked."""
    asked_of = policy.may_be_pregnant(patient.sex, patient.age_on(today))
    no = {} if asked_of else {"pregnancy": policy.Pregnancy.NOT_APPLICABLE.value}
    if patient.sex == "male":
        no["breastfeeding"] = policy.Asked.NO.value
    check = SafetyCheck.objects.latest_of(patient)
    if check is None or not check.is_recent(today):
        return dict(no)
    known = {name: getattr(check, name) for name in QUESTIONS}
    if check.surgery_on is not None and check.surgery_on < today:
        known["surgery_on"] = None
    return known

"""Which patients a cohort is made of."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dosing.models import CohortLine, Protocol
from dosing.models.cohort import CohortQuerySet
from patients.models import IssvaType, Site, Staff
from patients.web import ServiceForm

LAST_MONTH = 12
ALL = ("", _("any"))

AGE_GROUPS = {
    "child": (_("under 12 years"), Q(age_at_start__lt=12)),
    "adolescent": (_("12-17 years"), Q(age_at_start__gte=12, age_at_start__lt=18)),
    "adult": (_("18-64 years"), Q(age_at_start__gte=18, age_at_start__lt=65)),
    "older": (_("65 years or more"), Q(age_at_start__gte=65)),
}
"""By the age at the first dose; bounds are a design default [NV]."""


class MonthField(forms.CharField):
    """A month such as 2026-03; a day would let a reader narrow down a start date."""

    default_error_messages: ClassVar = {
        "invalid": _("Give a month, such as 2026-03."),
    }

    def clean(self, value: object) -> date | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return date.fromisoformat(f"{text}-01")
        except ValueError:
            raise ValidationError(
                self.error_messages["invalid"], code="invalid"
            ) from None


def typed_month() -> forms.TextInput:
    return forms.TextInput(
        attrs={"placeholder": "2026-03", "inputmode": "numeric", "maxlength": 7}
    )


def next_month(first: date) -> date:
    if first.month == LAST_MONTH:
        return date(first.year + 1, 1, 1)
    return first.replace(month=first.month + 1)


class CohortForm(ServiceForm):
    """The filters of the cohort page; each may be left open."""

    site = forms.ModelChoiceField(
        Site.objects.none(), label=_("Clinic"), required=False, empty_label=_("any")
    )
    protocol = forms.ModelChoiceField(
        Protocol.objects.none(),
        label=_("Protocol"),
        required=False,
        empty_label=_("any"),
    )
    lesion = forms.ChoiceField(
        label=_("Lesion type"), required=False, choices=[ALL, *IssvaType.choices]
    )
    since = MonthField(
        label=_("Started from (month)"), required=False, widget=typed_month()
    )
    until = MonthField(
        label=_("Started up to (month)"), required=False, widget=typed_month()
    )
    age = forms.ChoiceField(
        label=_("Age at start"),
        required=False,
        choices=[ALL, *((key, label) for key, (label, _q) in AGE_GROUPS.items())],
    )

    def __init__(self, data: Mapping[str, object], *, staff: Staff) -> None:
        super().__init__(data)
        self.staff = staff
        self.fields["site"].queryset = staff.sites.order_by("name")  # type: ignore[attr-defined]
        mine = CohortLine.objects.visible_to(staff).values("protocol")
        used = Protocol.objects.filter(pk__in=mine).order_by("name", "version")
        self.fields["protocol"].queryset = used  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", _("This month lies before the first."))
        if until and until.year == date.max.year:
            self.add_error("until", MonthField.default_error_messages["invalid"])
        return self.cleaned_data

    @property
    def lines(self) -> CohortQuerySet:
        """The lines that are asked for, those left out of every cohort among them."""
        asked = self.cleaned_data
        found = CohortLine.objects.visible_to(self.staff).worked_out()
        if asked["site"]:
            found = found.filter(site=asked["site"])
        if asked["protocol"]:
            found = found.filter(protocol=asked["protocol"])
        if asked["lesion"]:
            found = found.filter(lesion_types__contains=[asked["lesion"]])
        if asked["since"]:
            found = found.filter(started_on__gte=asked["since"])
        if asked["until"]:
            found = found.filter(started_on__lt=next_month(asked["until"]))
        if asked["age"]:
            found = found.filter(AGE_GROUPS[asked["age"]][1])
        return found

    @property
    def chosen(self) -> dict[str, str]:
        """What was asked for, as it stands in an address and in the audit."""
        return {
            name: str(self.data[name])
            for name in self.fields
            if self.cleaned_data.get(name) and self.data.get(name)
        }

    @property
    def address(self) -> str:
        return urlencode(self.chosen)

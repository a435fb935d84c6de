"""A lesion: where on the body, what kind, and what is known of it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.body_map import NOWHERE, ONE_SIDE, BodyMap, places
from patients.forms.fields import Correction
from patients.models import Coagulopathy, Gene, Lesion, Side
from patients.web import ServiceForm

NOT_KNOWN = ("", _("not known"))


class Placed(ServiceForm):
    """Where on the body: the map says region and side at once."""

    place = forms.ChoiceField(
        label=_("On the body"), choices=places, widget=BodyMap, required=False
    )
    side = forms.ChoiceField(
        label=_("Side"), choices=[("", _("as on the map")), *Side.choices]
    )

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["side"].required = not self.data.get("place")

    def clean(self) -> dict[str, object]:
        typed = super().clean() or {}
        region, _dot, on_map = (typed.get("place") or NOWHERE).partition(".")
        side = typed.get("side") or on_map
        if on_map and side in ONE_SIDE and side != on_map:
            self.add_error("side", _("The map says the other side."))
        return {**typed, "region": region, "side": side}


class LesionForm(Placed, forms.ModelForm):
    """Where a malformation is, what kind, and what is known of it."""

    gene = forms.ChoiceField(
        label=_("Gene"), choices=[NOT_KNOWN, *Gene.choices], required=False
    )
    coagulopathy = forms.ChoiceField(
        label=_("Localized intravascular coagulation"),
        choices=[NOT_KNOWN, *Coagulopathy.choices],
        required=False,
        help_text=_("D-dimer and fibrinogen are safety labs and shown beside it."),
    )

    field_order = ("place", "side", "body_site")

    class Meta:
        model = Lesion
        fields = (
            "body_site",
            "side",
            "compartment",
            "issva_type",
            "gene",
            "variant",
            "coagulopathy",
            "coagulopathy_note",
            "note",
        )

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        lesion: Lesion = self.instance
        if lesion.region:
            on_one_side = lesion.side in ONE_SIDE
            side = lesion.side if on_one_side else ONE_SIDE[0].value
            self.initial["place"] = f"{lesion.region}.{side}"
            self.initial["side"] = "" if on_one_side else lesion.side

    def facts(self) -> dict[str, object]:
        typed = super().facts()
        del typed["place"]
        return typed

    def _post_clean(self) -> None:
        """Leave the rules to the service, which states them once."""


class CorrectLesionForm(LesionForm, Correction):
    """The same facts again, with a reason."""

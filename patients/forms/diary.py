"""A photo of a diary on paper."""

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.services.photos import LARGEST_BYTES
from patients.web import ServiceForm


class PhotoForm(ServiceForm):
    week_on = forms.DateField(widget=forms.HiddenInput)
    photo = forms.FileField(
        label=_("Photo of the paper diary (PNG or JPEG)"),
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg"}),
    )

    def facts(self) -> dict[str, object]:
        sent = self.cleaned_data["photo"].read(LARGEST_BYTES + 1)
        return {"week_on": self.cleaned_data["week_on"], "sent": sent}

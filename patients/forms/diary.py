"""A photo of a diary on paper."""

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.fields import PictureForm


class PhotoForm(PictureForm):
    week_on = forms.DateField(widget=forms.HiddenInput)

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self.fields["photo"].label = _("Photo of the paper diary (PNG or JPEG)")

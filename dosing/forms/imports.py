"""An upload and how it is read, parsed; the services hold the rules."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dosing.imports import FIELDS, MOST_BYTES, Encoding, Kind, Sheet
from dosing.models import FileImport, Laboratory
from dosing.models.imports import ENCODINGS, KINDS, ORDERS
from patients.models import Site, Staff
from patients.models.rules import plain_text
from patients.web import ServiceForm

LEAVE_OUT = "-"
SAMPLES = 3

MAY_IMPORT: Mapping[str, str] = {
    Kind.LEVELS.value: "dosing.add_troughlevel",
    Kind.DOSES.value: "dosing.add_dose",
    Kind.DIARY.value: "patients.add_diaryday",
}
"""What someone needs to be allowed to import a kind: the same as on its page."""


class UploadForm(ServiceForm):
    """A file and what it holds; the clinic is asked for where there are several."""

    kind = forms.ChoiceField(label=_("What it holds"))
    site = forms.ModelChoiceField(
        Site.objects.none(), label=_("Clinic"), empty_label=None
    )
    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        help_text=_("CSV or Excel (.xlsx), at most 10 MB and 20,000 rows."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )

    def __init__(self, *args: object, staff: Staff, **options: object) -> None:
        super().__init__(*args, **options)
        may = [(k, said) for k, said in KINDS if staff.has_perm(MAY_IMPORT[k])]
        self.fields["kind"].choices = may  # type: ignore[attr-defined]
        sites = staff.sites.order_by("pk")
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]
        self.initial.setdefault("site", sites.first())

    def clean_kind(self) -> Kind:
        return Kind(self.cleaned_data["kind"])

    @property
    def is_too_large(self) -> bool:
        sent = self.files.get("file")
        return sent is not None and (sent.size or 0) > MOST_BYTES

    def facts(self) -> dict[str, object]:
        sent = self.cleaned_data["file"]
        return {
            "kind": self.cleaned_data["kind"],
            "site": self.cleaned_data["site"],
            "name": sent.name,
            "content": sent.read(),
        }


class ColumnsForm(ServiceForm):
    """What each column is; a column nobody knows must be left out by hand."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    encoding = forms.ChoiceField(label=_("Encoding"), choices=ENCODINGS)
    order = forms.ChoiceField(label=_("Dates"), choices=ORDERS)
    laboratory = forms.ModelChoiceField(
        Laboratory.objects.none(), label=_("Laboratory and assay"), required=False
    )

    def __init__(
        self,
        data: Mapping[str, object] | None,
        *,
        file: FileImport,
        sheet: Sheet,
    ) -> None:
        super().__init__(data, initial=first(file))
        self.sheet = sheet
        laboratories = Laboratory.objects.filter(site=file.site).order_by("pk")
        self.fields["laboratory"].queryset = laboratories  # type: ignore[attr-defined]
        if file.kind != Kind.LEVELS:
            del self.fields["laboratory"]
        if file.encoding == Encoding.XLSX:
            only = [each for each in ENCODINGS if each[0] == Encoding.XLSX]
        else:
            only = [each for each in ENCODINGS if each[0] != Encoding.XLSX]
        self.fields["encoding"].choices = only  # type: ignore[attr-defined]
        fields = FIELDS[Kind(file.kind)]
        choices = [
            ("", _("– choose –")),
            (LEAVE_OUT, _("leave out")),
            *((each.name, each.label) for each in fields),
        ]
        for place, header in enumerate(sheet.headers):
            self.fields[name_of(place)] = forms.ChoiceField(
                label=header or _("(no name)"), choices=choices, required=False
            )

    @property
    def rows(self) -> Sequence[tuple[forms.BoundField, list[str]]]:
        """Return each column with the first cells below it."""
        return [
            (self[name_of(place)], samples(self.sheet, place))
            for place in range(len(self.sheet.headers))
        ]

    def clean(self) -> dict[str, object]:
        chosen = [
            name
            for place in range(len(self.sheet.headers))
            if (name := self.cleaned_data.get(name_of(place))) not in {"", LEAVE_OUT}
        ]
        if len(chosen) != len(set(chosen)):
            raise ValidationError(_("Two columns are said to be the same thing."))
        return self.cleaned_data

    def facts(self) -> dict[str, object]:
        columns, left_out = {}, []
        for place in range(len(self.sheet.headers)):
            name = self.cleaned_data[name_of(place)]
            if name == LEAVE_OUT:
                left_out.append(place)
            elif name:
                columns[name] = place
        names = ("version", "encoding", "order")
        return {
            **{name: self.cleaned_data[name] for name in names},
            "laboratory": self.cleaned_data.get("laboratory"),
            "columns": columns,
            "left_out": left_out,
        }


def samples(sheet: Sheet, place: int) -> list[str]:
    """Return the first cells of a column."""
    whole = [line for line in sheet.lines[:SAMPLES] if place < len(line.cells)]
    return [line.cells[place] for line in whole]


def name_of(place: int) -> str:
    return f"column_{place}"


def first(file: FileImport) -> dict[str, object]:
    columns = {name_of(place): name for name, place in file.columns.items()}
    left_out = {name_of(place): LEAVE_OUT for place in file.left_out}
    return {
        "version": file.version,
        "encoding": file.encoding,
        "order": file.order,
        "laboratory": file.laboratory_id,
        **columns,
        **left_out,
    }


class StoreForm(ServiceForm):
    """The version that was checked, and how its unusual rows were checked."""

    aliases: ClassVar[Mapping[str, str]] = {"checked_reason": "checked"}

    version = forms.IntegerField(widget=forms.HiddenInput)
    checked = forms.CharField(
        label=_("How were the unusual rows checked?"),
        max_length=300,
        required=False,
        validators=[plain_text],
    )


class DiscardForm(ServiceForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class UndoForm(ServiceForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why is the import undone?"),
        max_length=300,
        validators=[plain_text],
    )

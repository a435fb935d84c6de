"""Which column is which: guessed from its header, in English or Japanese."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override


class Kind(StrEnum):
    LEVELS = "levels"
    DOSES = "doses"
    DIARY = "diary"


@dataclass(frozen=True, slots=True)
class Field:
    """Something a row tells; `spellings` are the headers that surely mean it."""

    name: str
    label: Promise
    spellings: str
    required: bool = False


IDENTIFIER = Field(
    "identifier",
    _("Identifier"),
    "identifier|patient id|patient identifier|mrn|id|患者id|患者番号|診察券番号"
    "|カルテ番号",
    required=True,
)
BORN_ON = Field(
    "born_on",
    _("Date of birth"),
    "born on|born|birth date|date of birth|dob|birthday|生年月日|誕生日",
    required=True,
)
NOTE = Field("note", _("Note"), "note|notes|comment|remarks|備考|メモ|コメント")

FIELDS: Mapping[Kind, Sequence[Field]] = {
    Kind.LEVELS: (
        IDENTIFIER,
        BORN_ON,
        Field(
            "drawn_at",
            _("Drawn: date and time, or date"),
            "drawn at|drawn|sample|sampled at|sample time|sample taken"
            "|sample taken at|collected at|collection time|date|採血日時"
            "|採血日|検体採取日時|検査日",
            required=True,
        ),
        Field(
            "drawn_time",
            _("Drawn: time"),
            "drawn time|time|time taken|time drawn|採血時刻|採血時間|時刻",
        ),
        Field(
            "value",
            _("Level"),
            "level|trough|value|result|sirolimus|concentration|濃度|血中濃度|トラフ"
            "|トラフ値|シロリムス|シロリムス濃度|シロリムス血中濃度|結果|測定値",
            required=True,
        ),
        Field("unit", _("Unit"), "unit|units|単位", required=True),
        Field(
            "last_dose_at",
            _("Last dose before it"),
            "last dose at|last dose|最終内服日時|最終服薬日時|最終投与日時|最終服用日時"
            "|最終内服|最終服薬|最終投与|最終服用",
        ),
        NOTE,
    ),
    Kind.DOSES: (
        IDENTIFIER,
        BORN_ON,
        Field(
            "starts_on",
            _("First day"),
            "starts on|start|start date|first day|from|開始日|投与開始日",
            required=True,
        ),
        Field(
            "amount_mg",
            _("Amount each time (mg)"),
            "amount mg|amount|dose|dose mg|mg|用量|投与量|1回量|一回量",
            required=True,
        ),
        Field(
            "interval_h",
            _("Hours between doses"),
            "interval h|interval|frequency|every|間隔|投与間隔|用法|回数",
            required=True,
        ),
        Field(
            "stops_on",
            _("First day without it"),
            "stops on|stop|stop date|to|until|end|end date|終了日|中止日|投与終了日",
        ),
        Field("usual_time", _("Usual time of day"), "usual time|time|服用時刻|時刻"),
        Field("protocol", _("Protocol"), "protocol|プロトコル|プロトコール"),
        Field("reason", _("Reason"), "reason|why|理由"),
    ),
    Kind.DIARY: (
        IDENTIFIER,
        BORN_ON,
        Field("day", _("Day"), "day|date|日付|日|記録日|服薬日", required=True),
        Field(
            "dose", _("Taken or missed"), "dose|dose taken|taken|intake|服薬|内服|服用"
        ),
        Field(
            "at",
            _("Taken at"),
            "at|taken at|time|time taken|服薬時刻|内服時刻|服用時刻|時刻",
        ),
        Field("amount", _("Other amount (mg)"), "amount|amount mg|用量|服用量"),
        Field(
            "temperature_c",
            _("Temperature °C"),
            "temperature|temperature c|temp|body temperature|体温",
        ),
        Field(
            "pressure",
            _("Blood pressure, such as 120/80"),
            "blood pressure|pressure|bp|血圧",
        ),
        Field("pulse_per_min", _("Pulse /min"), "pulse|pulse per min|heart rate|脈拍"),
        Field("spo2_percent", _("SpO₂ %"), "spo2|spo2 percent|oxygen saturation"),
        Field("weight_kg", _("Weight kg"), "weight|weight kg|体重"),
        Field("pain_vas", _("Pain 0–10"), "pain|pain vas|vas|痛み|疼痛"),
        NOTE,
    ),
}

BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
NOT_A_LETTER = re.compile(r"[\W_]+")


def folded(header: str) -> str:
    """Return a header without case, width, brackets and punctuation."""
    text = unicodedata.normalize("NFKC", header).casefold()
    return NOT_A_LETTER.sub(" ", BRACKETS.sub(" ", text)).strip()


def headers_of(field: Field) -> set[str]:
    """Return every header that means a field; its label does in each language."""
    told = [field.name, *field.spellings.split("|")]
    for language, _name in settings.LANGUAGES:
        with override(language):
            told.append(str(field.label))
    return {folded(each) for each in told}


def guess(kind: Kind, headers: Sequence[str]) -> dict[str, int]:
    """Return the place of each field whose header is known; the first one wins."""
    places: dict[str, int] = {}
    known = [folded(header) for header in headers]
    for field in FIELDS[kind]:
        spelled = headers_of(field)
        found = [n for n, header in enumerate(known) if header in spelled]
        free = [n for n in found if n not in places.values()]
        if free:
            places[field.name] = free[0]
    return places


def missing(kind: Kind, columns: Mapping[str, int]) -> list[str]:
    """Name the fields without which nothing can be read."""
    return [
        str(each.label)
        for each in FIELDS[kind]
        if each.required and each.name not in columns
    ]

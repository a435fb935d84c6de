"""Side effects by name and grade: the terms of CTCAE v5.0 that a clinic here needs.

The English term is the official one and is translated where it is shown. Terms, the
grades that exist and their descriptions come from third-party transcriptions [V2] or
general knowledge [NV]: check against the NCI document before release.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext, gettext_noop

VERSION = "5.0"
"""Kept with every side effect; version 6 grades differently."""

SOURCE = gettext_noop(
    "CTCAE v5.0 from third-party transcriptions [V2]; check against the NCI document."
)

SEVERE_FROM_GRADE = 3
"""Trials interrupted sirolimus for grades 3 and 4; all events of VASE resolved [V]."""

GENERAL = {
    1: gettext_noop("Mild; no intervention."),
    2: gettext_noop("Moderate; little or local intervention."),
    3: gettext_noop("Severe, not immediately life-threatening."),
    4: gettext_noop("Life-threatening; urgent intervention."),
    5: gettext_noop("Death."),
}
"""What a grade means for any term, where its own words are not known here [V2]."""


@dataclass(frozen=True, slots=True)
class Term:
    """A term, the grades it has, and what is said of them beyond the general."""

    english: str
    grades: tuple[int, ...]
    described: Mapping[int, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return gettext(self.english)

    @property
    def choices(self) -> list[tuple[int, str]]:
        """Return each grade with its description, in the reader's language."""
        words = {**GENERAL, **self.described}
        return [(grade, gettext(words[grade])) for grade in self.grades]


TO_3, TO_5 = (1, 2, 3), (1, 2, 3, 4, 5)
FROM_2 = (2, 3, 4, 5)

IV_OR_HOSPITAL = gettext_noop("Intravenous anti-infective or hospital.")
ORAL = gettext_noop("Oral antibiotic.")

OTHER = "other"
FEVER = "fever"
COUGH = "cough"
DYSPNOEA = "dyspnoea"
PNEUMONITIS = "pneumonitis"

TERMS = {
    "mucositis_oral": Term(
        gettext_noop("Mucositis oral"),
        TO_5,
        {
            1: gettext_noop("Asymptomatic or mild; no intervention."),
            2: gettext_noop(
                "Moderate pain or ulcer, not interfering with oral intake; modified"
                " diet."
            ),
            3: gettext_noop("Severe pain, interfering with oral intake."),
        },
    ),
    "diarrhoea": Term(gettext_noop("Diarrhea"), TO_5),
    "rash_maculo_papular": Term(
        gettext_noop("Rash maculo-papular"),
        TO_3,
        {
            1: gettext_noop(
                "Under 10 % of the body surface, with or without symptoms."
            ),
            2: gettext_noop(
                "10 to 30 % of the body surface, or limiting instrumental activities."
            ),
            3: gettext_noop("Over 30 % of the body surface, limiting self-care."),
        },
    ),
    "rash_acneiform": Term(
        gettext_noop("Rash acneiform"),
        TO_5,
        {
            1: gettext_noop(
                "Under 10 % of the body surface, with or without symptoms."
            ),
            2: gettext_noop(
                "10 to 30 % of the body surface, psychosocial impact, or limiting"
                " instrumental activities."
            ),
            3: gettext_noop(
                "Over 30 % of the body surface, limiting self-care, or local"
                " superinfection with oral antibiotics."
            ),
        },
    ),
    "fatigue": Term(
        gettext_noop("Fatigue"),
        TO_3,
        {
            1: gettext_noop("Relieved by rest."),
            2: gettext_noop("Not relieved by rest; limits instrumental activities."),
            3: gettext_noop("Not relieved by rest; limits self-care."),
        },
    ),
    "headache": Term(gettext_noop("Headache"), TO_3),
    "nausea": Term(gettext_noop("Nausea"), TO_3),
    "vomiting": Term(gettext_noop("Vomiting"), TO_5),
    "abdominal_pain": Term(gettext_noop("Abdominal pain"), TO_3),
    FEVER: Term(gettext_noop("Fever"), TO_5),
    COUGH: Term(gettext_noop("Cough"), TO_3),
    DYSPNOEA: Term(gettext_noop("Dyspnea"), TO_5),
    "upper_respiratory_infection": Term(
        gettext_noop("Upper respiratory infection"), FROM_2
    ),
    "urinary_tract_infection": Term(
        gettext_noop("Urinary tract infection"),
        FROM_2,
        {2: ORAL, 3: gettext_noop("Intravenous antibiotic.")},
    ),
    "skin_infection": Term(gettext_noop("Skin infection"), TO_5),
    "lung_infection": Term(gettext_noop("Lung infection"), FROM_2, {3: IV_OR_HOSPITAL}),
    "oedema_limbs": Term(gettext_noop("Edema limbs"), TO_3),
    "arthralgia": Term(gettext_noop("Arthralgia"), TO_3),
    "pruritus": Term(gettext_noop("Pruritus"), TO_3),
    "wound_complication": Term(gettext_noop("Wound complication"), TO_5),
    "irregular_menstruation": Term(gettext_noop("Irregular menstruation"), TO_3),
    "menorrhagia": Term(gettext_noop("Menorrhagia"), TO_5),
    "epistaxis": Term(gettext_noop("Epistaxis"), TO_5),
    "oral_haemorrhage": Term(gettext_noop("Oral hemorrhage"), TO_5),
    PNEUMONITIS: Term(
        gettext_noop("Pneumonitis"),
        TO_5,
        {
            1: gettext_noop("Asymptomatic; seen on imaging only."),
            2: gettext_noop(
                "Symptomatic; intervention; limits instrumental activities."
            ),
            3: gettext_noop("Severe; limits self-care; oxygen."),
            4: gettext_noop("Life-threatening respiratory compromise."),
        },
    ),
    OTHER: Term(gettext_noop("Other, specify"), TO_5),
}
"""Stomatitis and diarrhoea lead (78 and 44 % of the Japanese package insert's patients
[V]); the others follow as a clinic here meets them, the lung last before `other`."""

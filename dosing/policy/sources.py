"""What the numbers rest on; the marks are explained in docs/sources.md."""

US_LABEL = "Sirolimus US prescribing information, dosage and administration [V]"
PROTOCOL = "The patient's protocol"
TABLETS = "Arithmetic of the doses that can be taken [D]"
CLINIC = "Design default, to be confirmed by your clinic [NV]"
DESIGN = "Design rule: inside the range nothing is changed [D]"
TIMING = "Derived from Wu 2012 and Mao 2024 profiles [D]"
ASSAYS = "Assay comparisons, PMID 19563794 [V]"

SERIES_RANGE = "Carolino 2025, methods; SILA and SIVA trials [V]"
ADAMS_RANGE = "Adams 2016 and Hammer 2018 [V]"
PERFORMUS_RANGE = "PERFORMUS 2021 [V]"

HOLD_PROPOSAL = "Design proposal, to be confirmed by your clinic [NV]"
LUNG_PROPOSAL = (
    "Proposal after the older Japanese package insert [V2], to be confirmed by your"
    " clinic [NV]"
)
SEVERE_EFFECT = (
    "Design rule [NV]: trials interrupted sirolimus for grades 3 and 4 (VASE) [V]"
)
JP_CONTRAINDICATIONS = "Rapalimus package insert (Japan), contraindications [V]"
JP_FORM_CHANGE = "Rapalimus package insert (Japan) 7.6: level on a change of form [V]"
JP_LIVER = "Rapalimus package insert (Japan) 7.3, moderate to severe impairment [V]"
JP_SURGERY = "Rapalimus FAQ 20496 (Japan): wound healing [V]"
HIGH_FAT_MEAL = "Zimmerman 1999, high-fat meal [V]"
MILD_LIVER = "Zimmerman 2005, Child-Pugh A [V]"
US_AVOID = "Sirolimus US prescribing information, section 7.2 [V]"

CASE_SERIES_RHYTHM = (
    "Case series of two adults [V]; its windows are design defaults [NV]"
)
JP_FIRST_LEVEL = "Rapalimus package insert (Japan), section 7.5 [V]"
MONTHLY_RHYTHM = (
    "Hammer 2018, visits [V]; first level JP label 7.5 [V]; MRI after SILA and SIVA"
    " [V]; windows are design defaults [NV]"
)
AFTER_CHANGE = "US label: 7 to 14 days after a change [V]"
SIGNED_DECISION = "A signed decision"

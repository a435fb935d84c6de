"""What the response rules rest on; docs/sources.md explains the marks."""

SERIES_NAME = (
    "Case series: smaller lesion (MRI area), and/or less pain, and/or better function"
)
SERIES_SHORT = "case series' rule"
SERIES_CITATION = (
    "Carolino 2025, methods: decrease in lesion size, and/or improvement in signs and"
    " symptoms, and/or improvement in function [V]; by how much is not said"
)
AREA_NAME = "Maximum MRI area at least 20 % smaller"
AREA_SHORT = "area 20 % smaller"
AREA_CITATION = "Area precedent: Japanese topical sirolimus, phase II [V2]"
VOLUME_NAME = "MRI volume at least 20 % smaller"
VOLUME_SHORT = "volume 20 % smaller"
VOLUME_CITATION = (
    "Volumetric response as in SILA and SIVA [V]; the cut of 20 % is not verified [NV]"
)

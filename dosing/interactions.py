"""Drugs that change sirolimus exposure: reviewed data with their sources.

`auc_ratio` is the exposure with the drug over that without; clearance is divided by
it. None where no size is published: the drug is known to act, not how much. The curve
counts it from its day on; no dose is suggested until a level after it has come (US
label 7.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Strength(StrEnum):
    STRONG_INHIBITOR = "strong inhibitor"
    INHIBITOR = "inhibitor"
    INDUCER = "inducer"
    STRONG_INDUCER = "strong inducer"


STRONG = {Strength.STRONG_INHIBITOR, Strength.STRONG_INDUCER}


@dataclass(frozen=True, slots=True)
class Interaction:
    """What one drug does, and who says so."""

    name: str
    strength: Strength
    auc_ratio: float | None
    source: str
    kind_of: str = ""
    """The drug of which this is one way of taking it."""

    is_avoided: bool = False
    """Whether the US label, section 7.2, says to avoid it with sirolimus [V]."""

    @property
    def same_as(self) -> str:
        return self.kind_of or self.name

    @property
    def clearance_factor(self) -> float:
        """What it multiplies CL/F by; 1 where no size is known."""
        return 1.0 if self.auc_ratio is None else 1.0 / self.auc_ratio

    @property
    def raises(self) -> bool:
        """Whether it raises the level."""
        return self.strength in {Strength.STRONG_INHIBITOR, Strength.INHIBITOR}

    @property
    def is_strong(self) -> bool:
        return self.strength in STRONG


AVOID = "Sirolimus US prescribing information, section 7.2 [V]"
REGIONAL = "Regional package inserts: direction [V], how strong [NV], no size given"

INTERACTIONS: Mapping[str, Interaction] = {
    "ketoconazole": Interaction(
        "Ketoconazole",
        Strength.STRONG_INHIBITOR,
        10.9,
        "Rapalimus package insert (Japan) 16.7.4 [V]",
        is_avoided=True,
    ),
    "voriconazole": Interaction(
        "Voriconazole",
        Strength.STRONG_INHIBITOR,
        None,
        "Contraindicated, Surowiec 2008 [V]; size not verified",
        is_avoided=True,
    ),
    "posaconazole": Interaction(
        "Posaconazole",
        Strength.STRONG_INHIBITOR,
        8.9,
        "Moton 2009, as quoted [V2]",
    ),
    "itraconazole": Interaction(
        "Itraconazole", Strength.STRONG_INHIBITOR, None, AVOID, is_avoided=True
    ),
    "clarithromycin": Interaction(
        "Clarithromycin", Strength.STRONG_INHIBITOR, None, AVOID, is_avoided=True
    ),
    "telithromycin": Interaction(
        "Telithromycin", Strength.STRONG_INHIBITOR, None, AVOID, is_avoided=True
    ),
    "ritonavir": Interaction(
        "Ritonavir",
        Strength.STRONG_INHIBITOR,
        38.0,
        "Derived from Zha 2022, with a 3D regimen [D]",
    ),
    "erythromycin": Interaction(
        "Erythromycin",
        Strength.STRONG_INHIBITOR,
        4.0,
        "Rapalimus package insert (Japan) 16.7.3 [V]",
        is_avoided=True,
    ),
    "ciclosporin": Interaction(
        "Ciclosporin at the same time",
        Strength.INHIBITOR,
        3.3,
        "Derived from Zimmerman 2003 [D]",
    ),
    "ciclosporin_4h": Interaction(
        "Ciclosporin 4 h before",
        Strength.INHIBITOR,
        1.9,
        "Derived from Zimmerman 2003 [D]",
        kind_of="Ciclosporin at the same time",
    ),
    "verapamil": Interaction(
        "Verapamil",
        Strength.INHIBITOR,
        2.16,
        "Rapalimus package insert (Japan) 16.7.2 [V]",
    ),
    "diltiazem": Interaction(
        "Diltiazem",
        Strength.INHIBITOR,
        1.6,
        "Rapalimus package insert (Japan) 16.7.1 [V]",
    ),
    "fluconazole": Interaction("Fluconazole", Strength.INHIBITOR, None, REGIONAL),
    "clotrimazole": Interaction("Clotrimazole", Strength.INHIBITOR, None, REGIONAL),
    "nicardipine": Interaction("Nicardipine", Strength.INHIBITOR, None, REGIONAL),
    "cimetidine": Interaction("Cimetidine", Strength.INHIBITOR, None, REGIONAL),
    "letermovir": Interaction("Letermovir", Strength.INHIBITOR, None, REGIONAL),
    "cannabidiol": Interaction(
        "Cannabidiol",
        Strength.INHIBITOR,
        None,
        "US label warning 5.21 (8/2022): that it exists [V], strength and size [NV]",
    ),
    "troleandomycin": Interaction("Troleandomycin", Strength.INHIBITOR, None, REGIONAL),
    "bromocriptine": Interaction("Bromocriptine", Strength.INHIBITOR, None, REGIONAL),
    "danazol": Interaction("Danazol", Strength.INHIBITOR, None, REGIONAL),
    "metoclopramide": Interaction("Metoclopramide", Strength.INHIBITOR, None, REGIONAL),
    "cisapride": Interaction("Cisapride", Strength.INHIBITOR, None, REGIONAL),
    "protease_inhibitor": Interaction(
        "Another HIV or HCV protease inhibitor", Strength.INHIBITOR, None, REGIONAL
    ),
    "cobicistat": Interaction(
        "Cobicistat",
        Strength.STRONG_INHIBITOR,
        None,
        "Treated like ritonavir, not verified [NV]",
    ),
    "grapefruit": Interaction("Grapefruit", Strength.INHIBITOR, None, REGIONAL),
    "wuzhi": Interaction(
        "Wuzhi capsule (Schisandra)",
        Strength.STRONG_INHIBITOR,
        None,
        "Mao 2024, no coefficient [V]",
    ),
    "silymarin": Interaction(
        "Silymarin",
        Strength.INHIBITOR,
        1 / 0.65,
        "Jiao 2009, CL/F x 0.65, confounded by liver disease [V]",
    ),
    "glycyrrhizin": Interaction(
        "Glycyrrhizin",
        Strength.INHIBITOR,
        1 / 0.66,
        "Jiao 2009, CL/F x 0.66, confounded by liver disease [V]",
    ),
    "rifampicin": Interaction(
        "Rifampicin",
        Strength.STRONG_INDUCER,
        0.18,
        "Tortorici, AUC x 0.18 [V]",
        is_avoided=True,
    ),
    "rifabutin": Interaction(
        "Rifabutin", Strength.STRONG_INDUCER, None, AVOID, is_avoided=True
    ),
    "rifapentine": Interaction("Rifapentine", Strength.STRONG_INDUCER, None, REGIONAL),
    "carbamazepine": Interaction(
        "Carbamazepine", Strength.STRONG_INDUCER, None, REGIONAL
    ),
    "phenobarbital": Interaction(
        "Phenobarbital", Strength.STRONG_INDUCER, None, REGIONAL
    ),
    "phenytoin": Interaction("Phenytoin", Strength.STRONG_INDUCER, None, REGIONAL),
    "st_johns_wort": Interaction(
        "St John's wort", Strength.STRONG_INDUCER, None, REGIONAL
    ),
    "oxcarbazepine": Interaction(
        "Oxcarbazepine", Strength.INDUCER, 1 / 1.16, "Chen 2021, CL/F x 1.16 [V]"
    ),
}

STRONG_DRUGS = tuple(code for code, drug in INTERACTIONS.items() if drug.is_strong)
"""After one of these turns, a level is drawn early."""

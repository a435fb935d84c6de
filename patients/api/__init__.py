"""Patients and what is true without the drug, for programs."""

from patients.api.fields import NoUnknownFields
from patients.api.routes import paths

__all__ = ["NoUnknownFields", "paths"]

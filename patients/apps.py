"""The name Django knows this room by."""

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "patients"

"""The name Django knows this room by."""

from django.apps import AppConfig


class DosingConfig(AppConfig):
    name = "dosing"

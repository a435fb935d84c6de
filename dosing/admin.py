"""Laboratories and protocols, set up by administrators through the service."""

from django.contrib import admin
from django.http import HttpRequest

from dosing.models import Laboratory, Protocol
from patients.admin import ServiceAdmin


@admin.register(Laboratory)
class LaboratoryAdmin(ServiceAdmin):
    list_display = ("name", "site", "method", "unit", "lower_limit_ng_per_ml", "matrix")


@admin.register(Protocol)
class ProtocolAdmin(ServiceAdmin):
    """A protocol is never changed: a new version is added beside it."""

    list_display = ("name", "version", "citation")

    def has_change_permission(
        self, request: HttpRequest, obj: Protocol | None = None
    ) -> bool:
        return False

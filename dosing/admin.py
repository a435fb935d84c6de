"""Laboratories and protocols, set up by administrators through the service."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from dosing.models import Laboratory, Protocol, ReferenceRange
from patients.admin import ServiceAdmin, own_sites


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


@admin.register(ReferenceRange)
class ReferenceRangeAdmin(ServiceAdmin):
    """What the laboratories of one's own clinics call normal, and from when on."""

    list_display = ("laboratory", "analyte", "low", "high", "sex", "from_on")
    list_filter = ("analyte",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[ReferenceRange]:
        own = ReferenceRange.objects.filter(laboratory__site__in=own_sites(request))
        return own.select_related("laboratory")

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **options: Any
    ) -> Any:
        options["queryset"] = Laboratory.objects.filter(site__in=own_sites(request))
        return super().formfield_for_foreignkey(db_field, request, **options)

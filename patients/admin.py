"""Clinics and staff, set up by administrators; every save goes through the service."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.forms import BaseUserCreationForm
from django.db import models
from django.forms import BaseForm
from django.http import HttpRequest

from patients import services
from patients.models import Role, Site, Staff


class ServiceAdmin(admin.ModelAdmin):
    """Nothing is deleted here, and nothing is saved past the audit."""

    actions = None

    def has_delete_permission(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: Any, form: BaseForm, change: bool
    ) -> None:
        services.save_configuration(record=obj, actor=request.user)  # type: ignore[arg-type]


@admin.register(Site)
class SiteAdmin(ServiceAdmin):
    list_display = ("name", "time_zone", "stocked_strengths_mg")


class NewStaffForm(BaseUserCreationForm):
    class Meta:
        model = Staff
        fields = ("username", "first_name", "last_name", "role", "sites")


@admin.register(Staff)
class StaffAdmin(ServiceAdmin):
    list_display = ("username", "first_name", "last_name", "role", "is_active")
    list_filter = ("role", "is_active")
    fields = ("username", "first_name", "last_name", "role", "sites", "is_active")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Staff]:
        return Staff.objects.exclude(role=Role.API_CLIENT)

    def get_form(
        self,
        request: HttpRequest,
        obj: Staff | None = None,
        change: bool = False,
        **options: Any,
    ) -> Any:
        if obj is None:
            options = {**options, "form": NewStaffForm, "fields": None}
        return super().get_form(request, obj, change, **options)

    def get_fieldsets(self, request: HttpRequest, obj: Staff | None = None) -> Any:
        if obj is None:
            names = [*NewStaffForm.Meta.fields, "password1", "password2"]
            return [(None, {"fields": names})]
        return super().get_fieldsets(request, obj)

    def save_model(
        self, request: HttpRequest, obj: Staff, form: BaseForm, change: bool
    ) -> None:
        obj.is_staff = obj.role == Role.ADMIN
        super().save_model(request, obj, form, change)

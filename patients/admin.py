"""Clinics and staff, set up by administrators; every save goes through the service."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.forms import BaseUserCreationForm
from django.db import models
from django.db.models import Q
from django.forms import BaseForm, ChoiceField, ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from patients import services
from patients.models import ClosedDay, QuantityLimit, Role, Site, Staff


def own_sites(request: HttpRequest) -> models.QuerySet[Site]:
    """Return the clinics of the administrator who asks."""
    return Site.objects.filter(staff__username=request.user.get_username())


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
    """The clinics that an administrator belongs to; a new one becomes theirs."""

    list_display = ("name", "time_zone", "stocked_strengths_mg")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Site]:
        return own_sites(request)

    def save_model(
        self, request: HttpRequest, obj: Site, form: BaseForm, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            mine = Staff.objects.get(username=request.user.get_username())
            services.save_configuration(
                record=mine, actor=mine, sites=[*mine.sites.all(), obj]
            )


HUMAN_ROLES = [choice for choice in Role.choices if choice[0] != Role.API_CLIENT]


class StaffForm(ModelForm):
    """An account; nobody widens their own rights."""

    asker: Staff

    role = ChoiceField(label=_("role"), choices=HUMAN_ROLES)

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        if self.instance.pk == self.asker.pk:
            for name in ("role", "sites"):
                if name in self.changed_data:
                    self.add_error(
                        name, _("Ask another administrator to change your own rights.")
                    )
        return facts


class NewStaffForm(BaseUserCreationForm):
    role = ChoiceField(label=_("role"), choices=HUMAN_ROLES)

    class Meta:
        model = Staff
        fields = ("username", "first_name", "last_name", "role", "sites")


@admin.register(Staff)
class StaffAdmin(ServiceAdmin):
    list_display = ("username", "first_name", "last_name", "role", "is_active")
    list_filter = ("role", "is_active")
    fields = ("username", "first_name", "last_name", "role", "sites", "is_active")
    form = StaffForm

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Staff]:
        """Show the accounts of one's own clinics, and those of none."""
        mine = Q(sites__in=own_sites(request)) | Q(sites=None)
        people = Staff.objects.exclude(role=Role.API_CLIENT)
        return people.filter(mine).distinct()

    def formfield_for_manytomany(
        self, db_field: models.ManyToManyField, request: HttpRequest, **options: Any
    ) -> Any:
        if db_field.name == "sites":
            options["queryset"] = own_sites(request)
        return super().formfield_for_manytomany(db_field, request, **options)

    def get_form(
        self,
        request: HttpRequest,
        obj: Staff | None = None,
        change: bool = False,
        **options: Any,
    ) -> Any:
        if obj is None:
            options = {**options, "form": NewStaffForm, "fields": None}
        form: Any = super().get_form(request, obj, change, **options)
        form.asker = request.user
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Staff | None = None) -> Any:
        if obj is None:
            names = [*NewStaffForm.Meta.fields, "password1", "password2"]
            return [(None, {"fields": names})]
        return super().get_fieldsets(request, obj)

    def save_model(
        self, request: HttpRequest, obj: Staff, form: BaseForm, change: bool
    ) -> None:
        obj.is_staff = obj.role == Role.ADMIN
        unseen = obj.sites.exclude(pk__in=own_sites(request)) if change else ()
        services.save_configuration(
            record=obj,
            actor=request.user,  # type: ignore[arg-type]
            sites=[*form.cleaned_data["sites"], *unseen],
        )

    def save_related(self, *_facts: Any, **_options: Any) -> None:
        """Leave the clinics as the service has just stored them."""


@admin.register(ClosedDay)
class ClosedDayAdmin(ServiceAdmin):
    """The days on which one's own clinics are closed; a mistaken one is removed."""

    list_display = ("day", "site", "why")
    list_filter = ("site",)
    ordering = ("-day",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[ClosedDay]:
        return ClosedDay.objects.filter(site__in=own_sites(request))

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **options: Any
    ) -> Any:
        options["queryset"] = own_sites(request)
        return super().formfield_for_foreignkey(db_field, request, **options)

    def has_delete_permission(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> bool:
        return request.user.has_perm("patients.delete_closedday")

    def delete_model(self, request: HttpRequest, obj: ClosedDay) -> None:
        services.remove_closed_day(closed=obj, actor=request.user)  # type: ignore[arg-type]


@admin.register(QuantityLimit)
class QuantityLimitAdmin(ServiceAdmin):
    """What cannot be true, and what is abnormal, at one's own clinics."""

    list_display = (
        "site",
        "quantity",
        "low",
        "high",
        "abnormal_below",
        "abnormal_from",
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[QuantityLimit]:
        return QuantityLimit.objects.filter(site__in=own_sites(request))

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **options: Any
    ) -> Any:
        options["queryset"] = own_sites(request)
        return super().formfield_for_foreignkey(db_field, request, **options)

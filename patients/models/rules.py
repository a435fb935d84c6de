"""Rules that several tables share: what a text may hold, what never goes away."""

from collections import defaultdict
from typing import TypeVar

import pghistory
import pgtrigger
from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import RegexValidator
from django.db import IntegrityError, models
from django.db.models import Q
from django.db.models.functions import Length, Trim
from django.utils.translation import gettext_lazy as _

models.CharField.register_lookup(Length)
models.CharField.register_lookup(Trim)

Table = TypeVar("Table", bound=type[models.Model])

YEARS = range(1900, 2200)
"""Years that a clock of a clinic can show."""


def every_version_kept(table: Table) -> Table:
    """Let the database keep each version of each row; the audit says who and why."""
    tracked: Table = pghistory.track(context_field=None, append_only=True)(table)  # type: ignore[arg-type]
    return tracked


never_deleted = pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)
never_changed = pgtrigger.Protect(
    name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete
)


def noted_in(condition: str) -> pgtrigger.Trigger:
    """Keep in `changed_in` which transaction wrote what programs are told of a row.

    It is for rows that a clock writes, of which the audit has no line.
    """
    return pgtrigger.Trigger(
        name="noted_in",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=f"""
            IF TG_OP = 'INSERT' OR {condition} THEN
                NEW.changed_in = pg_current_xact_id()::text::bigint;
            ELSE
                NEW.changed_in = OLD.changed_in;
            END IF;
            RETURN NEW;
        """,
    )


def after_each(
    name: str, func: str, *operations: pgtrigger.core.Operation
) -> list[pgtrigger.Trigger]:
    """Return triggers that run `func` once after each statement that writes rows.

    It finds those rows, as they are now, in `changed`.
    """
    return [
        pgtrigger.Trigger(
            name=f"{name}_{operation}".lower(),
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(new="changed"),  # type: ignore[no-untyped-call]
            func=f"{func} RETURN NULL;",
        )
        for operation in operations
    ]


plain_text = RegexValidator(
    r"^[^\x00-\x08\x0b-\x1f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]*\Z",
    _("Contains an invisible control character. Type the text again."),
    code="control_character",
)


def filled(field: str) -> Q:
    """Say that a text has at least one character that is no space."""
    return Q(**{f"{field}__trim__length__gt": 0})


def refusal_of(error: IntegrityError) -> ValidationError:
    """Say in words which rule the database kept, when someone else was faster.

    Raises the error again where it is none of our rules.
    """
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return ValidationError(
                    constraint.get_violation_error_message(),
                    code=constraint.violation_error_code,
                )
    raise error


ABOUT = "about:"


def about(field: str) -> str:
    """Return the error code by which a constraint names the field it is about."""
    return f"{ABOUT}{field}"


def errors_by_field(refusal: ValidationError) -> dict[str, list[ValidationError]]:
    """Sort what a service said by the field it is about."""
    if hasattr(refusal, "error_dict"):
        said = refusal.error_dict
    else:
        said = {NON_FIELD_ERRORS: refusal.error_list}
    found = defaultdict(list)
    for name, errors in said.items():
        for error in errors:
            code = error.code or ""
            field = code.removeprefix(ABOUT) if code.startswith(ABOUT) else name
            found[field].append(error)
    return found

"""How the code describes the API: scopes, versions, keys and every refusal."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers


class SaidSerializer(serializers.Serializer):
    """One error: where, which, in words; `confirm` is what to send back."""

    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()
    confirm = serializers.CharField(required=False)


class ProblemSerializer(serializers.Serializer):
    """RFC 9457; `errors` point at fields."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(required=False)
    code = serializers.CharField(required=False)
    errors = SaidSerializer(many=True, required=False)  # type: ignore[assignment]


READING = (400, 401, 403, 404, 406, 414, 429, 503)
WRITING = (*READING, 408, 409, 413, 415, 422)
CHANGING = (412, 428)
CONDITIONAL = ("asked", "noun")
"""A view that has both of these changes a record by its version."""

KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,80}$"},
    OpenApiParameter.HEADER,
    description="The same key and body again gives the first answer, for 24 hours.",
)
VERSION = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": '^W/"[0-9]{1,9}"$'},
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag of the version that is changed.",
)
HELD = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of what you hold: 304 while it is still so.",
)


def any_of(result: Any, **context: Any) -> Any:
    """Say that a text may be blank by a list of which more than one may hold."""
    if isinstance(result, dict):
        named = {"anyOf" if name == "oneOf" else name: result[name] for name in result}
        return {name: any_of(value) for name, value in named.items()}
    return [any_of(each) for each in result] if isinstance(result, list) else result


class Description(AutoSchema):
    """Adds to each operation what all of them share."""

    @property
    def writes(self) -> bool:
        return self.method in {"POST", "PUT"}

    @property
    def is_change(self) -> bool:
        return self.writes and all(hasattr(self.view, name) for name in CONDITIONAL)

    @property
    def may_be_held(self) -> bool:
        return self.method == "GET" and getattr(self.view, "has_tag", False)

    def get_description(self) -> str:  # type: ignore[override]
        said: str = super().get_description() or ""
        scope = getattr(self.view, "scopes", {}).get(self.method)
        return f"{said}\n\nScope: `{scope}`." if scope else said

    def get_override_parameters(self) -> list[Any]:
        found = [*super().get_override_parameters()]
        if self.method == "POST" and not getattr(self.view, "only_reads", False):
            found.append(KEY)
        if self.is_change:
            found.append(VERSION)
        if self.may_be_held:
            found.append(HELD)
        return found

    def get_request_serializer(self) -> Any:
        asked = getattr(self.view, "asked", None)
        return asked if self.writes and asked else super().get_request_serializer()

    def get_response_serializers(self) -> Any:
        shown = getattr(self.view, "shown", None)
        if not (self.writes and shown):
            return super().get_response_serializers()
        return {200 if hasattr(self.view, "noun") else 201: shown}

    def get_operation(self, *args: Any, **options: Any) -> Any:
        operation = super().get_operation(*args, **options)
        if operation:
            if self.may_be_held:
                operation["responses"]["304"] = {"description": "It is still so."}
            for status in self.refusals:
                code = str(status)
                said = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    ProblemSerializer, code, media_types=["application/problem+json"]
                )
                phrase = HTTPStatus(status).phrase
                operation["responses"][code] = {**said, "description": phrase}
        return operation

    @property
    def refusals(self) -> tuple[int, ...]:
        return (
            *(WRITING if self.writes else READING),
            *(CHANGING if self.is_change else ()),
        )

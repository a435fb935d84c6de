"""JSON as it was written: nothing is guessed, nothing is read as something else."""

import codecs
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.parsers import JSONParser

DEEPEST = 20
MOST_DIGITS = 20
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class CodedError(exceptions.UnsupportedMediaType):
    default_detail = gettext_lazy("Send JSON in UTF-8, without Content-Encoding.")


class StrictJSONParser(JSONParser):
    """JSON where every key stands once and every number is a decimal as written."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        raw = stream.read()
        if raw.startswith(UTF_16):
            raise CodedError(media_type or "", detail=CodedError.default_detail)
        try:
            text = raw.decode("utf-8")
            if max_depth(text) > DEEPEST:
                words = _("The document is nested too deeply.")
                raise exceptions.ParseError(words, code="too_deep")
            return whole_text(
                json.loads(
                    text,
                    object_pairs_hook=once_each,
                    parse_float=Decimal,
                    parse_int=whole,
                    parse_constant=no_constant,
                )
            )
        except UnicodeDecodeError as error:
            raise exceptions.ParseError(_("The document is not UTF-8.")) from error
        except ValueError as error:
            raise exceptions.ParseError(
                _("The document is not JSON: %(why)s") % {"why": error}
            ) from error


def whole_text(document: Any) -> Any:
    """Refuse half of a character, which no answer could show."""
    json.dumps(document, ensure_ascii=False, default=str).encode()
    return document


TEXTS = re.compile(r'"(?:\\.|[^"\\])*"')


def max_depth(text: str) -> int:
    depth = deepest = 0
    for sign in TEXTS.sub("", text):
        depth += (sign in "[{") - (sign in "]}")
        deepest = max(deepest, depth)
    return deepest


def once_each(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        words = _("The key %(key)s stands more than once.") % {"key": ascii(twice)}
        raise exceptions.ParseError(words, code="duplicate_key")
    return found


def whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(_("a number is too long"))
    return int(digits)


def no_constant(name: str) -> None:
    raise ValueError(_("%(name)s is not a number") % {"name": name})

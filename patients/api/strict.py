"""What every view for programs shares, whatever it shows."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from patients.rest import check_request


class StrictView(APIView):
    """A view that ignores nothing it is sent."""

    parameters: ClassVar[frozenset[str]] = frozenset()

    def initial(self, request: Request, *args: Any, **parts: Any) -> None:
        super().initial(request, *args, **parts)
        check_request(request, self.parameters)

    def http_method_not_allowed(
        self, request: Any, *args: Any, **parts: Any
    ) -> Response:
        if request.method == "DELETE":
            raise exceptions.MethodNotAllowed(
                "DELETE", _("Nothing is deleted: withdraw what was entered in error.")
            )
        return super().http_method_not_allowed(request, *args, **parts)

"""Operations that make a secret, which is shown on the page that follows: nowhere else, and not again."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.admin.acting import Text
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm


class Telling[Made: Model](ReadOnly):
    """A table with such operations. ``telling_title`` and ``telling_explanation`` stand beside the secret."""

    telling_title: ClassVar[Text]
    telling_explanation: ClassVar[Text]

    def telling(
        self,
        request: HttpRequest,
        *,
        title: Text,
        form: type[OperationForm],
        do: Callable[[dict[str, Any]], tuple[Made, str]],
        touched: Made | None = None,
        sensitive: bool = False,
        explanation: Text = "",
    ) -> HttpResponse:
        """Ask for the operation ``do``; show the secret that it returns beside its row."""
        made: list[tuple[Made, str]] = []

        def perform(data: dict[str, Any]) -> str:
            made.append(do(data))
            return self.detail_url(made[0][0])

        answer = self.operation_page(
            request,
            title=title,
            explanation=explanation,
            form=form,
            perform=perform,
            touched=[] if touched is None else [touched],
            back=self.list_url() if touched is None else self.detail_url(touched),
            sensitive=sensitive,
        )
        if not made:
            return answer
        row, secret = made[0]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.telling_title,
            "explanation": self.telling_explanation,
            "secret": secret,
            "next": self.detail_url(row),
        }
        return TemplateResponse(request, "admin/told_once.html", context)

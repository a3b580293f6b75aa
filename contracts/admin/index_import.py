"""The import of index values in the admin: a file, the preview with every correction shown, its confirmation."""

import hashlib
import secrets
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from accounts.admin.acting import Acting, actor_of
from accounts.errors import FieldError, InvalidInput
from accounts.models import User
from accounts.operations import clock
from accounts.rules.permissions import Permission
from contracts.operations import indices
from contracts.portfolio import index_values

# Between preview and confirmation the file waits in the cache, in memory only, and is forgotten by itself.
KEPT_SECONDS = 15 * 60
SHOWN = 200


class ValuesForm(forms.Form):
    """The file."""

    file = forms.FileField(label=gettext_lazy("CSV file"), widget=UnfoldAdminFileFieldWidget, allow_empty_file=True)


class IndexImporting(Acting):
    """Adds the import's page to the admin of index values."""

    import_template: ClassVar[str] = "admin/import_index.html"
    actions_list = ("import_values",)

    def get_urls(self) -> list[URLPattern]:
        own = path("import/", self.admin_site.admin_view(self.import_view), name="contracts_indexvalue_import")
        return [own, *super().get_urls()]

    @action(
        description=gettext_lazy("Import index values"),
        permissions=[Permission.MANAGE_INDICES.value],
        url_path="import-values",
    )
    def import_values(self, request: HttpRequest) -> HttpResponse:
        """Lead from the list to the import's page."""
        return HttpResponseRedirect(self.import_url())

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for the file, show what it would do, and do it once that is confirmed."""
        user = request.user
        if not isinstance(user, User) or not user.has_perm(Permission.MANAGE_INDICES):
            raise PermissionDenied
        if request.method == "POST" and "confirmed" in request.POST:
            return self._confirmed(request, user)
        form = ValuesForm(request.POST or None, request.FILES or None)
        if request.method != "POST" or not form.is_valid():
            return self._page(request, form=form)
        content = form.cleaned_data["file"].read(index_values.MAX_BYTES + 1)
        try:
            plan = indices.preview(index_values.read(content), now=clock.instant())
        except InvalidInput as error:
            return self._page(request, form=form, errors=error.errors)
        token = ""
        if plan.writes and not plan.errors:
            token = secrets.token_urlsafe(16)
            cache.set(_key(user, token), content, KEPT_SECONDS)
        return self._page(request, plan=plan, token=token, errors=plan.errors)

    def _confirmed(self, request: HttpRequest, user: User) -> HttpResponse:
        key = _key(user, request.POST.get("token", ""))
        content = cache.get(key)
        if content is None:
            messages.error(request, _("The file was not kept longer than 15 minutes: choose it again."))
            return HttpResponseRedirect(self.import_url())
        try:
            plan = indices.run(content, now=clock.instant(), by=actor_of(request))
        except InvalidInput as error:
            return self._page(request, form=ValuesForm(), errors=error.errors)
        cache.delete(key)
        messages.success(request, _outcomes(plan.counts()))
        return HttpResponseRedirect(self.list_url())

    def _page(
        self,
        request: HttpRequest,
        *,
        form: ValuesForm | None = None,
        plan: indices.Plan | None = None,
        token: str = "",
        errors: Any = (),
    ) -> HttpResponse:
        values = plan.values if plan is not None else []
        # Corrections and faults first: they are what somebody must look at.
        weight = [indices.Outcome.REFUSED, indices.Outcome.CORRECTED, indices.Outcome.CREATED, indices.Outcome.SAME]
        shown = sorted(values, key=lambda value: (weight.index(value.outcome), value.entry.row))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Import index values"),
            "form": form,
            "media": self.media + (form.media if form is not None else forms.Media()),
            "items": [_shown(value) for value in shown[:SHOWN]],
            "more": max(0, len(values) - SHOWN),
            "totals": _outcomes(plan.counts()) if plan is not None else "",
            "errors": [_note(error) for error in list(errors)[:SHOWN]],
            "token": token,
            "back": self.import_url() if plan is not None else self.list_url(),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.import_template, context)

    def import_url(self) -> str:
        """Return the address of the page."""
        return reverse("admin:contracts_indexvalue_import")


_OUTCOMES = {
    "created": gettext_lazy("new"),
    "corrected": gettext_lazy("corrected"),
    "same": gettext_lazy("unchanged"),
    "refused": gettext_lazy("refused"),
}


def _shown(value: indices.PlannedValue) -> dict[str, Any]:
    corrects = value.current if value.outcome is indices.Outcome.CORRECTED else None
    return {
        "row": value.entry.row,
        "series": value.entry.series,
        "period": value.entry.period,
        "value": f"{value.entry.value:f}",
        "published_on": value.entry.published_on,
        "outcome": _OUTCOMES[value.outcome.value],
        "refused": value.outcome is indices.Outcome.REFUSED,
        "before": f"{corrects.value.normalize():f}" if corrects is not None else "",
        "before_on": corrects.published_on if corrects is not None else None,
        "notes": [_note(error) for error in value.errors],
    }


def _outcomes(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {_OUTCOMES[outcome]}" for outcome, count in counts.items())


def _note(error: FieldError) -> str:
    return str(InvalidInput([error]))


def _key(user: User, token: str) -> str:
    return f"index-import:{user.public_id}:{hashlib.sha256(token.encode()).hexdigest()}"

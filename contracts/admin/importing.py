"""The portfolio's import in the admin: a file, the preview of what it would do row by row, and its confirmation."""

import hashlib
import secrets
from io import BytesIO
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
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanSwitchWidget

from accounts.admin.acting import Acting, actor_of
from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import User
from accounts.operations import clock
from accounts.rules.permissions import Permission
from contracts import portfolio
from contracts.operations import importing

LARGEST = 10 * 1024 * 1024
# Between preview and confirmation the file waits in the cache, in memory only, and is forgotten by itself.
KEPT_SECONDS = 15 * 60
SHOWN = 200


class ImportForm(forms.Form):
    """The file; and whether what has no fault may be imported without the rest."""

    file = forms.FileField(label=gettext_lazy("CSV or XLSX file"), widget=UnfoldAdminFileFieldWidget)
    partial = forms.BooleanField(
        label=gettext_lazy("Import what has no fault, even if other rows have one"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )

    def clean_file(self) -> Any:
        """Refuse a file that is too large to wait for its confirmation here."""
        found = self.cleaned_data["file"]
        if not found.size or found.size > LARGEST:
            raise forms.ValidationError(_("At most 10 MiB here; for more use: manage.py import_portfolio FILE"))
        return found


class Importing(Acting):
    """Adds the import's page to an admin of contracts."""

    import_template: ClassVar[str] = "admin/import_portfolio.html"
    actions_list = ("import_portfolio",)

    def get_urls(self) -> list[URLPattern]:
        own = path("import/", self.admin_site.admin_view(self.import_view), name="contracts_contract_import")
        return [own, *super().get_urls()]

    @action(
        description=gettext_lazy("Import a portfolio"),
        permissions=[Permission.IMPORT_PORTFOLIO.value],
        url_path="import-portfolio",
    )
    def import_portfolio(self, request: HttpRequest) -> HttpResponse:
        """Lead from the list to the import's page."""
        return HttpResponseRedirect(self.import_url())

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for the file, show what it would do, and do it once that is confirmed."""
        user = request.user
        if not isinstance(user, User) or not user.has_perm(Permission.IMPORT_PORTFOLIO):
            raise PermissionDenied
        if request.method == "POST" and "confirmed" in request.POST:
            return self._confirmed(request, user)
        form = ImportForm(request.POST or None, request.FILES or None)
        if request.method != "POST" or not form.is_valid():
            return self._page(request, form=form)
        upload = form.cleaned_data["file"]
        content = upload.read()
        partial = bool(form.cleaned_data["partial"])
        try:
            plan = importing.preview(portfolio.read(BytesIO(content), filename=str(upload.name)), now=clock.instant())
        except InvalidInput as error:
            return self._page(request, form=form, errors=error.errors)
        token = secrets.token_urlsafe(16)
        cache.set(_key(user, token), (str(upload.name), content, partial), KEPT_SECONDS)
        possible = plan.writes and (not plan.errors or (partial and not plan.cut_short))
        return self._page(request, plan=plan, token=token if possible else "", errors=plan.errors)

    def _confirmed(self, request: HttpRequest, user: User) -> HttpResponse:
        key = _key(user, request.POST.get("token", ""))
        kept = cache.get(key)
        if kept is None:
            messages.error(request, _("The file was not kept longer than 15 minutes: choose it again."))
            return HttpResponseRedirect(self.import_url())
        name, content, partial = kept
        try:
            plan = importing.run(
                portfolio.read(BytesIO(content), filename=name),
                now=clock.instant(),
                by=actor_of(request),
                partial=partial,
                sha256=hashlib.sha256(content).hexdigest(),
            )
        except InvalidInput as error:
            return self._page(request, form=ImportForm(), errors=error.errors)
        except Refused as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(self.import_url())
        cache.delete(key)
        for what, counts in plan.counts().items():
            messages.success(request, f"{_NAMES[what]}: {_outcomes(counts)}")
        return HttpResponseRedirect(self.list_url())

    def _page(
        self,
        request: HttpRequest,
        *,
        form: ImportForm | None = None,
        plan: importing.Plan | None = None,
        token: str = "",
        errors: Any = (),
    ) -> HttpResponse:
        items = list(plan.items()) if plan is not None else []
        shown = [
            {
                "row": item.row,
                "what": _NAMES[importing.PLURALS[item.group]],
                "key": item.key,
                "outcome": _OUTCOMES[item.outcome.value],
                "refused": item.outcome is importing.Outcome.REFUSED,
                "columns": ", ".join(item.columns),
                "notes": [_note(note) for note in (*item.errors, *item.warnings)],
            }
            for item in items[:SHOWN]
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Import a portfolio"),
            "form": form,
            "media": self.media + (form.media if form is not None else forms.Media()),
            "items": shown,
            "more": max(0, len(items) - SHOWN),
            "totals": [(_NAMES[what], _outcomes(counts)) for what, counts in (plan.counts().items() if plan else ())],
            "errors": [_note(error) for error in list(errors)[:SHOWN]],
            "token": token,
            "back": self.import_url() if plan is not None else self.list_url(),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.import_template, context)

    def import_url(self) -> str:
        """Return the address of the page."""
        return reverse("admin:contracts_contract_import")


_NAMES = {
    "organizations": gettext_lazy("Organizations"),
    "contracts": gettext_lazy("Contracts"),
    "users": gettext_lazy("Licensed users"),
}
_OUTCOMES = {
    "created": gettext_lazy("new"),
    "changed": gettext_lazy("changed"),
    "same": gettext_lazy("unchanged"),
    "refused": gettext_lazy("refused"),
}


def _outcomes(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {_OUTCOMES[outcome]}" for outcome, count in counts.items())


def _note(error: FieldError) -> str:
    return str(InvalidInput([error]))


def _key(user: User, token: str) -> str:
    return f"portfolio-import:{user.public_id}:{hashlib.sha256(token.encode()).hexdigest()}"

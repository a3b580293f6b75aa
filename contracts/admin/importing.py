"""The portfolio's import in the admin: organizations with their contracts and people."""

import hashlib
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanSwitchWidget

from accounts.operations import clock
from accounts.rules.permissions import Permission
from accounts.wording import colon
from contracts import portfolio
from contracts.admin.import_page import OUTCOMES, ImportPage, note, outcomes
from contracts.operations import importing

LARGEST = 10 * 1024 * 1024
# What waits for its confirmation: the file's name, its content, and whether it may be imported in part.
type Kept = tuple[str, bytes, bool]


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


class Importing(ImportPage):
    """Adds the import's page to an admin of contracts."""

    import_template = "admin/import_portfolio.html"
    import_title = gettext_lazy("Import a portfolio")
    import_right = Permission.IMPORT_PORTFOLIO
    import_form = ImportForm
    actions_list = ("import_portfolio",)

    @action(
        description=gettext_lazy("Import a portfolio"),
        permissions=[Permission.IMPORT_PORTFOLIO.value],
        url_path="import-portfolio",
    )
    def import_portfolio(self, request: HttpRequest) -> HttpResponse:
        """Lead from the list to the import's page."""
        return HttpResponseRedirect(self.import_url())

    def taken(self, form: Any) -> Kept:
        upload = form.cleaned_data["file"]
        return str(upload.name), upload.read(), bool(form.cleaned_data["partial"])

    def planned(self, kept: Kept) -> importing.Plan:
        name, content, _partial = kept
        return importing.preview(portfolio.read(BytesIO(content), filename=name), now=clock.instant())

    def is_possible(self, plan: importing.Plan, kept: Kept) -> bool:
        partial = kept[2]
        return bool(plan.writes and (not plan.errors or (partial and not plan.cut_short)))

    def done(self, kept: Kept, *, by: str) -> Iterable[str]:
        name, content, partial = kept
        plan = importing.run(
            portfolio.read(BytesIO(content), filename=name),
            now=clock.instant(),
            by=by,
            partial=partial,
            sha256=hashlib.sha256(content).hexdigest(),
        )
        return [f"{colon(_NAMES[what])} {outcomes(counts)}" for what, counts in plan.counts().items()]

    def rows(self, plan: importing.Plan) -> list[dict[str, Any]]:
        return [
            {
                "row": item.row,
                "what": _NAMES[importing.PLURALS[item.group]],
                "key": item.key,
                "outcome": OUTCOMES[item.outcome.value],
                "refused": item.outcome is importing.Outcome.REFUSED,
                "columns": ", ".join(item.columns),
                "notes": [note(fault) for fault in (*item.errors, *item.warnings)],
            }
            for item in plan.items()
        ]

    def totals(self, plan: importing.Plan) -> list[tuple[Any, str]]:
        return [(_NAMES[what], outcomes(counts)) for what, counts in plan.counts().items()]


_NAMES = {
    "organizations": gettext_lazy("Organizations"),
    "contracts": gettext_lazy("Contracts"),
    "users": gettext_lazy("Licensed users"),
}

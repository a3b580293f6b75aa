"""The import of index values in the admin: every correction is shown before it is made."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from accounts.operations import clock
from accounts.rules.permissions import Permission
from contracts.admin.import_page import OUTCOMES, ImportPage, note, outcomes
from contracts.operations import indices
from contracts.portfolio import index_values


class ValuesForm(forms.Form):
    """The file."""

    file = forms.FileField(label=gettext_lazy("CSV file"), widget=UnfoldAdminFileFieldWidget, allow_empty_file=True)


class IndexImporting(ImportPage):
    """Adds the import's page to the admin of index values."""

    import_template = "admin/import_index.html"
    import_title = gettext_lazy("Import index values")
    import_right = Permission.MANAGE_INDICES
    import_form = ValuesForm
    actions_list = ("import_values",)

    @action(
        description=gettext_lazy("Import index values"),
        permissions=[Permission.MANAGE_INDICES.value],
        url_path="import-values",
    )
    def import_values(self, request: HttpRequest) -> HttpResponse:
        """Lead from the list to the import's page."""
        return HttpResponseRedirect(self.import_url())

    def taken(self, form: Any) -> bytes:
        return bytes(form.cleaned_data["file"].read(index_values.MAX_BYTES + 1))

    def planned(self, kept: bytes) -> indices.Plan:
        return indices.preview(index_values.read(kept), now=clock.instant())

    def is_possible(self, plan: indices.Plan, kept: bytes) -> bool:
        return bool(plan.writes and not plan.errors)

    def done(self, kept: bytes, *, by: str) -> Iterable[str]:
        yield outcomes(indices.run(kept, now=clock.instant(), by=by).counts())

    def rows(self, plan: indices.Plan) -> list[dict[str, Any]]:
        # Corrections and faults first: they are what somebody must look at.
        weight = [indices.Outcome.REFUSED, indices.Outcome.CORRECTED, indices.Outcome.CREATED, indices.Outcome.SAME]
        ordered = sorted(plan.values, key=lambda value: (weight.index(value.outcome), value.entry.row))
        return [_shown(value) for value in ordered]

    def totals(self, plan: indices.Plan) -> str:
        return outcomes(plan.counts())


def _shown(value: indices.PlannedValue) -> dict[str, Any]:
    corrects = value.current if value.outcome is indices.Outcome.CORRECTED else None
    return {
        "row": value.entry.row,
        "series": value.entry.series,
        "period": value.entry.period,
        "value": f"{value.entry.value:f}",
        "published_on": value.entry.published_on,
        "outcome": OUTCOMES[value.outcome.value],
        "refused": value.outcome is indices.Outcome.REFUSED,
        "before": f"{corrects.value.normalize():f}" if corrects is not None else "",
        "before_on": corrects.published_on if corrects is not None else None,
        "notes": [note(error) for error in value.errors],
    }

"""The admin of price indices: series named and linked; values looked at, and imported with a preview."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import display

from accounts.admin.acting import act, actor_of
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.operations import clock
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.admin.index_import import IndexImporting
from contracts.models import IndexLink, IndexSeries, IndexValue
from contracts.operations import indices


class SeriesForm(OperationForm):
    """A series as its publisher names it."""

    code = forms.CharField(label=_("Code"), max_length=40, help_text=_("What the file of values calls it"))
    name = forms.CharField(label=_("Name"), max_length=200)
    publisher = forms.CharField(label=_("Publisher"), max_length=200)
    country = forms.CharField(label=_("Country"), max_length=2, help_text=_("Two capital letters, such as FR"))
    unit = forms.CharField(label=_("Unit"), max_length=80, required=False, help_text=_("Such as 2015 = 100"))
    periodicity = forms.ChoiceField(label=_("One value per"), choices=labels.INDEX_PERIODICITY)
    longest_delay_months = forms.IntegerField(
        label=_("Longest delay (months)"),
        min_value=1,
        max_value=indices.LONGEST_DELAY,
        required=False,
        help_text=_("A latest value whose period began longer ago counts as missing: nobody guesses"),
    )


class LinkForm(OperationForm):
    """What replaces a series."""

    new_series = forms.ModelChoiceField(label=_("New series"), queryset=IndexSeries.objects.order_by("code"))
    coefficient = forms.DecimalField(
        label=_("Coefficient"),
        max_digits=14,
        decimal_places=8,
        help_text=_("A value of the new series × the coefficient is one of the old series"),
    )
    from_period = forms.DateField(
        label=_("From period"), help_text=_("First day of the first month or quarter it is for")
    )


@admin.register(IndexSeries)
class IndexSeriesAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    adding = Permission.MANAGE_INDICES
    list_display = ("code", "name", "publisher", "country", "periodicity", "closed")
    list_filter = ("country", "periodicity", "closed")
    search_fields = ("code", "name", "publisher", "public_id")
    actions_detail = ("link_series",)

    def described(self, obj: IndexSeries) -> str:
        return obj.name

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            created = indices.create(now=clock.instant(), by=actor_of(request), **data)
            messages.success(request, _("Series created."))
            return self.detail_url(created)

        return self.operation_page(
            request, title=_("Add an index series"), form=SeriesForm, perform=perform, back=self.list_url()
        )

    @act(
        _("Link to its successor"),
        Permission.MANAGE_INDICES,
        when=lambda series: not series.closed,
        vendor_only=True,
        done=ngettext_lazy("Linked %(count)d series.", "Linked %(count)d series.", "count"),
        form=LinkForm,
        explanation=_("The series is closed, and later values of the new one count for it. This cannot be undone."),
        icon="link",
    )
    def link_series(self, series: IndexSeries, *, data: dict[str, Any], now: datetime, by: str) -> None:
        values = {**data, "to": data["new_series"]}
        values.pop("new_series")
        indices.link(series, now=now, by=by, **values)


@admin.register(IndexValue)
class IndexValueAdmin(IndexImporting, ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    list_display = ("series", "period", "shown_value", "published_on", "recorded_at", "superseded_at")
    list_filter = ("series", ("superseded_at", admin.EmptyFieldListFilter))
    search_fields = ("series__code", "series__name", "public_id")
    list_select_related = ("series",)
    hidden = ("value",)
    extra_fields = ("shown_value",)
    ordering = ("series__code", "-period", "-pk")

    @display(description=_("value"), ordering="value")
    def shown_value(self, value: IndexValue) -> str:
        return f"{value.value.normalize():f}"


@admin.register(IndexLink)
class IndexLinkAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    list_display = ("old_series", "new_series", "coefficient", "from_period", "recorded_at")
    search_fields = ("old_series__code", "new_series__code", "public_id")
    list_select_related = ("old_series", "new_series")

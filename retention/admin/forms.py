"""The forms of retention: a request, a hold, the client's decision about an archive."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.admin.acting import works_for_vendor
from accounts.admin.forms import OperationForm
from accounts.models import Organization
from retention.enums import HoldGround


class RequestForm(OperationForm):
    """Whose content is to be erased."""

    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.order_by("name"))


class HoldForm(OperationForm):
    """On what ground a hold is placed, and when it is looked at again."""

    ground = forms.ChoiceField(label=_("Ground"), choices=HoldGround.choices)
    citation = forms.CharField(label=_("Law or instruction"), max_length=200)
    review_on = forms.DateField(label=_("Review on"))


class NewHoldForm(HoldForm):
    """A hold on an organization of one's choice."""

    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.order_by("name"))
    field_order = ("organization",)


class AuthorisationForm(OperationForm):
    """The client's agreement, with its proof where it came on paper."""

    proof = forms.FileField(label=_("Proof"), required=False, help_text=_("At most 25 MiB."), max_length=200)

    def prepare(self) -> None:
        """What the vendor's staff records for the client needs a proof; the client's own member decides."""
        self.fields["proof"].required = self.for_client

    def clean(self) -> dict[str, Any]:
        """Say along with the proof for whom it is recorded; the operation decides."""
        return {**(super().clean() or {}), "for_client": self.for_client}

    @property
    def for_client(self) -> bool:
        """Whether somebody of the vendor records what the client decided."""
        return self.request is not None and works_for_vendor(self.request)

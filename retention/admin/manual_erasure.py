"""The admin of stores that are emptied by hand: what is asked, and its attestation with a document."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.admin.acting import act, works_for_vendor
from accounts.admin.forms import OperationForm
from accounts.rules.permissions import Permission
from retention.admin.readable import Readable
from retention.models import ExternalStore, ManualErasure
from retention.operations import attesting


class AttestationForm(OperationForm):
    """What shows that the store was emptied."""

    document = forms.FileField(label=_("Document"), help_text=_("At most 25 MiB."), max_length=200)


@admin.register(ManualErasure)
class ManualErasureAdmin(Readable):
    """A client sees what was asked and attested about itself; how it is done is the vendor's own."""

    viewing = Permission.VIEW_DELETION_REQUEST
    hidden = ("store",)
    list_display = ("store_name", "organization", "people", "asked_at", "due_at", "attested_at", "attested_by")
    list_filter = (("attested_at", admin.EmptyFieldListFilter),)
    search_fields = ("store_name", "public_id", "run", "organization__name")
    list_select_related = ("organization", "document")
    actions_detail = ("attest",)
    change_form_outer_before_template = "admin/manual_erasure.html"

    def described(self, obj: ManualErasure) -> str:
        return str(obj.organization)

    def explained(self, request: HttpRequest, obj: ManualErasure) -> dict[str, Any]:
        if not works_for_vendor(request):
            return {"instructions": ""}
        found = ExternalStore.objects.filter(pk=obj.store_id).first()
        return {"instructions": "" if found is None else found.settings.get("instructions", "")}

    @act(
        _("Attest that it is emptied"),
        Permission.APPROVE_ERASURE,
        when=lambda erasure: erasure.attested_at is None,
        form=AttestationForm,
        done=ngettext_lazy("Attested %(count)d erasure.", "Attested %(count)d erasures.", "count"),
        explanation=_("You say that nothing of this is left in the store. The certificate goes by it."),
        sensitive=True,
        icon="front_hand",
    )
    def attest(self, erasure: ManualErasure, *, data: dict[str, Any], now: datetime, by: str) -> None:
        attesting.attest(erasure, data["document"], now=now, by=by)

"""Reminding on a contract's page: when it reminds, and a reminder of the Loi Chatel that was sent by letter."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.admin.acting import Acting, act
from accounts.admin.forms import OperationForm
from accounts.enums import DocumentKind
from accounts.operations import documents
from accounts.rules.permissions import Permission
from contracts.admin.forms import RemindersForm
from contracts.enums import ContractStatus
from contracts.models import Contract
from contracts.operations import chatel, reminders, reminding


class SentReminderForm(OperationForm):
    """On which day a reminder was sent, with the proof."""

    sent_on = forms.DateField(label=_("Sent on"), widget=forms.DateInput(attrs={"type": "date"}))
    proof = forms.FileField(label=_("Proof"), help_text=_("At most 25 MiB."), max_length=200)


class Reminding(Acting):
    """Adds the two buttons to the admin of contracts."""

    @act(
        _("Set reminders"),
        Permission.AMEND_CONTRACT,
        when=lambda contract: contract.status == ContractStatus.ACTIVE.value,
        form=RemindersForm,
        done=ngettext_lazy(
            "Set the reminders of %(count)d contract.", "Set the reminders of %(count)d contracts.", "count"
        ),
        explanation=_("Each is sent once a term. The vendor's owner and contract managers always get them."),
        icon="notifications",
    )
    def set_reminders(self, contract: Contract, *, data: dict[str, Any], now: datetime, by: str) -> None:
        reminders.set_leads(contract, now=now, by=by, **data)

    @act(
        _("Record a reminder sent by letter"),
        Permission.AMEND_CONTRACT,
        when=lambda contract: contract.status == ContractStatus.ACTIVE.value and reminding.protected(contract),
        form=SentReminderForm,
        vendor_only=True,
        done=ngettext_lazy("Recorded %(count)d reminder.", "Recorded %(count)d reminders.", "count"),
        explanation=_("The reminder of the Loi Chatel protects only if it was sent in its window."),
        icon="mark_email_read",
    )
    def record_reminder(self, contract: Contract, *, data: dict[str, Any], now: datetime, by: str) -> None:
        proof = documents.keep_upload(
            contract.organization, data["proof"], kind=DocumentKind.NOTICE_PROOF, now=now, by=by
        )
        chatel.record(contract, sent_on=data["sent_on"], proof=proof, now=now, by=by)

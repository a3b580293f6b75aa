"""The forms of people's requests: what they wrote, which client decides, what it decides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.admin.forms import OperationForm
from accounts.enums import Language
from accounts.models import LicensedUser, Organization
from retention.admin.forms import AuthorisationForm
from retention.enums import DoubtReason, ExtensionReason, RefusalGround, RequestKind, SubjectChannel, SubjectOutcome
from retention.operations import subject_decisions, subject_facts, subject_requests


class TakeDownForm(OperationForm):
    """What a person wrote or said. A mail may be pasted whole: its sender, its day and its words are read from it."""

    texts = ("mail", "words", "address")
    kind = forms.ChoiceField(label=_("Kind"), choices=RequestKind.choices)
    channel = forms.ChoiceField(
        label=_("Channel"), choices=[one for one in SubjectChannel.choices if one[0] != SubjectChannel.PAGE]
    )
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    mail = forms.CharField(
        label=_("Mail, as it came"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("With its head. What is filled in below counts more."),
    )
    received_at = forms.SplitDateTimeField(
        label=_("Received at"), required=False, help_text=_("Empty: as the mail says, or now")
    )
    name = forms.CharField(label=_("Name"), required=False, max_length=200)
    email = forms.CharField(label=_("E-mail"), required=False, max_length=254)
    address = forms.CharField(
        label=_("Postal address"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    service = forms.CharField(label=_("Company or product that is named"), required=False, max_length=200)
    words = forms.CharField(
        label=_("Words"),
        required=False,
        strip=False,
        max_length=subject_facts.LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class ForwardForm(OperationForm):
    """To which client. Those with people of the address come first; each with how many."""

    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.order_by("name"))

    def prepare(self) -> None:
        found = [] if self.subject is None else subject_requests.candidates(self.subject)
        if len(found) == 1:
            self.fields["organization"].initial = found[0][0].pk
        said = ", ".join(f"{client} ({people})" for client, people in found)
        self.fields["organization"].help_text = _("People with this address: %(clients)s") % {"clients": said or "-"}


class CloseForm(OperationForm):
    """What the person is answered where no client decides."""

    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=[one for one in SubjectOutcome.choices if one[0] in (SubjectOutcome.NOT_HELD, SubjectOutcome.OWN)],
    )
    reason = forms.CharField(
        label=_("What the person is told"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text=_("Needed where the vendor decided itself"),
    )


class GrantForm(AuthorisationForm):
    """Who the person is in the product, and for a correction what is right."""

    people = forms.CharField(
        label=_("External ids of the people"), widget=forms.Textarea(attrs={"rows": 2}), help_text=_("One a line.")
    )
    corrections = forms.CharField(
        label=_("Corrections"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For a correction: one a line, as name: new value."),
    )

    def prepare(self) -> None:
        super().prepare()
        if self.subject is not None:
            found = subject_decisions.people_meant(self.subject)
            self.fields["people"].initial = "\n".join(one.external_id for one in found)

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        wanted = {line.strip() for line in given.get("people", "").splitlines() if line.strip()}
        if self.subject is not None:
            rows = LicensedUser.objects.filter(organization=self.subject.organization_id, external_id__in=wanted)
            known = dict(rows.order_by("pk").values_list("external_id", "public_id"))
            if unknown := sorted(wanted - known.keys()):
                self.add_error("people", _("Unknown: %(ids)s") % {"ids": ", ".join(unknown[:10])})
            given["licensed_users"] = list(known.values())
        lines = [line.partition(":") for line in given.get("corrections", "").splitlines() if line.strip()]
        given["corrections"] = {name.strip(): value.strip() for name, _colon, value in lines}
        if any(not colon for _name, colon, _value in lines) or len(given["corrections"]) < len(lines):
            self.add_error("corrections", _("One a line, as name: new value."))
        return given


class SubjectRefusalForm(AuthorisationForm):
    """On what ground the client refuses, and what the person is told."""

    ground = forms.ChoiceField(label=_("Ground"), choices=RefusalGround.choices)
    reasons = forms.CharField(
        label=_("What the person is told"), widget=forms.Textarea(attrs={"rows": 3}), max_length=1000
    )


class DoubtForm(OperationForm):
    reason = forms.ChoiceField(label=_("Reason"), choices=DoubtReason.choices)


class ExtendForm(OperationForm):
    reason = forms.ChoiceField(label=_("Reason"), choices=ExtensionReason.choices)

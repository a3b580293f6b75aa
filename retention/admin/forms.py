"""The forms of retention: a request, a hold, the client's decision about an archive."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.admin.acting import works_for_vendor
from accounts.admin.forms import OperationForm
from accounts.models import LicensedUser, Organization
from accounts.wording import worded
from retention.enums import AcceptanceGround, HoldGround, RefusalGround, RequestKind
from retention.operations import acceptance, run_control
from retention.rules import corrections as correction_rules


class CorrectionsField(forms.CharField):
    """Fields and their new values, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Corrections"),
            required=False,
            widget=forms.Textarea(attrs={"rows": 3}),
            max_length=50_000,
            help_text=_("Of a correction: one field a line, such as “email = new@client.example”."),
            **kwargs,
        )

    def clean(self, value: Any) -> dict[str, str]:
        """Return field to new value; nothing where nothing is said."""
        found: dict[str, str] = {}
        for number, line in enumerate((super().clean(value) or "").splitlines(), start=1):
            if not line.strip():
                continue
            name, equals, text = line.partition("=")
            if not equals or name.strip() in found:
                raise forms.ValidationError(
                    _("Line %(number)d is not of the form “field = value”, or comes twice.") % {"number": number}
                )
            found[name.strip()] = text.strip()
        if found and (faults := correction_rules.faults(found)):
            raise forms.ValidationError([f"{fault.field}: {worded(fault.message)}" for fault in faults])
        return found


class AcceptedHitForm(OperationForm):
    """Which hit of the last verification stays, and why."""

    place = forms.CharField(label=_("Place"), max_length=200, help_text=_("As the last verification names it"))
    kind = forms.CharField(label=_("Kind"), max_length=40)
    ground = forms.ChoiceField(label=_("Ground"), choices=AcceptanceGround.choices)
    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}), max_length=acceptance.LONGEST_REASON
    )


class RateForm(OperationForm):
    """How fast a run may go."""

    rate = forms.IntegerField(
        label=_("Rows a second at most"),
        required=False,
        min_value=1,
        max_value=run_control.FASTEST,
        help_text=_("Empty: as the setting says."),
    )


class ReviewForm(OperationForm):
    """When a hold that is needed still is looked at again."""

    review_on = forms.DateField(label=_("Review on"))


def refuse_blanks(form: forms.Form, *names: str) -> None:
    """Say that a field which holds nothing but blanks is wrong: what was to name somebody is not everybody."""
    for name in names:
        sent = form.data.get(form.add_prefix(name))
        if sent and not sent.strip():
            form.add_error(name, forms.Field.default_error_messages["required"])


class HoldForm(OperationForm):
    """On what ground a hold is placed, and when it is looked at again."""

    ground = forms.ChoiceField(label=_("Ground"), choices=HoldGround.choices)
    citation = forms.CharField(label=_("Law or instruction"), max_length=200)
    review_on = forms.DateField(label=_("Review on"))
    person = forms.CharField(
        label=_("External id of the person"), required=False, max_length=200, help_text=_("Empty: everybody.")
    )
    department = forms.CharField(label=_("Department"), required=False, max_length=120)

    def clean(self) -> dict[str, Any]:
        """Refuse blanks in place of somebody."""
        given = super().clean() or {}
        refuse_blanks(self, "person", "department")
        return given


class NewHoldForm(HoldForm):
    """A hold on an organization of one's choice."""

    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.order_by("name"))
    field_order = ("organization",)


class ForClientForm(OperationForm):
    """What is asked for in the client's name: whether somebody of the vendor does is said along."""

    def clean(self) -> dict[str, Any]:
        """Say who asks; the operation decides."""
        return {**(super().clean() or {}), "for_client": self.for_client}

    @property
    def for_client(self) -> bool:
        """Whether somebody of the vendor records what the client decided."""
        return self.request is not None and works_for_vendor(self.request)


class AuthorisationForm(ForClientForm):
    """The client's agreement, with its proof where it came on paper."""

    proof = forms.FileField(label=_("Proof"), required=False, help_text=_("At most 25 MiB."), max_length=200)
    sender = forms.EmailField(
        label=_("Address of who gave it"),
        required=False,
        max_length=254,
        help_text=_("An authorised contact of the client: nobody else instructs for it."),
    )

    def prepare(self) -> None:
        """What the vendor's staff records for the client needs a proof; the client's own member decides."""
        if not self.for_client:
            del self.fields["sender"]
        self.demand(self.for_client)

    def demand(self, needed: bool) -> None:
        """Say whether the form is wrong without the client's word; the one is never taken without the other."""
        for name in self.fields.keys() & {"proof", "sender"}:
            self.fields[name].required = needed

    def clean(self) -> dict[str, Any]:
        """Say along with the proof for whom it is recorded; the operation decides."""
        given = super().clean()
        sender = given.get("sender", "")
        proof = given.get("proof")
        if self.for_client and proof and not sender and "sender" not in self.errors:
            self.add_error("sender", self.fields["sender"].error_messages["required"])
        if self.for_client and sender and not proof and "proof" not in self.errors:
            self.add_error("proof", self.fields["proof"].error_messages["required"])
        return {**given, "sender": sender}


class CancelForm(AuthorisationForm):
    """Why a request is given up; the client's word where nothing but its word asked for the erasure of everything."""

    texts = ("reason",)
    field_order = ("reason", "proof")
    reason = forms.CharField(label=_("Reason"), max_length=1000, required=False)

    def prepare(self) -> None:
        """Whether a proof is needed depends on the client's contracts: the operation says so."""
        super().prepare()
        self.demand(False)


class RefusalForm(AuthorisationForm):
    """On what ground a request is refused; the client's word where that is what ends it."""

    field_order = ("ground", "reason", "proof")
    ground = forms.ChoiceField(label=_("Ground"), choices=RefusalGround.choices)
    reason = forms.CharField(
        label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000
    )

    def prepare(self) -> None:
        """Whether a proof is needed depends on the ground and the request: the operation says so."""
        super().prepare()
        self.demand(False)


class RequestForm(AuthorisationForm):
    """What is to be done, and with whose content: everything of an organization, a department's, or some people's.

    For everything the vendor's staff need the client's word on paper; what they ask about people waits for the client.
    """

    field_order = ("organization", "kind", "people", "department", "note", "corrections", "proof")
    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.order_by("name"))
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=RequestKind.choices,
        required=False,
        initial=RequestKind.ERASE,
        help_text=_("All but an erasure are about people or a department."),
    )
    people = forms.CharField(
        label=_("External ids of the people"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=200_000,
        help_text=_("One a line. Leave this and the department empty for everything of the organization."),
    )
    department = forms.CharField(label=_("Department"), required=False, max_length=120)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)
    corrections = CorrectionsField()

    def prepare(self) -> None:
        """Without people or a department the proof is demanded when the form is read."""
        super().prepare()
        self.demand(False)

    def clean(self) -> dict[str, Any]:
        """Find the people by what the client calls them, and ask for the proof where it is needed."""
        given = super().clean() or {}
        refuse_blanks(self, "people", "department")
        wanted = {line.strip() for line in given.get("people", "").splitlines() if line.strip()}
        organization = given.get("organization")
        if wanted and organization is not None:
            people = LicensedUser.objects.filter(organization=organization, external_id__in=wanted)
            found = dict(people.order_by("pk").values_list("external_id", "public_id"))
            if unknown := sorted(wanted - found.keys()):
                self.add_error("people", _("Unknown: %(ids)s") % {"ids": ", ".join(unknown[:10])})
            given["licensed_users"] = list(found.values())
        erasure = (given.get("kind") or RequestKind.ERASE) == RequestKind.ERASE
        everything = erasure and not wanted and not given.get("department")
        if self.for_client and everything and not given.get("proof") and "proof" not in self.errors:
            self.add_error("proof", self.fields["proof"].error_messages["required"])
        return given


class DecisionForm(AuthorisationForm):
    """The client's decision about some of its people; of a correction with the values that are right."""

    corrections = CorrectionsField()

"""The admin of switching cases: opened, told unfeasible, extended, completed, withdrawn, chosen; and their acts."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.decorators import display

from accounts.admin.acting import act, actor_of, works_for_vendor
from accounts.admin.base import ReadOnly
from accounts.admin.forms import OperationForm
from accounts.enums import DocumentKind
from accounts.models import Document
from accounts.operations import clock, documents
from accounts.rules.permissions import Permission
from contracts import labels
from contracts.enums import ContractStatus, NoticeUnit, SwitchChoice, SwitchKind, SwitchStatus
from contracts.explain import reasons
from contracts.models import Contract, SwitchingAct, SwitchingCase
from contracts.operations import switching, switching_charges
from contracts.operations.switching_parts import ON_THE_WAY

_WAY = {status.value for status in ON_THE_WAY}


class ProvedForm(OperationForm):
    """A declaration that staff record with proof. A member of the client makes it here and now: no proof is asked."""

    for_staff: ClassVar[tuple[str, ...]] = ("proof",)
    proof = forms.FileField(label=_("Proof"), help_text=_("At most 25 MiB."), max_length=200)

    def prepare(self) -> None:
        if self.request is not None and not works_for_vendor(self.request):
            for name in self.for_staff:
                del self.fields[name]


class DeclaredForm(ProvedForm):
    """A declaration with its day, which is today where a member of the client makes it."""

    for_staff = ("on", "proof")
    on = forms.DateField(label=_("Declared on"))


class OpenForm(ProvedForm):
    """The customer's switching notice."""

    for_staff = ("received_on", "proof")
    field_order = ("contract", "kind", "destination", "received_on", "proof")
    contract = forms.ModelChoiceField(
        label=_("Contract"),
        queryset=Contract.objects.filter(status=ContractStatus.ACTIVE.value)
        .select_related("organization")
        .order_by("reference", "pk"),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=labels.SWITCH_KIND)
    destination = forms.CharField(
        label=_("Destination"), max_length=200, required=False, help_text=_("The new provider")
    )
    received_on = forms.DateField(label=_("Received on"))


class UnfeasibleForm(OperationForm):
    """What the vendor told the customer."""

    texts = ("reasons",)
    length = forms.IntegerField(label=_("Transition"), min_value=1, max_value=1000)
    unit = forms.ChoiceField(label=_("Unit"), choices=labels.NOTICE_UNIT, initial=NoticeUnit.MONTHS.value)
    reasons = forms.CharField(label=_("Reasons"), max_length=2000)
    told_on = forms.DateField(label=_("Told on"), required=False, help_text=_("Empty: today; else with proof"))
    proof = forms.FileField(label=_("Proof"), required=False, help_text=_("At most 25 MiB."), max_length=200)


class ExtensionForm(DeclaredForm):
    until = forms.DateField(label=_("Until (last day)"))


class CompletionForm(ProvedForm):
    for_staff = ("completed_on", "proof")
    completed_on = forms.DateField(label=_("Completed on"))


class ChoiceForm(DeclaredForm):
    """The client's written choice. Only an extension needs a day of its own."""

    choice = forms.ChoiceField(label=_("Choice"), choices=labels.SWITCH_CHOICE)
    until = forms.DateField(label=_("Until (last day)"), required=False, help_text=_("For an extension"))


class ChargeForm(OperationForm):
    amount = forms.DecimalField(label=_("Switching charge"), min_value=0, max_digits=14, decimal_places=2)
    cost = forms.DecimalField(label=_("Cost to the vendor"), min_value=0, max_digits=14, decimal_places=2)


@admin.register(SwitchingCase)
class SwitchingCaseAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    adding = Permission.REQUEST_SWITCHING
    hidden = ("why", "next_at", "erase_at")
    list_display = (
        "contract",
        "organization",
        "kind",
        "status",
        "received_on",
        "notice_end",
        "transition_end",
        "erase_from",
    )
    list_filter = ("status", "kind", ("asked_at", admin.EmptyFieldListFilter))
    search_fields = ("contract__reference", "organization__name", "public_id")
    list_select_related = ("contract", "organization")
    actions_detail = (
        "complete",
        "extend",
        "choose",
        "tell_unfeasible",
        "withdraw",
        "record_charge",
    )
    change_form_outer_before_template = "admin/why.html"

    def described(self, obj: SwitchingCase) -> str:
        return f"{obj.contract} · {obj.organization} · {obj.get_status_display()}"

    def explained(self, request: HttpRequest, obj: SwitchingCase) -> dict[str, Any]:
        return {"why_title": _("Why these dates"), "reasons": reasons(obj.why)}

    def add_page(self, request: HttpRequest) -> HttpResponse:
        def perform(data: dict[str, Any]) -> str:
            now, by = clock.instant(), actor_of(request)
            made = switching.open_case(
                data["contract"],
                kind=SwitchKind(data["kind"]),
                destination=data["destination"],
                received_on=data.get("received_on"),
                proof=_kept(data["contract"], data, now=now, by=by),
                as_client=not works_for_vendor(request),
                now=now,
                by=by,
            )
            messages.success(request, _("Switching case opened."))
            return self.detail_url(made)

        return self.operation_page(
            request,
            title=_("Open a switching case"),
            explanation=_(
                "The customer switches to another provider, moves to its own premises, or wants erasure only."
            ),
            form=OpenForm,
            perform=perform,
            back=self.list_url(),
        )

    @act(
        _("Complete"),
        Permission.REQUEST_SWITCHING,
        when=lambda case: case.status in _WAY,
        form=CompletionForm,
        sided=True,
        done=ngettext_lazy("Completed %(count)d switch.", "Completed %(count)d switches.", "count"),
        explanation=_("The customer confirms that the switch was successful: the contract ends with that day."),
        icon="task_alt",
    )
    def complete(self, case: SwitchingCase, *, data: dict[str, Any], now: datetime, by: str, staff: bool) -> None:
        switching.complete(case, **_declared(case, data, staff=staff, now=now, by=by))

    @act(
        _("Extend the transition"),
        Permission.REQUEST_SWITCHING,
        when=lambda case: case.status in _WAY and case.extended_to is None,
        form=ExtensionForm,
        sided=True,
        done=ngettext_lazy("Extended %(count)d transition.", "Extended %(count)d transitions.", "count"),
        explanation=_("The customer extends the transition once, for as long as it sees fit."),
        icon="more_time",
    )
    def extend(self, case: SwitchingCase, *, data: dict[str, Any], now: datetime, by: str, staff: bool) -> None:
        switching.extend(case, **_declared(case, data, staff=staff, now=now, by=by))

    @act(
        _("Record the client's choice"),
        Permission.REQUEST_DELETION,
        when=lambda case: case.status == SwitchStatus.UNFINISHED.value,
        form=ChoiceForm,
        sided=True,
        done=ngettext_lazy("Recorded %(count)d choice.", "Recorded %(count)d choices.", "count"),
        explanation=_("The transition ran out before the switch was completed. Only this choice releases the data."),
        icon="alt_route",
    )
    def choose(self, case: SwitchingCase, *, data: dict[str, Any], now: datetime, by: str, staff: bool) -> None:
        values = _declared(case, data, staff=staff, now=now, by=by)
        switching.choose(case, **{**values, "choice": SwitchChoice(values["choice"])})

    @act(
        _("Tell that 30 days are not feasible"),
        Permission.MANAGE_SWITCHING,
        when=lambda case: case.status in _WAY and case.unfeasible_told_on is None,
        form=UnfeasibleForm,
        vendor_only=True,
        done=ngettext_lazy("Told %(count)d customer.", "Told %(count)d customers.", "count"),
        explanation=_("Within 14 working days of the notice, with reasons; at most seven months after the notice."),
        icon="hourglass_top",
    )
    def tell_unfeasible(self, case: SwitchingCase, *, data: dict[str, Any], now: datetime, by: str) -> None:
        switching.tell_unfeasible(
            case,
            length=data["length"],
            unit=NoticeUnit(data["unit"]),
            reasons=data["reasons"],
            told_on=data["told_on"],
            proof=_kept(case.contract, data, now=now, by=by),
            now=now,
            by=by,
        )

    @act(
        _("Withdraw the switch"),
        Permission.MANAGE_SWITCHING,
        when=lambda case: case.status in {*_WAY, SwitchStatus.ERASE_ONLY.value},
        form=DeclaredForm,
        vendor_only=True,
        done=ngettext_lazy("Withdrew %(count)d switch.", "Withdrew %(count)d switches.", "count"),
        explanation=_("Both sides agree that the switch is given up: the contract goes on as if it had not been."),
        icon="undo",
    )
    def withdraw(self, case: SwitchingCase, *, data: dict[str, Any], now: datetime, by: str) -> None:
        proof = _kept(case.contract, data, now=now, by=by)
        switching.withdraw(case, on=data["on"], proof=proof, now=now, by=by)

    @act(
        _("Record the switching charge"),
        Permission.MANAGE_SWITCHING,
        when=lambda case: case.status != SwitchStatus.WITHDRAWN.value,
        form=ChargeForm,
        vendor_only=True,
        done=ngettext_lazy("Recorded %(count)d charge.", "Recorded %(count)d charges.", "count"),
        explanation=_("At most what the switch costs, until 11 January 2027; nothing afterwards (Art. 29 Data Act)."),
        icon="payments",
    )
    def record_charge(self, case: SwitchingCase, *, data: dict[str, Any], now: datetime, by: str) -> None:
        switching_charges.record_charge(case, amount=data["amount"], cost=data["cost"], now=now, by=by)


@admin.register(SwitchingAct)
class SwitchingActAdmin(ReadOnly):
    viewing = Permission.VIEW_CONTRACT
    list_display = ("contract", "organization", "step", "done_on", "recorded_at")
    list_filter = ("step",)
    search_fields = ("case__contract__reference", "organization__name", "public_id", "case__public_id")
    list_select_related = ("case__contract", "organization", "proof")

    @display(description=_("contract"))
    def contract(self, made: SwitchingAct) -> str:
        return str(made.case.contract)


def _kept(contract: Contract, data: dict[str, Any], *, now: datetime, by: str) -> Document | None:
    return documents.keep_upload(
        contract.organization, data.get("proof"), kind=DocumentKind.NOTICE_PROOF, now=now, by=by
    )


def _declared(case: SwitchingCase, data: dict[str, Any], *, staff: bool, now: datetime, by: str) -> dict[str, Any]:
    """Return the form's data as the operation takes them: a member of the client declares it here, without a proof."""
    proof = _kept(case.contract, data, now=now, by=by)
    return {**data, "proof": proof, "as_client": not staff, "now": now, "by": by}

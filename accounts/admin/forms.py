"""Forms of operations: plain fields in the admin's look, whose faults come from the form or from the operation."""

from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from accounts.errors import InvalidInput
from accounts.rules.checks import MOST_FEATURES
from accounts.wording import worded

# From the most particular field to the most general one.
WIDGETS: tuple[tuple[type[forms.Field], type[forms.Widget]], ...] = (
    (forms.FileField, widgets.UnfoldAdminFileFieldWidget),
    (forms.ModelMultipleChoiceField, widgets.UnfoldAdminSelectMultipleWidget),
    (forms.MultipleChoiceField, widgets.UnfoldAdminSelectMultipleWidget),
    (forms.ChoiceField, widgets.UnfoldAdminSelectWidget),
    (forms.ModelChoiceField, widgets.UnfoldAdminSelectWidget),
    (forms.BooleanField, widgets.UnfoldBooleanWidget),
    (forms.DateTimeField, widgets.UnfoldAdminTextInputWidget),
    (forms.DateField, widgets.UnfoldAdminSingleDateWidget),
    (forms.DecimalField, widgets.UnfoldAdminDecimalFieldWidget),
    (forms.IntegerField, widgets.UnfoldAdminIntegerFieldWidget),
    (forms.EmailField, widgets.UnfoldAdminEmailInputWidget),
    (forms.CharField, widgets.UnfoldAdminTextInputWidget),
)


class CodesField(forms.CharField):
    """Codes in one line, separated by blanks or commas; a list of them is what it takes and gives."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 61 * MOST_FEATURES, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return " ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return sorted(set(str(super().clean(value)).replace(",", " ").split()))


class OperationForm(forms.Form):
    """The input of one operation. ``texts`` names the fields shown as text areas, ``secrets`` those never shown."""

    texts: ClassVar[tuple[str, ...]] = ()
    secrets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, request: HttpRequest | None = None, subject: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.subject = request, subject
        self.prepare()
        for name, field in self.fields.items():
            field.widget = self._widget(name, field)

    def prepare(self) -> None:
        """Adapt the fields to who asks, and to the one object that is touched, if it is one."""

    def _widget(self, name: str, field: forms.Field) -> forms.Widget:
        if name in self.secrets:
            return self._dressed(field, widgets.UnfoldAdminPasswordWidget)
        if name in self.texts:
            return self._dressed(field, widgets.UnfoldAdminTextareaWidget)
        return next((self._dressed(field, widget) for kind, widget in WIDGETS if isinstance(field, kind)), field.widget)

    @staticmethod
    def _dressed(field: forms.Field, widget: type[forms.Widget]) -> forms.Widget:
        plain, dressed = field.widget, widget()
        dressed.attrs.update(field.widget_attrs(dressed))
        dressed.is_required = plain.is_required
        if isinstance(dressed, forms.Select):
            choices: Any = getattr(field, "choices", ())
            dressed.choices = choices
        return dressed

    def take(self, error: InvalidInput) -> None:
        """Show an operation's faults beside their fields; what has no field stands above them."""
        for fault in error.errors:
            self.add_error(fault.field if fault.field in self.fields else None, worded(fault.message))


class ReasonForm(OperationForm):
    """An optional reason. It goes to the erasable part of the trail."""

    texts = ("reason",)
    reason = forms.CharField(label=_("Reason"), max_length=1000, required=False)

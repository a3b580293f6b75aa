"""State changes in the admin: one declaration becomes a button, a list action, and their confirmation pages."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ActionLocation
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action

from accounts import recent
from accounts.admin.forms import OperationForm
from accounts.errors import InvalidInput, Refused
from accounts.models import Organization, User
from accounts.operations import clock
from accounts.rules.permissions import Permission
from accounts.wording import colon, faults, worded

type Text = str | Promise
# What changes one object: called with the admin and the object, and by name data, now, by, and staff where it is sided.
# It returns nothing, or why it was not done where the operation records that instead of refusing.
type Do = Callable[..., str | None]
# Does it with the form's data; returns where to go next.
type Perform = Callable[[dict[str, Any]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One state change: what it is called, who may, when it makes sense, what it asks, and how it reports."""

    name: str
    title: Text
    permission: Permission
    do: Do
    done: Any
    when: Callable[[Any], bool]
    form: type[OperationForm]
    explanation: Text
    many: bool
    vendor_only: bool
    sided: bool
    sensitive: bool


def act(
    title: Text,
    permission: Permission,
    *,
    done: Any,
    when: Callable[[Any], bool] = lambda _obj: True,
    form: type[OperationForm] = OperationForm,
    explanation: Text = "",
    many: bool = False,
    vendor_only: bool = False,
    sided: bool = False,
    sensitive: bool = False,
    icon: str | None = None,
) -> Callable[[Do], Any]:
    """Make a method that calls one operation an action of the detail page, and with ``many`` of the list too.

    ``when`` hides the button where it makes no sense; ``done`` is a lazy plural that takes ``count``. An act that is
    ``sided`` differs by who does it: it is told ``staff``, whether that is somebody of the vendor. Before one that is
    ``sensitive`` people prove again who they are, unless they have just done so (tests/guards/test_sensitive.py).
    """

    def decorate(do: Do) -> Any:
        name = str(getattr(do, "__name__", ""))
        spec = Act(
            name=name,
            title=title,
            permission=permission,
            do=do,
            done=done,
            when=when,
            form=form,
            explanation=explanation,
            many=many,
            vendor_only=vendor_only,
            sided=sided,
            sensitive=sensitive,
        )

        def page(self: Acting, request: HttpRequest, object_id: str) -> HttpResponse:
            return self.act_on_one(request, object_id, spec)

        page.__name__ = name
        dressed: Any = action(
            description=title, url_path=name.replace("_", "-"), permissions=[permission.value], icon=icon
        )(page)
        dressed.spec = spec
        return dressed

    return decorate


def the_user(request: HttpRequest) -> User:
    """Return the signed-in user. :raises PermissionDenied: nobody is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def actor_of(request: HttpRequest) -> str:
    """Name the signed-in user for the trail. :raises PermissionDenied: nobody is signed in."""
    return the_user(request).actor


def own_organization(request: HttpRequest) -> Organization | None:
    """Return the organization that the signed-in user works in; none for the vendor's staff."""
    own = the_user(request).organization_id
    return None if own is None else Organization.objects.get(pk=own)


def works_for_vendor(request: HttpRequest) -> bool:
    """Say whether the signed-in user belongs to the vendor's side."""
    user = getattr(request, "user", None)
    return isinstance(user, User) and user.works_for_vendor


def ask_for_proof(request: HttpRequest, *, back: str) -> HttpResponse:
    """Lead to the page where somebody proves again who they are, and then ``back``. Nothing was changed yet."""
    if request.method == "POST":
        messages.warning(request, _("Nothing was changed yet: first say again who you are, then confirm it once more."))
    return HttpResponseRedirect(recent.page(back))


class Acting(ModelAdmin):
    """Gives the declared acts of ``actions_detail`` their pages. The operation decides; this only asks and reports."""

    def acts(self) -> list[Act]:
        """Return the declared acts, in their order."""
        methods = [getattr(type(self), name) for name in self._extract_action_names(self.actions_detail)]
        return [method.spec for method in methods if hasattr(method, "spec")]

    def may_act(self, request: HttpRequest, spec: Act) -> bool:
        """Say whether the user may do this at all; whether it can be done now, the operation says."""
        user = request.user
        if not isinstance(user, User) or not user.has_perm(spec.permission):
            return False
        return user.works_for_vendor or not spec.vendor_only

    def do(self, request: HttpRequest, spec: Act, obj: Any, **given: Any) -> str | None:
        """Do an act on one object; one that is sided is told whose user asks."""
        side = {"staff": works_for_vendor(request)} if spec.sided else {}
        return spec.do(self, obj, **given, **side)

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        """Return the buttons that make sense for the object as it stands."""
        found = super().get_actions_detail(request, object_id)
        obj = self.get_object(request, unquote(str(object_id))) if found else None
        if obj is None:
            return []
        return [one for one in found if self.makes_sense(request, obj, one.method)]

    def makes_sense(self, request: HttpRequest, obj: Any, method: Any) -> bool:
        """Say whether a button is shown for the object as it stands."""
        spec: Act | None = getattr(method, "spec", None)
        return spec is None or (self.may_act(request, spec) and spec.when(obj))

    def get_actions(
        self, request: HttpRequest, action_location: ActionLocation = ActionLocation.CHANGE_LIST
    ) -> dict[str, Any]:
        found: dict[str, Any] = super().get_actions(request, action_location=action_location)
        if action_location != ActionLocation.CHANGE_LIST:
            return found
        for spec in self.acts():
            if spec.many and self.may_act(request, spec):
                found[f"{spec.name}_selected"] = (_list_action(spec), f"{spec.name}_selected", spec.title)
        return found

    def object_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """Return the object if the user sees it. :raises Http404: nobody's, or a neighbour's."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        return obj

    def detail_url(self, obj: Any) -> str:
        """Return the address of an object's page."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk])

    def list_url(self) -> str:
        """Return the address of the list."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def act_on_one(self, request: HttpRequest, object_id: str, spec: Act) -> HttpResponse:
        """Show the confirmation page of an act on one object, and on confirmation do it."""
        if not self.may_act(request, spec):
            raise PermissionDenied
        obj = self.object_or_404(request, object_id)

        def perform(data: dict[str, Any]) -> str:
            problem = self.do(request, spec, obj, data=data, now=clock.instant(), by=actor_of(request))
            if problem is None:
                messages.success(request, spec.done % {"count": 1})
            else:
                messages.error(request, problem)
            return self.after(obj)

        return self.operation_page(
            request,
            title=spec.title,
            explanation=spec.explanation,
            form=spec.form,
            perform=perform,
            touched=[obj],
            back=self.detail_url(obj),
            sensitive=spec.sensitive,
        )

    def act_on_many(self, request: HttpRequest, queryset: QuerySet[Any], spec: Act) -> HttpResponse | None:
        """Show who or what an act of the list touches, and on confirmation do each that is not refused meanwhile."""
        touched = [obj for obj in queryset if spec.when(obj)]
        if not touched:
            messages.warning(request, _("None of the selected can be changed in this way."))
            return None

        def perform(data: dict[str, Any]) -> str:
            now, by, done = clock.instant(), actor_of(request), 0
            for obj in touched:
                try:
                    with transaction.atomic():
                        problem = self.do(request, spec, obj, data=data, now=now, by=by)
                    if problem is None:
                        done += 1
                    else:
                        messages.error(request, f"{colon(obj)} {problem}")
                except Refused as error:
                    messages.error(request, f"{colon(obj)} {worded(error.message)}")
                except InvalidInput as error:
                    messages.error(request, f"{colon(obj)} {faults(error)}")
            if done:
                messages.success(request, spec.done % {"count": done})
            return self.list_url()

        hidden = [("action", f"{spec.name}_selected"), *((ACTION_CHECKBOX_NAME, str(obj.pk)) for obj in touched)]
        return self.operation_page(
            request,
            title=spec.title,
            explanation=spec.explanation,
            form=spec.form,
            perform=perform,
            touched=touched,
            hidden=hidden,
            back=self.list_url(),
            sensitive=spec.sensitive,
            again=self.list_url(),
        )

    def operation_page(
        self,
        request: HttpRequest,
        *,
        title: Text,
        form: type[OperationForm],
        perform: Perform,
        back: str,
        explanation: Text = "",
        touched: Sequence[Any] = (),
        hidden: Iterable[tuple[str, str]] = (),
        initial: Mapping[str, Any] | None = None,
        sensitive: bool = False,
        again: str | None = None,
    ) -> HttpResponse:
        """Ask for confirmation, and for what the form asks; on ``confirmed`` do it. A refusal changes nothing.

        A ``sensitive`` page is shown, and done, only to whom has just proven who they are; others are led to do so and
        then back here, or to ``again``. What they had typed is not kept: it may be a secret, and is asked again.
        """
        if sensitive and not recent.proven(request):
            return ask_for_proof(request, back=again or request.path)
        confirmed = request.method == "POST" and "confirmed" in request.POST
        subject = touched[0] if len(touched) == 1 else None
        if confirmed:
            asked = form(request.POST, request.FILES, request=request, subject=subject)
        else:
            asked = form(initial=initial, request=request, subject=subject)
        if confirmed and asked.is_valid():
            try:
                with transaction.atomic():
                    return HttpResponseRedirect(perform(asked.cleaned_data))
            except InvalidInput as error:
                asked.take(error)
            except Refused as error:
                if not asked.fields:
                    messages.error(request, worded(error.message))
                    return HttpResponseRedirect(back)
                asked.add_error(None, worded(error.message))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "explanation": explanation,
            "form": asked,
            "touched": [(str(obj), self.described(obj)) for obj in touched],
            "hidden": list(hidden),
            "back": back,
            "media": self.media + asked.media,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/operate.html", context)

    def after(self, obj: Any) -> str:
        """Return where an act on one object leads."""
        return self.detail_url(obj)

    def described(self, obj: Any) -> str:
        """Say in one line what an object is, beside its name, on a confirmation page."""
        return ""


def _list_action(spec: Act) -> Callable[[Acting, HttpRequest, QuerySet[Any]], HttpResponse | None]:
    def run(admin: Acting, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return admin.act_on_many(request, queryset, spec)

    return run

"""The page of an import in the admin: a file, the preview of what it would do row by row, its confirmation."""

import hashlib
import secrets
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.acting import Acting, actor_of
from accounts.errors import FieldError, InvalidInput, Refused
from accounts.models import User
from accounts.rules.permissions import Permission
from accounts.wording import worded

# Between preview and confirmation the file waits in the cache, in memory only, and is forgotten by itself.
KEPT_SECONDS = 15 * 60
SHOWN = 200
OUTCOMES = {
    "created": gettext_lazy("new"),
    "changed": gettext_lazy("changed"),
    "corrected": gettext_lazy("corrected"),
    "same": gettext_lazy("unchanged"),
    "refused": gettext_lazy("refused"),
}


class ImportPage(Acting):
    """Adds the page of an import to an admin. The class that uses it says what is asked, planned, done and shown.

    What is *kept* between preview and confirmation is whatever ``taken`` returns: enough to plan it again.
    """

    import_template: ClassVar[str]
    import_title: ClassVar[Promise]
    import_right: ClassVar[Permission]
    import_form: ClassVar[type[forms.Form]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """:raises TypeError: the class leaves one of the answers out; the service does not start with it."""
        super().__init_subclass__(**kwargs)
        left = [name for name in dir(cls) if getattr(getattr(cls, name, None), "__isabstractmethod__", False)]
        if left:
            raise TypeError(f"{cls.__name__} does not say: {', '.join(left)}")

    @abstractmethod
    def taken(self, form: Any) -> Any:
        """Return what is kept of a valid form."""

    @abstractmethod
    def planned(self, kept: Any) -> Any:
        """Return the plan. :raises InvalidInput: the file cannot be read."""

    @abstractmethod
    def is_possible(self, plan: Any, kept: Any) -> bool:
        """Say whether there is something to confirm."""

    @abstractmethod
    def done(self, kept: Any, *, by: str) -> Iterable[str]:
        """Do it, and return what to report. :raises InvalidInput, Refused: nothing was written."""

    @abstractmethod
    def rows(self, plan: Any) -> list[dict[str, Any]]:
        """Return all that the file would do, as the template shows it, what must be looked at first."""

    @abstractmethod
    def totals(self, plan: Any) -> Any:
        """Return the sums, as the template shows them."""

    def get_urls(self) -> list[URLPattern]:
        own = path("import/", self.admin_site.admin_view(self.import_view), name=self._import_name)
        return [own, *super().get_urls()]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for the file, show what it would do, and do it once that is confirmed."""
        user = request.user
        if not isinstance(user, User) or not user.has_perm(self.import_right):
            raise PermissionDenied
        if request.method == "POST" and "confirmed" in request.POST:
            return self._confirmed(request, user)
        form = self.import_form(request.POST or None, request.FILES or None)
        if request.method != "POST" or not form.is_valid():
            return self._page(request, form=form)
        kept = self.taken(form)
        try:
            plan = self.planned(kept)
        except InvalidInput as error:
            return self._page(request, form=form, errors=error.errors)
        token = ""
        if self.is_possible(plan, kept):
            token = secrets.token_urlsafe(16)
            cache.set(self._key(user, token), kept, KEPT_SECONDS)
        return self._page(request, plan=plan, token=token, errors=plan.errors)

    def import_url(self) -> str:
        """Return the address of the page."""
        return reverse(f"admin:{self._import_name}")

    @property
    def _import_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_import"

    def _key(self, user: User, token: str) -> str:
        return f"{self._import_name}:{user.public_id}:{hashlib.sha256(token.encode()).hexdigest()}"

    def _confirmed(self, request: HttpRequest, user: User) -> HttpResponse:
        key = self._key(user, request.POST.get("token", ""))
        kept = cache.get(key)
        if kept is None:
            messages.error(request, _("The file was not kept longer than 15 minutes: choose it again."))
            return HttpResponseRedirect(self.import_url())
        try:
            reports = list(self.done(kept, by=actor_of(request)))
        except InvalidInput as error:
            return self._page(request, form=self.import_form(), errors=error.errors)
        except Refused as error:
            messages.error(request, worded(error.message))
            return HttpResponseRedirect(self.import_url())
        cache.delete(key)
        for report in reports:
            messages.success(request, report)
        return HttpResponseRedirect(self.list_url())

    def _page(
        self,
        request: HttpRequest,
        *,
        form: forms.Form | None = None,
        plan: Any = None,
        token: str = "",
        errors: Iterable[FieldError] = (),
    ) -> HttpResponse:
        rows = [] if plan is None else self.rows(plan)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.import_title,
            "form": form,
            "media": self.media + (form.media if form is not None else forms.Media()),
            "items": rows[:SHOWN],
            "more": max(0, len(rows) - SHOWN),
            "totals": "" if plan is None else self.totals(plan),
            "errors": [note(error) for error in list(errors)[:SHOWN]],
            "token": token,
            "back": self.import_url() if plan is not None else self.list_url(),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.import_template, context)


def outcomes(counts: dict[str, int]) -> str:
    """Say how many were new, changed, the same, refused."""
    return ", ".join(f"{count} {OUTCOMES[outcome]}" for outcome, count in counts.items())


def note(error: FieldError) -> str:
    """Say a fault with its row and column."""
    what = worded(error.message)
    if error.row is None:
        return f"{error.field}: {what}"
    return _("row %(row)s, %(column)s: %(what)s") % {"row": error.row, "column": error.field, "what": what}

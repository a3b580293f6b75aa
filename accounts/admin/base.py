"""What every admin page shares: read-only by default, permissions by our enum, no admin log, the trail as history."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import BinaryField, Model, OrderBy, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts import recent
from accounts.admin.acting import Acting, ask_for_proof
from accounts.admin.in_words import IN_WORDS, Way, Words, name_actors, shown, way
from accounts.models import User
from accounts.rules.permissions import Permission


def may(request: HttpRequest, permission: Permission) -> bool:
    """Say whether the signed-in user holds a permission."""
    return isinstance(request.user, User) and request.user.has_perm(permission)


class ReadOnly(Acting):
    """A table that is looked at; what changes it is an operation behind a page of its own.

    ``viewing`` is the permission that opens it, ``adding`` the one whose page adds (``add_page``). Bytes are never
    shown, nor what ``hidden`` names. ``groups`` cut a long page: titles with their fields, after all others.
    Everything that ``list_select_related`` names is read along on each page. Actors and JSON are shown in words, a
    field ``x`` by ``x_in_words``, which a class may define by itself; ``words`` say what JSON means.
    """

    viewing: ClassVar[Permission]
    adding: ClassVar[Permission | None] = None
    adding_is_sensitive: ClassVar[bool] = False
    hidden: ClassVar[Sequence[str]] = ()
    extra_fields: ClassVar[Sequence[str]] = ()
    groups: ClassVar[Sequence[tuple[Any, Sequence[str]]]] = ()
    list_display: Sequence[str] = ("__str__",)
    list_select_related: ClassVar[Sequence[str]] = ()
    list_per_page = 50
    list_filter_submit = True
    list_disable_select_all = True
    ordering: Sequence[str | OrderBy] = ("-pk",)
    words: ClassVar[Words] = Words()

    def __init__(self, model: Any, admin_site: Any) -> None:
        for field in model._meta.concrete_fields:
            if not hasattr(self, f"{field.name}{IN_WORDS}") and (found := self.in_words(field)):
                setattr(self, f"{field.name}{IN_WORDS}", shown(field, found))
        super().__init__(model, admin_site)

    def in_words(self, field: Any) -> Way | None:
        """Return how a field's value is shown; none where its own way is right."""
        return way(field, self.words)

    def name_actors(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Leave with rows what their pages say of them: the names of who acted."""
        name_actors(request, rows)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request, self.viewing)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.adding is not None and may(request, self.adding)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def log_addition(self, *args: Any, **kwargs: Any) -> None:
        """Django's admin log is off: the trail tells what happened, and keeps no names."""

    def log_change(self, *args: Any, **kwargs: Any) -> None:
        """As for :meth:`log_addition`."""

    def log_deletions(self, *args: Any, **kwargs: Any) -> None:
        """As for :meth:`log_addition`."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        return found.select_related(*self.list_select_related) if self.list_select_related else found

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        shown = [
            field.name
            for field in self.model._meta.concrete_fields
            if not isinstance(field, BinaryField) and field.name not in self.hidden
        ]
        return [*self.extra_fields, *(name for name in shown if name != "id")]

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[tuple[Any, dict[str, Any]]]:
        fields = self.get_fields(request, obj)
        grouped = {name for _title, names in self.groups for name in names}
        rest = (None, {"fields": [self._readable(name) for name in fields if name not in grouped]})
        groups = ((title, [self._readable(name) for name in names if name in fields]) for title, names in self.groups)
        return [rest, *((title, {"fields": names}) for title, names in groups)]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        return [self._readable(name) for name in self.get_fields(request, obj)]

    def get_list_display(self, request: HttpRequest) -> Sequence[str]:
        return [self._readable(str(name)) for name in super().get_list_display(request)]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found: Any = super().get_changelist_instance(request)
        self.name_actors(request, found.result_list)
        return found

    def _readable(self, name: str) -> str:
        return f"{name}{IN_WORDS}" if hasattr(self, f"{name}{IN_WORDS}") else name

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Show the page of the operation that adds, never a form over the table."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if self.adding_is_sensitive and not recent.proven(request):
            return ask_for_proof(request, back=request.get_full_path())
        return self.add_page(request)

    def add_page(self, request: HttpRequest) -> HttpResponse:
        """Return the page that adds; for tables with ``adding``."""
        raise Http404

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if any("\x00" in text for texts in request.GET.lists() for text in (texts[0], *texts[1])):
            return HttpResponseRedirect(request.path)  # no database text holds it
        found: HttpResponse = super().changelist_view(request, extra_context)
        return found

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            self.name_actors(request, [obj])
            context.update(self.explained(request, obj))
        found: HttpResponse = super().render_change_form(request, context, add, change, form_url, obj)
        return found

    def explained(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what the detail page shows beside the fields; for its templates."""
        return {}

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Lead to the trail's events about this object."""
        obj = self.get_object(request, unquote(object_id))
        subject = getattr(obj, "public_id", None)
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        if subject is None:
            raise Http404
        return HttpResponseRedirect(f"{reverse('admin:accounts_auditevent_changelist')}?q={subject}")


def _permission_method(permission: Permission) -> Callable[..., bool]:
    def allowed(self: ReadOnly, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, permission)

    return allowed


# The admin asks ``has_<name>_permission`` of each action's permissions: one method for each of ours.
for _permission in Permission:
    setattr(ReadOnly, f"has_{_permission.value}_permission", _permission_method(_permission))

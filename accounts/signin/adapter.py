"""What allauth asks us about accounts: nobody signs up, limits are exact, and every sign-in leaves its trace."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts import recent
from accounts.models import User
from accounts.operations import providers, signing_in

# How long one lock is told in the trail once; as long as the limit itself counts (config/settings.py).
LOCK_SECONDS = 5 * 60


class AccountAdapter(DefaultAccountAdapter):
    """Runs in the vendor's scope, which the pages open: until somebody is signed in, nobody's tenant is known."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt before the password is looked at. Too many: refused, and told once in the trail."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            key = self._get_login_attempts_cache_key(request, **credentials)
            if cache.add(f"signin:locked:{key}", 1, timeout=LOCK_SECONDS):
                signing_in.note_locked(_meant(credentials), ip=self.get_client_ip(request), now=timezone.now())
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        signing_in.note_failed(_meant(credentials), ip=self.get_client_ip(request), now=timezone.now())

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count by address alone: the library's own key begins with the host name, which the caller chooses.

        The cache knows a keyed digest only: whoever types somebody's address here leaves it nowhere.
        """
        address = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
        return salted_hmac("accounts.signin.attempts", address, algorithm="sha256").hexdigest()

    def reauthenticate(self, user: Any, password: str) -> bool:
        found = self.authenticate(self.request, email=user.email, password=password)
        return isinstance(found, User) and found.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask for the proof again where it is not recent. Signing in counts (accounts/recent.py)."""
        return not recent.proven(self.request)

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Let in only who works somewhere; of anybody else the page says the same as of who is not active."""
        refused: HttpResponse | None = super().pre_login(request, user, **kwargs)
        if refused is not None:
            return refused
        if not user.is_staff:
            signing_in.note_refused(user, why="no_role", now=timezone.now())
            return self.respond_user_inactive(request, user)
        binding = providers.binding(user)
        if binding is None or _how(request, user).get("method") == "socialaccount":
            return None
        signing_in.note_refused(user, why="provider_required", now=timezone.now())
        messages.error(request, _("Your organization signs in through %(name)s only.") % {"name": binding.name})
        return HttpResponseRedirect(reverse("openid_connect_login", args=[binding.slug]))

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        records = request.session.get("account_authentication_methods", [])
        for record in records:
            record.pop("email", None)  # the session needs no address
        if records and records[-1]["method"] == "socialaccount":
            slug = records[-1].get("provider")
            if providers.enabled().filter(slug=slug, checks_second_factor=True).exists():
                recent.note_factor(request)
        methods = [str(record.get("type") or record["method"]) for record in records]
        signing_in.note_succeeded(user, methods=methods, now=timezone.now())

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Add the provider for whom has neither password nor factor: they prove it there."""
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if not found and isinstance(user, User):
            rows = providers.enabled().filter(organization=user.organization_id).order_by("-enforced", "pk")
            found = [
                {
                    "id": "provider",
                    "description": row.name,
                    "url": reverse("openid_connect_login", args=[row.slug]),
                }
                for row in rows
            ]
        return found

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_inactive"))

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Say nothing of what the page shows anyway: that somebody is signed in, or out."""
        template = args[0] if args else kwargs.get("message_template")
        if template not in ("account/messages/logged_in.txt", "account/messages/logged_out.txt"):
            super().add_message(request, level, *args, **kwargs)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The outbox tells of changed passwords and factors, in the transaction of the change (signin/events.py)."""


def _how(request: HttpRequest, user: User) -> dict[str, Any]:
    """Return how somebody has just proven who they are, as the library notes it."""
    records = get_authentication_records(request, user)
    return dict(records[-1]) if records else {}


def _meant(credentials: dict[str, Any]) -> User | None:
    """Return whose address was given, if it is somebody's."""
    return User.objects.by_address(str(credentials.get("email") or ""))

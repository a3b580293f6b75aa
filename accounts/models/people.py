"""Who signs in: users, their memberships, their API tokens."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.enums import CLIENT_ROLES, VENDOR_ROLES, Language, Role
from accounts.rules import permissions

if TYPE_CHECKING:
    from accounts.models.organization import Organization


class UserManager(BaseUserManager["User"]):
    """Finds users by e-mail, whatever its case."""

    def by_address(self, email: str) -> "User | None":
        """Return whose address this is. Letters that only look alike in capitals are others.

        The database compares capitals, and those of a dotless i and of a long s are I and S: one person would have many
        addresses, and each a count of wrong passwords of its own; a provider could vouch for a lookalike.
        """
        alike = self.filter(email__iexact=email)
        return next((user for user in alike if user.email.lower() == email.lower()), None)

    def get_by_natural_key(self, username: str | None) -> "User":
        found = self.by_address(username or "")
        if found is None:
            raise self.model.DoesNotExist
        return found


class User(AbstractBaseUser):
    """A person who signs in: the vendor's staff, or a contact of a client."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.ENGLISH)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"))
    # Every session is bound to it: raising it ends them all.
    session_epoch = models.PositiveIntegerField(_("number of the sessions"), default=0, db_default=0)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Bind a session to the password and to ``session_epoch``: a change of either ends it at once."""
        value = f"{self.password}:{self.session_epoch}"
        return salted_hmac("accounts.User.session", value, secret=secret, algorithm="sha256").hexdigest()

    @cached_property
    def seats(self) -> tuple[tuple[int | None, str], ...]:
        """(organization, role) of each membership; read once per request, in a scope that sees them all."""
        return tuple(Membership.objects.filter(user=self).order_by("pk").values_list("organization_id", "role"))

    def read_seats(self) -> None:
        """Read the memberships now, while a scope is open that sees them."""
        self.__dict__.pop("seats", None)
        _ = self.seats

    @property
    def actor(self) -> str:
        """Who acts, for the trail."""
        return f"user:{self.public_id}"

    @property
    def works_for_vendor(self) -> bool:
        return any(organization is None for organization, _role in self.seats)

    @property
    def organization_id(self) -> int | None:
        """The client organization this user works in; empty on the vendor's side. A member has one at a time."""
        return None if self.works_for_vendor or not self.seats else self.seats[0][0]

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that count in the organization the user works in."""
        return tuple(role for organization, role in self.seats if organization == self.organization_id)

    @property
    def is_staff(self) -> bool:
        """Whether the site lets the user in at all. What is seen there goes by role and scope."""
        return self.is_active and bool(self.roles)

    # Where somebody who is being added will work: no password may be little more than its name.
    joining: "Organization | None" = None
    # Whether a role needs a second factor and there is none. Read as a session's user is (config/backends.py).
    lacks_factor = False
    is_superuser = False
    last_login = None  # signing in is an event of the trail, not a field

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and perm in permissions.allowed(self.roles)

    def has_perms(self, perm_list: list[str], obj: Any = None) -> bool:
        return all(self.has_perm(perm) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class Membership(models.Model):
    """A role of a user: on the vendor's side (no organization), or in a client organization."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    organization = models.ForeignKey(
        "accounts.Organization", models.PROTECT, related_name="memberships", null=True, blank=True
    )
    role = models.CharField(_("role"), max_length=32, choices=Role.choices)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organization", "role"], name="membership_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(organization__isnull=True, role__in=[str(role.value) for role in VENDOR_ROLES])
                | Q(organization__isnull=False, role__in=[str(role.value) for role in CLIENT_ROLES]),
                name="membership_role_on_its_side",
            ),
        ]

    def __str__(self) -> str:
        return self.get_role_display()


class ApiToken(models.Model):
    """A credential for programs: only a digest is kept. It holds no more than its permissions.

    A personal token acts for its user, and never exceeds what that user may do now. One without a user is an
    organization's own (or the vendor's): it outlives whoever issued it, and does nothing that a person must decide.
    Rotation makes the next token of the same ``series``; the one before opens until its own, shortened, expiry.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    series = models.UUIDField(_("series"), default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, blank=True)
    organization = models.ForeignKey("accounts.Organization", models.PROTECT, related_name="+", null=True, blank=True)
    name = models.CharField(_("name"), max_length=120)
    prefix = models.CharField(_("prefix"), max_length=12)
    digest = models.CharField(_("digest"), max_length=64, unique=True, help_text=_("SHA-256 of the token"))
    permissions = ArrayField(models.CharField(max_length=40), verbose_name=_("permissions"))
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"))
    rotated_at = models.DateTimeField(_("rotated at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        constraints = [
            models.CheckConstraint(
                condition=Q(created_at__lt=F("expires_at")), name="api_token_expires_after_creation"
            ),
            models.UniqueConstraint(
                fields=["series"], condition=Q(rotated_at__isnull=True), name="api_token_one_latest_of_a_series"
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False)
                | Q(permissions__contained_by=sorted(map(str, permissions.FOR_PROGRAMS))),
                name="api_token_of_a_program_decides_nothing",
            ),
            models.CheckConstraint(
                condition=Q(organization__isnull=True)
                | Q(permissions__contained_by=sorted(map(str, permissions.FOR_CLIENTS))),
                name="api_token_of_a_client_holds_a_clients_rights",
            ),
        ]

    def __str__(self) -> str:
        return self.prefix

    def usable(self, *, at: datetime) -> bool:
        """Say whether the token opens anything at the instant."""
        return self.revoked_at is None and at < self.expires_at

    @property
    def caller(self) -> "Caller":
        """Who calls with this token."""
        return Program(self) if self.user is None else self.user


@dataclass(frozen=True, slots=True)
class Program:
    """A program that calls with an organization's own token. It is no person: it signs, approves and requests nothing.

    It has what the interfaces ask of a :class:`User`. Over rotations it stays the same program.
    """

    token: ApiToken
    is_active: ClassVar[bool] = True
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    # It works somewhere, in the sense of :attr:`User.is_staff`.
    is_staff: ClassVar[bool] = True

    @property
    def public_id(self) -> uuid.UUID:
        return self.token.series

    @property
    def actor(self) -> str:
        """Who acts, for the trail."""
        return f"token:{self.public_id}"

    @property
    def works_for_vendor(self) -> bool:
        return self.organization_id is None

    @property
    def organization_id(self) -> int | None:
        return self.token.organization_id

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return perm in permissions.FOR_PROGRAMS and perm in self.token.permissions


type Caller = User | Program
